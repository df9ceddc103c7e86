import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';
import type { FollowEvent } from '../logs/followEvent';
import type { OutputName } from '../platform/executions';
import type { LogEntry } from '../platform/logEntry';
import { StreamUnavailable } from '../platform/logRequest';
import type { RunloopApi } from '../platform/runloopApi';
import { wholeOutput } from '../platform/wholeOutput';

export interface RunOutputOptions {
  readonly devboxId: string;
  readonly executionId: string;
  readonly signal: AbortSignal;
  /** Told of what is less than all of the output while it comes. */
  readonly onLess: (less: LessOutput) => void;
}

/** `late`: where there are no streams, all of it comes at the end. `cut`: of that, Runloop gives only the last part. */
export type LessOutput = 'late' | 'cut';

/** Milliseconds between two looks where there is no stream. */
const lookMs = 1_000;
/** Lines of each output that are asked for then. */
const mostLines = 100_000;
/** Events that may wait for the reader; then the streams wait. */
const mostWaiting = 64;
/** Characters that a line has at the most; a longer one comes in pieces. */
const longestLine = 64 * 1024;
/** Characters at the end of a piece within which a place is looked for that is not in the middle of a word. */
const longestWord = 4 * 1024;
const wordAtEnd = /[\w.+/=~-]*$/;

/**
 * What an execution prints, line by line, from both of its outputs, until it has ended.
 *
 * @throws RuntimeError if the platform refuses
 */
export async function* runOutput(api: RunloopApi, options: RunOutputOptions): AsyncGenerator<FollowEvent> {
  const stop = new AbortController();
  const either = linkSignals(options.signal, stop.signal);
  const waiting: FollowEvent[] = [];
  let wakeReader = (): void => undefined;
  let wakeWriters: (() => void)[] = [];
  const put = async (lines: readonly LogEntry[]): Promise<void> => {
    if (lines.length === 0) return;
    waiting.push({ type: 'lines', lines });
    wakeReader();
    if (waiting.length >= mostWaiting) await new Promise<void>((resolve) => wakeWriters.push(resolve));
  };
  const call = { ...options, signal: either.signal };
  const state = { isOver: false };
  const reading = Promise.all([readOne(api, call, 'stdout', put), readOne(api, call, 'stderr', put)])
    .catch(async (error: unknown) => {
      if (!(error instanceof StreamUnavailable)) throw error;
      await readWhole(api, call, put);
    })
    .finally(() => {
      state.isOver = true;
      wakeReader();
    });
  // Awaited below; this only keeps a failure in between from counting as unhandled.
  reading.catch(() => undefined);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      for (const wake of wakeWriters.splice(0)) wake();
      if (state.isOver && waiting.length === 0) break;
      await new Promise<void>((resolve) => (wakeReader = resolve));
    }
    await reading;
  } finally {
    stop.abort();
    for (const wake of wakeWriters.splice(0)) wake();
    wakeWriters = [];
    either.dispose();
  }
}

type Put = (lines: readonly LogEntry[]) => Promise<void>;

async function readOne(
  api: RunloopApi,
  { devboxId, executionId, signal }: RunOutputOptions,
  name: OutputName,
  put: Put,
): Promise<void> {
  const lines = new OutputLines(name);
  for await (const text of wholeOutput(api, { devboxId, executionId }, name, signal)) await put(lines.take(text));
  await put(lines.rest());
}

/** Where there are no streams: all of it at its end. */
async function readWhole(
  api: RunloopApi,
  { devboxId, executionId, signal, onLess }: RunOutputOptions,
  put: Put,
): Promise<void> {
  onLess('late');
  for (;;) {
    const call = { signal, lastLines: mostLines };
    const seen = await api.executions.retrieve({ devboxId, executionId }, call);
    if (seen.status === 'completed') {
      for (const name of ['stdout', 'stderr'] as const) {
        if (seen.isCut[name]) onLess('cut');
        const lines = new OutputLines(name);
        await put([...lines.take(seen[name]), ...lines.rest()]);
      }
      return;
    }
    await sleep(lookMs, undefined, { signal });
  }
}

/** The lines of one output that comes in pieces. */
class OutputLines {
  readonly #name: OutputName;
  #open = '';

  constructor(name: OutputName) {
    this.#name = name;
  }

  take(text: string): LogEntry[] {
    const parts = `${this.#open}${text}`.split('\n');
    this.#open = parts.pop() ?? '';
    while (this.#open.length > longestLine) {
      // What is a secret is seen as one only where it comes whole.
      const word = wordAtEnd.exec(this.#open.slice(longestLine - longestWord, longestLine))?.[0].length ?? 0;
      const length = longestLine - (word < longestWord ? word : 0);
      parts.push(this.#open.slice(0, length));
      this.#open = this.#open.slice(length);
    }
    return parts.map((line) => this.#entry(line));
  }

  rest(): LogEntry[] {
    const rest = this.#open;
    this.#open = '';
    return rest === '' ? [] : [this.#entry(rest)];
  }

  #entry(line: string): LogEntry {
    return { level: '', source: this.#name, timestampMs: undefined, text: line };
  }
}
