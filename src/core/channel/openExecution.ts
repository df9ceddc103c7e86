import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../ground/deadline';
import { endedBy } from '../errors';
import { unexpected } from '../platform/answers';
import type { ExecutionId } from '../platform/executions';
import { StreamUnavailable } from '../platform/logRequest';
import type { RunloopApi } from '../platform/runloopApi';
import { endExecution } from '../platform/runCommand';
import { wholeOutput } from '../platform/wholeOutput';
import type { OpenCommand } from './devboxCommands';

/** Milliseconds that telling a command a line may take. */
const tellMs = 5_000;
/** Milliseconds between two looks where there is no stream. */
const lookMs = 1_000;
/** The longest line that is given; a longer one comes in pieces. */
const longestLine = 256 * 1024;

/** An execution that is followed by the stream of its output. */
export class OpenExecution implements OpenCommand {
  readonly #api: RunloopApi;
  readonly #of: ExecutionId;
  readonly #signal: AbortSignal;
  #hasEnded = false;

  constructor(api: RunloopApi, of: ExecutionId, signal: AbortSignal) {
    this.#api = api;
    this.#of = of;
    this.#signal = signal;
  }

  async *lines(): AsyncGenerator<readonly string[]> {
    let open = '';
    try {
      for await (const text of this.#texts()) {
        const parts = `${open}${text}`.split('\n');
        open = parts.pop() ?? '';
        while (open.length > longestLine) {
          parts.push(open.slice(0, longestLine));
          open = open.slice(longestLine);
        }
        if (parts.length > 0) yield parts;
      }
    } catch (error) {
      throw this.#signal.aborted ? endedBy(this.#signal, this.#of.devboxId) : error;
    }
    this.#hasEnded = true;
    if (open !== '') yield [open];
  }

  async tell(line: string): Promise<boolean> {
    return this.#api.executions.sendInput(this.#of, `${line}\n`, { signal: deadline(tellMs, this.#signal) });
  }

  async end(): Promise<void> {
    if (!this.#hasEnded) await endExecution(this.#api, this.#of);
  }

  async *#texts(): AsyncGenerator<string> {
    try {
      yield* wholeOutput(this.#api, this.#of, 'stdout', this.#signal);
    } catch (error) {
      if (!(error instanceof StreamUnavailable)) throw error;
      yield* this.#pollOutput();
    }
  }

  /** Where there are no streams: by looking at it. */
  async *#pollOutput(): AsyncGenerator<string> {
    for (let seen = 0; ;) {
      const call = { signal: this.#signal, lastLines: 100_000 };
      const { stdout, isCut, status } = await this.#api.executions.retrieve(this.#of, call);
      // The view holds only the end of the output then, so what is new in it cannot be told.
      if (isCut.stdout) throw unexpected('an execution', this.#of.devboxId);
      if (stdout.length > seen) yield stdout.slice(seen);
      seen = Math.max(seen, stdout.length);
      if (status === 'completed') return;
      await sleep(lookMs, undefined, { signal: this.#signal });
    }
  }
}
