import type { Devbox } from '../platform/devbox';

/** When the devbox entered a status for the last time; undefined if the API tells no such step, or no time of it. */
export function lastTimeOf(
  { transitions }: Pick<Devbox, 'transitions'>,
  ...statuses: readonly string[]
): number | undefined {
  return transitions.findLast(({ status }) => statuses.includes(status))?.timeMs;
}

/** Milliseconds for which the devbox ran last, from `running` to the step after it. */
export function lastRunMs({ transitions, endTimeMs }: Pick<Devbox, 'transitions' | 'endTimeMs'>): number | undefined {
  const index = transitions.findLastIndex(({ status }) => status === 'running');
  const began = transitions[index]?.timeMs;
  const ended = transitions[index + 1]?.timeMs ?? (index === transitions.length - 1 ? endTimeMs : undefined);
  return index < 0 || began === undefined || ended === undefined ? undefined : ended - began;
}
