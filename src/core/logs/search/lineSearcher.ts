import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { cancelled, saidBy, RuntimeError } from '../../errors';
import type { LineMatch, SearchTask } from './lineSearch';
import type { LogPattern } from './logQuery';
import { platformProblem } from '../../problems/platform';

/** The pattern takes too long on a line: it would for ever, as far as anybody can tell. */
export class TooSlow extends Error {
  /** @param index which of the lines */
  constructor(readonly index: number) {
    super('The regular expression takes too long on a line.');
    this.name = 'TooSlow';
  }
}

/** Milliseconds that a batch of lines may take. */
const usualLimitMs = 5_000;

/**
 * Searches lines for one pattern in a thread of its own: a regular expression can take for ever, and then the thread
 * is ended and not the program. Batches are searched one after the other.
 */
export class LineSearcher {
  readonly #threadFile: string;
  readonly #pattern: LogPattern;
  readonly #limitMs: number;
  #worker: Worker | undefined;
  readonly #oneByOne = pLimit(1);
  #isClosed = false;
  #abandon: (() => void) | undefined;

  /** @param threadFile the program of the thread (`searchThread.ts`, built) */
  constructor(threadFile: string, pattern: LogPattern, limitMs = usualLimitMs) {
    this.#threadFile = threadFile;
    this.#pattern = pattern;
    this.#limitMs = limitMs;
  }

  /**
   * Finds the lines that fit.
   *
   * @throws TooSlow if it takes longer than the limit; RuntimeError `cancelled` after {@link close}
   */
  async find(lines: readonly string[]): Promise<readonly LineMatch[]> {
    return this.#oneByOne(() => this.#find(lines));
  }

  /** Ends the thread, whatever it is doing. */
  close(): void {
    this.#isClosed = true;
    this.#abandon?.();
    this.#end();
  }

  async #find(lines: readonly string[]): Promise<readonly LineMatch[]> {
    if (this.#isClosed) throw cancelled();
    const worker = (this.#worker ??= new Worker(this.#threadFile));
    const progress = new SharedArrayBuffer(4);
    const task: SearchTask = { pattern: this.#pattern, lines, progress };
    let timer: NodeJS.Timeout | undefined;
    let stopListening = (): void => undefined;
    try {
      return await new Promise<readonly LineMatch[]>((resolve, reject) => {
        timer = setTimeout(() => {
          this.#end();
          reject(new TooSlow(Atomics.load(new Int32Array(progress), 0)));
        }, this.#limitMs);
        this.#abandon = () => reject(cancelled());
        const failed = (why: unknown): void => {
          this.#end();
          reject(new RuntimeError({ problem: platformProblem('search_ended', { why: saidBy(why) }), cause: why }));
        };
        worker.on('message', resolve).on('error', failed).on('exit', failed);
        stopListening = () => void worker.off('message', resolve).off('error', failed).off('exit', failed);
        worker.postMessage(task);
      });
    } finally {
      clearTimeout(timer);
      stopListening();
      this.#abandon = undefined;
    }
  }

  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    // It is gone for us; that it takes a moment to go concerns nobody.
    worker?.terminate().catch(() => undefined);
  }
}
