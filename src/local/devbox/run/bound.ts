import { DevboxError } from '../../errors';
import type { SandboxProcess } from '../../sandbox/sandbox';

/** How long something that the platform does to a devbox's files may take without a client that takes its time, in ms. */
const longest = 60_000;

/** Holds a process that the platform starts in a devbox to a time, and to whom it is done for. */
export class Bound {
  readonly #process: SandboxProcess;
  readonly #client: AbortSignal | undefined;
  readonly #end = (): void => this.#kill(new DevboxError('failed', 'Whom this was done for has gone.'));
  readonly #limit: number;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #fail: (error: Error) => void = () => undefined;
  readonly #failed: Promise<never>;

  /** @param limit milliseconds in which it must be over, unless its client takes its time */
  constructor(process: SandboxProcess, client?: AbortSignal, limit = longest) {
    this.#limit = limit;
    this.#process = process;
    this.#client = client;
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    // Whoever waits is told; without one there is nobody to tell.
    this.#failed.catch(() => undefined);
    client?.addEventListener('abort', this.#end);
    this.restart();
    if (client?.aborted === true) {
      this.#end();
    }
  }

  /** What comes of `work`, unless the time is over before. */
  within<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failed]);
  }

  /** Gives it its time anew. */
  restart(): void {
    clearTimeout(this.#timer);
    if (!this.#isOver) {
      this.#timer = setTimeout(
        () =>
          this.#kill(
            new DevboxError('failed', `The devbox's files did not answer within ${this.#limit / 1_000} seconds.`),
          ),
        this.#limit,
      );
    }
  }

  /** From now on it takes as long as its client takes. */
  endsWithClientOnly(): void {
    clearTimeout(this.#timer);
  }

  /** It has ended. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#client?.removeEventListener('abort', this.#end);
  }

  #kill(error: Error): void {
    this.#isOver = true;
    this.dispose();
    this.#process.kill('SIGKILL', 'group');
    this.#fail(error);
    // What it has started may hold its output for ever.
    this.#process.stdin?.destroy();
    this.#process.stdout.destroy();
    this.#process.stderr.destroy();
  }
}
