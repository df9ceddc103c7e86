import type { Devbox } from '../platform/devbox';

/** Why a devbox may have been forgotten. */
export type ForgottenReason = 'old' | 'unbounded' | 'not_opened' | 'window_closed';

export interface ForgottenDevbox {
  readonly devbox: Devbox;
  /** At least one. */
  readonly reasons: readonly ForgottenReason[];
}

export interface ForgottenOptions {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Milliseconds after which a running devbox counts as old. */
  readonly oldMs: number;
  /** Devboxes that were started from this editor, and whether they were opened since. */
  readonly startedHere: ReadonlyMap<string, { readonly opened: boolean }>;
  /** Devboxes whose window was closed while they run: nobody has them before their eyes. */
  readonly ofClosedWindows?: ReadonlySet<string>;
}

/** Milliseconds after which a devbox that was started here and not opened is worth a question; before, somebody waits for it. */
const freshMs = 15 * 60_000;

/**
 * Running devboxes that somebody may have forgotten, the oldest first: older than the set age, without an end of their own
 * (neither a lifetime nor an idle rule), or started here a while ago and not opened since. One that is new and ends by
 * itself is none of them.
 */
export function findForgotten(devboxes: readonly Devbox[], options: ForgottenOptions): readonly ForgottenDevbox[] {
  return devboxes
    .filter(({ status }) => status === 'running')
    .map((devbox): ForgottenDevbox => {
      const ageMs = options.nowMs - (devbox.createTimeMs ?? options.nowMs);
      const reasons: ForgottenReason[] = [];
      if (ageMs >= options.oldMs) reasons.push('old');
      if (devbox.idleRule === undefined && devbox.keepAliveSeconds === undefined) reasons.push('unbounded');
      if (ageMs >= freshMs && options.startedHere.get(devbox.id)?.opened === false) reasons.push('not_opened');
      if (options.ofClosedWindows?.has(devbox.id) === true) reasons.push('window_closed');
      return { devbox, reasons };
    })
    .filter(({ reasons }) => reasons.length > 0)
    .sort((a, b) => (a.devbox.createTimeMs ?? 0) - (b.devbox.createTimeMs ?? 0));
}
