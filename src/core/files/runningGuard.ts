import { RuntimeError } from '../errors';
import { hasEnded, type Devbox } from '../platform/devbox';
import { devboxProblem } from '../problems/devbox';
import { filesProblem } from '../problems/files';
import { oneLine } from '../safeText';

/** Milliseconds that an answer about a devbox that does not run is believed. */
const believedMs = 2_000;

export interface GuardSources {
  /** The status as last known, without a request. */
  readonly known: () => string | undefined;
  /** Asks for the devbox, which wakes nothing. */
  readonly retrieve: (signal: AbortSignal) => Promise<Devbox>;
}

/**
 * Lets requests through to a devbox only while it runs, as any other might wake it. A status that is known to be running is
 * believed; any other is asked for, as it may be old.
 */
export function runningGuard(
  devboxId: string,
  { known, retrieve }: GuardSources,
): (signal: AbortSignal, isDoubtful: boolean) => Promise<void> {
  let asked: { readonly status: string; readonly untilMs: number } | undefined;
  return async (signal, isDoubtful) => {
    if (known() === 'running' && !isDoubtful) return;
    if (isDoubtful || asked === undefined || performance.now() > asked.untilMs) {
      const { status } = await retrieve(signal);
      asked = { status, untilMs: performance.now() + believedMs };
    }
    const { status } = asked;
    if (status === 'running') return;
    const problem =
      status === 'suspended'
        ? devboxProblem('suspended', { devbox: devboxId })
        : filesProblem(hasEnded(status) ? 'file_devbox_ended' : 'file_devbox_not_running', {
            status: oneLine(status, 40),
          });
    throw new RuntimeError({ problem, devboxId });
  };
}
