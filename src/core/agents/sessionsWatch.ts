import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandOpener } from '../channel/devboxCommands';
import { linkSignals } from '../../ground/deadline';
import { isTransient } from '../errors';
import { sessionsFolder } from './agentInstallation';

/** Seconds that a process in the devbox watches: one that nobody can end any more ends by itself. */
const watchSeconds = 110;
/** Milliseconds until the next one is started after a failure, growing. */
const againMs = [1_000, 60_000] as const;

/** Prints a line when the records of sessions have changed, and when there is a new one; at its beginning, too. */
const watchScript = `cd ~/${sessionsFolder} 2>/dev/null || { echo n; sleep 2; exit 0; }
exec 5< <(exec sleep ${watchSeconds + 10} 2>/dev/null 4<&-); never=$!
last=; known=; SECONDS=0
while [ "$SECONDS" -lt ${watchSeconds} ]; do
  set -- */pid
  [ "$*" = "$known" ] || { known=$*; echo n; }
  now=$(stat -c '%n %s' */out */ledger */ended 2>/dev/null)
  [ "$now" = "$last" ] || { last=$now; echo c; }
  # A wait that costs no process: nothing ever comes from there.
  read -rt 0.05 -u 5 || [ $? -gt 128 ] || sleep 0.1
done
kill "$never"`;

export interface SessionsWatchContext {
  readonly commands: CommandOpener;
  /** @throws RuntimeError unless the devbox runs */
  readonly requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>;
  /** @param isNew whether there may be a record that was not there before */
  readonly onChange: (isNew: boolean) => void;
  /** The devbox does not run: nothing is watched until that is wanted again. */
  readonly onStopped: () => void;
  readonly onFailure: (error: unknown) => void;
  /** Ends with the account. */
  readonly signal: AbortSignal;
}

/** Tells when something happens in the sessions of one devbox, by one process in it, as long as that is wanted. */
export class SessionsWatch {
  readonly #context: SessionsWatchContext;
  #running: AbortController | undefined;

  constructor(context: SessionsWatchContext) {
    this.#context = context;
  }

  /** Whether somebody wants to know from now on. */
  want(isWanted: boolean): void {
    if (!isWanted) {
      this.#running?.abort();
      this.#running = undefined;
      return;
    }
    if (this.#running !== undefined || this.#context.signal.aborted) return;
    const running = new AbortController();
    this.#running = running;
    const either = linkSignals(running.signal, this.#context.signal);
    this.#run(either.signal).catch(this.#context.onFailure).finally(either.dispose);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { requireRunning, onFailure, onStopped } = this.#context;
    const isOver = (): boolean => signal.aborted;
    let waitMs: number = againMs[0];
    let isDoubtful = false;
    while (!isOver()) {
      const beganMs = performance.now();
      try {
        await requireRunning(signal, isDoubtful);
      } catch (error) {
        if (isOver()) return;
        if (!isTransient(error)) {
          this.#running = undefined;
          onStopped();
          return;
        }
      }
      try {
        await this.#watch(signal);
      } catch (error) {
        if (!isOver() && !isTransient(error) && isDoubtful) onFailure(error);
      }
      // It ended before its time.
      isDoubtful = performance.now() - beganMs < (watchSeconds - 1) * 1000;
      if (!isDoubtful) {
        waitMs = againMs[0];
        continue;
      }
      waitMs = Math.min(waitMs * 2, againMs[1]);
      await sleep(waitMs, undefined, { signal }).catch((error: unknown) => {
        if (!isOver()) throw error;
      });
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { commands, onChange, onFailure } = this.#context;
    const command = await commands.open(watchScript, { signal });
    try {
      for await (const lines of command.lines()) if (lines.length > 0) onChange(lines.includes('n'));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await command.end().catch(onFailure);
    }
  }
}
