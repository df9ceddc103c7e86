import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../ground/deadline';
import { endedBy, RuntimeError } from '../errors';
import { asBoolean, asObject, asString } from '../parse';
import { objectOf, unexpected } from '../platform/answers';
import { StreamUnavailable } from '../platform/logRequest';
import { devboxPath, type RunloopApi } from '../platform/runloopApi';
import { wholeOutput } from '../platform/wholeOutput';
import type { OpenCommand } from './devboxCommands';

/** Milliseconds that ending a command may take, and telling it a line. */
const endMs = 10_000;
const tellMs = 5_000;
/** Milliseconds between two looks where there is no stream. */
const lookMs = 1_000;
/** The longest line that is given; a longer one comes in pieces. */
const longestLine = 256 * 1024;

/** An execution that is followed by the stream of its output. */
export class OpenExecution implements OpenCommand {
  readonly #api: RunloopApi;
  readonly #devboxId: string;
  readonly #id: string;
  readonly #path: string;
  readonly #signal: AbortSignal;
  #hasEnded = false;

  constructor(
    api: RunloopApi,
    { devboxId, executionId, signal }: { devboxId: string; executionId: string; signal: AbortSignal },
  ) {
    this.#api = api;
    this.#devboxId = devboxId;
    this.#id = executionId;
    this.#path = `${devboxPath(devboxId)}/executions/${encodeURIComponent(executionId)}`;
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
      throw this.#signal.aborted ? endedBy(this.#signal, this.#devboxId) : error;
    }
    this.#hasEnded = true;
    if (open !== '') yield [open];
  }

  async tell(line: string): Promise<boolean> {
    const call = { signal: deadline(tellMs, this.#signal) };
    const body = { text: `${line}\n` };
    const said = await this.#api.change(
      `${this.#path}/send_std_in`,
      'waiting for a command',
      body,
      call,
      this.#devboxId,
    );
    return asBoolean(asObject(said)?.['success']) !== false;
  }

  async end(): Promise<void> {
    if (!this.#hasEnded) await endExecution(this.#api, this.#devboxId, this.#path);
  }

  async *#texts(): AsyncGenerator<string> {
    const of = { devboxId: this.#devboxId, executionId: this.#id, name: 'stdout' as const };
    try {
      yield* wholeOutput(this.#api, of, this.#signal);
    } catch (error) {
      if (!(error instanceof StreamUnavailable)) throw error;
      yield* this.#looked();
    }
  }

  /** Where there are no streams: by looking at it. */
  async *#looked(): AsyncGenerator<string> {
    for (let seen = 0; ;) {
      const call = { signal: this.#signal };
      const answer = await this.#api.read(`${this.#path}?last_n=100000`, 'waiting for a command', call);
      const view = objectOf(answer, 'an execution', this.#devboxId);
      const text = asString(view['stdout']) ?? '';
      // Only its end is told then, and nobody can tell what of it is new.
      if (asBoolean(view['stdout_truncated']) === true) throw unexpected('an execution', this.#devboxId);
      if (text.length > seen) yield text.slice(seen);
      seen = Math.max(seen, text.length);
      if (view['status'] === 'completed') return;
      await sleep(lookMs, undefined, { signal: this.#signal });
    }
  }
}

/** Ends an execution with all that it has started; harmless when it has ended. */
export async function endExecution(api: RunloopApi, devboxId: string, path: string): Promise<void> {
  const call = { signal: deadline(endMs) };
  try {
    await api.change(`${path}/kill`, 'ending a command', { kill_process_group: true }, call, devboxId);
  } catch (error) {
    // Whoever ends it is told of the cancellation, which is what was asked for; a devbox that is gone has no command.
    if (!RuntimeError.is(error)) throw error;
  }
}
