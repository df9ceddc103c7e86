import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandOpener, OpenCommand } from '../channel/devboxCommands';
import { linkSignals } from '../../ground/deadline';
import { isTransient } from '../errors';
import type { ToldShortly } from './ledger';
import { watchScript, watchSeconds } from './spoolScripts';

/** Milliseconds until the next one is started after a failure, growing. */
const againMs = [1_000, 60_000] as const;

/** Milliseconds in which a frame that was told the short way is acknowledged. */
const acknowledgeMs = 1_500;
/** How often it may not be: from then on everything goes the long way. */
const mostMissed = 2;

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

/**
 * Tells when something happens in the sessions of one devbox, by one process in it, as long as that is wanted. What is to be told
 * an agent may go by that process: it takes a fraction of the time that a new one does, and is a shortcut only.
 */
export class SessionsWatch {
  readonly #context: SessionsWatchContext;
  #running: AbortController | undefined;
  /** What takes frames now. */
  #open: OpenCommand | undefined;
  readonly #told = new Map<string, (came: ToldShortly | undefined) => void>();
  #count = 0;
  #missed = 0;

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

  /** @returns what came of it; undefined where nobody knows, or nothing was told */
  async tell(words: readonly string[], frame: string): Promise<ToldShortly | undefined> {
    const open = this.#open;
    if (open === undefined || this.#missed >= mostMissed || frame.includes('\t')) return undefined;
    const token = String((this.#count += 1));
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#missed += 1;
        this.#settle(token, undefined);
      }, acknowledgeMs);
      this.#told.set(token, (came) => {
        clearTimeout(timer);
        resolve(came);
      });
      open.tell(`${[token, ...words].join('|')}\t${frame}`).then(
        (isTaken) => {
          if (!isTaken) this.#settle(token, undefined);
        },
        // The long way says what is wrong, if it is still so.
        () => this.#settle(token, undefined),
      );
    });
  }

  #settle(token: string, came: ToldShortly | undefined): void {
    this.#told.get(token)?.(came);
    this.#told.delete(token);
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
    const command = await commands.open(watchScript, { signal, isFed: true });
    try {
      for await (const lines of command.lines()) {
        if (lines.includes('t')) this.#open = command;
        for (const line of lines) this.#acknowledge(line);
        if (lines.some((line) => line === 'n' || line === 'c')) onChange(lines.includes('n'));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#open = undefined;
      for (const token of this.#told.keys()) this.#settle(token, undefined);
      await command.end().catch(onFailure);
    }
  }

  #acknowledge(line: string): void {
    const [, token, said, first] = /^a (\d+) (written|taken|no)(?: (.+))?$/.exec(line) ?? [];
    if (token === undefined || said === undefined) return;
    const isTaken = said === 'taken';
    this.#settle(token, isTaken ? { said, line: first ?? '' } : { said: said === 'written' ? said : 'no' });
  }
}
