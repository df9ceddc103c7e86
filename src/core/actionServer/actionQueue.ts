import { cancelled, endedBy, RuntimeError } from '../errors';
import { devboxProblem } from '../problems/devbox';

/** How an action waits in the queue. */
export interface QueuedAction<T> {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the answer is not waited for any more; the work goes on. */
  readonly waitMs?: number;
  /** Told when the work ends after all. */
  readonly onLate?: (value: T) => void;
}

/**
 * One action at a time, in order. The server has no way to interrupt an action: whoever stops waiting leaves it
 * running, and until it ends everything else is refused instead of hanging behind it (D17).
 */
export class ActionQueue {
  readonly #devboxId: string | undefined;
  readonly #closing = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #left = 0;

  constructor(devboxId: string | undefined) {
    this.#devboxId = devboxId;
  }

  /** True while work goes on that nobody waits for. */
  get busy(): boolean {
    return this.#left > 0;
  }

  /**
   * Does `work` when its turn comes.
   *
   * @param work gets a signal that ends only with the queue
   * @throws RuntimeError `action_timeout`, `shell_busy`, `cancelled`, `closed`, or what `work` throws
   */
  async take<T>(work: (signal: AbortSignal) => Promise<T>, queued: QueuedAction<T>): Promise<T> {
    this.#refuse();
    const before = this.#last;
    let release = (): void => undefined;
    this.#last = new Promise<void>((resolve) => (release = resolve));
    try {
      await this.#turn(before, queued.signal);
      this.#refuse();
      return await this.#wait(work(this.#closing.signal), queued);
    } finally {
      // One that was given up before its turn does not let those behind it pass those before.
      void before.then(release);
    }
  }

  /** Waits for a turn; a cancellation ends the wait at once, and so does the end of the queue. */
  async #turn(before: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
    const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    for (const end of ends) end.addEventListener('abort', stop, { once: true });
    if (!ends.some(({ aborted }) => aborted)) await Promise.race([before, stopped]);
    for (const end of ends) end.removeEventListener('abort', stop);
    if (signal?.aborted === true) throw endedBy(signal, this.#devboxId);
  }

  dispose(): void {
    this.#closing.abort();
  }

  #refuse(): void {
    if (this.#closing.signal.aborted) {
      throw new RuntimeError({ problem: devboxProblem('connection_closed'), devboxId: this.#devboxId });
    }
    if (!this.busy) return;
    throw new RuntimeError({ problem: devboxProblem('shell_busy'), devboxId: this.#devboxId });
  }

  async #wait<T>(working: Promise<T>, queued: QueuedAction<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => undefined;
    const { signal } = queued;
    const leaving = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal === undefined ? cancelled(this.#devboxId) : endedBy(signal, this.#devboxId));
      signal?.addEventListener('abort', onAbort, { once: true });
      if (queued.waitMs !== undefined) {
        timer = setTimeout(() => reject(this.#timedOut(queued.waitMs ?? 0)), queued.waitMs);
      }
    });
    const progress = { settled: false };
    const done = working.finally(() => (progress.settled = true));
    try {
      return await Promise.race([done, leaving]);
    } catch (error) {
      if (!progress.settled && !this.#closing.signal.aborted) this.#leave(done, queued);
      throw error;
    } finally {
      clearTimeout(timer);
      queued.signal?.removeEventListener('abort', onAbort);
    }
  }

  #leave<T>(working: Promise<T>, queued: QueuedAction<T>): void {
    this.#left += 1;
    working.then(
      (value) => {
        this.#left -= 1;
        queued.onLate?.(value);
      },
      // Broken off or refused: whoever asked has been told that it timed out.
      () => (this.#left -= 1),
    );
  }

  #timedOut(waitMs: number): RuntimeError {
    return new RuntimeError({
      problem: devboxProblem('action_too_long', { seconds: Math.round(waitMs / 1000) }),
      devboxId: this.#devboxId,
    });
  }
}
