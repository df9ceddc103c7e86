import pLimit from 'p-limit';
import { deadline } from '../../../ground/deadline';
import { isAborted, RuntimeError } from '../../errors';
import type { LogEntry } from '../../platform/logEntry';
import type { RunloopApi } from '../../platform/runloopApi';
import { retrying } from '../../http/retry';
import { readRule } from '../../http/retryRules';
import { readLog } from '../followDevbox';
import type { FollowEvent } from '../followEvent';
import type { LineGroup } from '../lineGroups';
import { pipeLines } from '../linePipeline';
import { recordText, TimeText } from '../recordText';
import type { LineLevel } from '../serverLine';
import { searchedCharacters } from './lineSearch';
import { TooSlow, type LineSearcher } from './lineSearcher';
import { platformProblem } from '../../problems/platform';

/** A line that fits, with its place. */
export interface LogMatch {
  /** Its number among the lines of the log, from 0. */
  readonly line: number;
  readonly level: LineLevel;
  /** The line as it is shown, or what is around the match in a long one. */
  readonly text: string;
  /** Where in `text` the match is. */
  readonly start: number;
  readonly end: number;
}

/** What is told while logs are searched. */
export type LogSearchEvent = { readonly devboxId: string } & (
  | { readonly type: 'reading' }
  | { readonly type: 'matches'; readonly matches: readonly LogMatch[] }
  | {
      readonly type: 'done';
      /** Lines that were searched. */
      readonly lines: number;
      /** Lines of which only the beginning was searched. */
      readonly cutLines: number;
      /** True if there were so many matches that the rest of the log was not searched. */
      readonly isLimited: boolean;
    }
  /** The pattern took too long on this line; this devbox's log was searched as far as that. */
  | { readonly type: 'tooSlow'; readonly line: number }
  | { readonly type: 'failed'; readonly error: unknown }
);

export interface LogSearchOptions {
  readonly searcher: LineSearcher;
  readonly signal: AbortSignal;
  /** Values known to be secret in the log of a devbox. */
  readonly secretsOf: (devboxId: string) => Promise<readonly string[]>;
  readonly onEvent: (event: LogSearchEvent) => void;
}

/** Logs that are read at the same time. */
const readsAtOnce = 5;
/** Matches per devbox. */
export const mostMatches = 1_000;
const batchLines = 2_000;
const batchCharacters = 1 << 20;
/** Milliseconds for one devbox. */
const deadlineMs = 10 * 60_000;
/** Characters of a long line before its match, and in all, that are told. */
const excerptBefore = 60;
const excerptLength = 400;

/**
 * Looks for a pattern in the logs of devboxes, as they are now, redacted. A devbox whose log cannot be read is told of
 * and does not stop the others. Resolves when all are done or the signal is aborted.
 */
export async function searchLogs(
  api: RunloopApi,
  devboxIds: readonly string[],
  options: LogSearchOptions,
): Promise<void> {
  // Waiting for a slow expression ends with the search.
  const stop = (): void => options.searcher.close();
  options.signal.addEventListener('abort', stop);
  try {
    await pLimit(readsAtOnce).map(devboxIds, async (id) => {
      if (!isAborted(options.signal)) await searchOne(api, id, options);
    });
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}

async function searchOne(api: RunloopApi, devboxId: string, options: LogSearchOptions): Promise<void> {
  const { onEvent, signal, searcher, secretsOf } = options;
  onEvent({ type: 'reading', devboxId });
  const limited = deadline(deadlineMs, signal);
  try {
    const lines = new SearchedLines(searcher, (matches) => onEvent({ type: 'matches', devboxId, matches }));
    await pipeLines(wholeLog(api, devboxId, limited), {
      secrets: { known: () => secretsOf(devboxId) },
      show: async (groups) => {
        if (!lines.isFull) await lines.add(groups);
      },
      isEnough: () => lines.isFull,
      isWhole: true,
    });
    await lines.search();
    onEvent({ type: 'done', devboxId, lines: lines.count, cutLines: lines.cutLines, isLimited: lines.isFull });
  } catch (error) {
    if (isAborted(signal)) return;
    if (error instanceof TooSlow) onEvent({ type: 'tooSlow', devboxId, line: error.index });
    else onEvent({ type: 'failed', devboxId, error: isAborted(limited) ? tookTooLong(devboxId, error) : error });
  }
}

function tookTooLong(devboxId: string, cause: unknown): RuntimeError {
  return new RuntimeError({
    problem: platformProblem('log_too_long', { minutes: deadlineMs / 60_000 }),
    devboxId,
    cause,
  });
}

/** All entries of a log. A cut or a refusal that passes is not the end: it is read again, and what came is skipped. */
async function* wholeLog(api: RunloopApi, devboxId: string, signal: AbortSignal): AsyncGenerator<FollowEvent> {
  let seen = 0;
  let reading: AsyncGenerator<readonly LogEntry[]> | undefined;
  let skip = 0;
  const next = async (): Promise<readonly LogEntry[] | undefined> =>
    retrying(
      async () => {
        if (reading === undefined) {
          reading = readLog(api, devboxId, signal);
          skip = seen;
        }
        try {
          const batch = await reading.next();
          return batch.done === true ? undefined : batch.value;
        } catch (error) {
          reading = undefined;
          throw error;
        }
      },
      { rule: readRule, signal },
    );
  try {
    for (let batch = await next(); batch !== undefined; batch = await next()) {
      const fresh = skip >= batch.length ? [] : batch.slice(skip);
      skip -= batch.length - fresh.length;
      seen += fresh.length;
      if (fresh.length > 0) yield { type: 'lines', lines: fresh };
    }
  } finally {
    await reading?.return(undefined);
  }
}

/** Lines on their way to the searcher, in batches. */
class SearchedLines {
  readonly #searcher: LineSearcher;
  readonly #onMatches: (matches: readonly LogMatch[]) => void;
  #lines: string[] = [];
  #levels: LineLevel[] = [];
  #characters = 0;
  readonly #time = new TimeText();
  #first = 0;
  #found = 0;
  cutLines = 0;

  constructor(searcher: LineSearcher, onMatches: (matches: readonly LogMatch[]) => void) {
    this.#searcher = searcher;
    this.#onMatches = onMatches;
  }

  /** Lines so far. */
  get count(): number {
    return this.#first + this.#lines.length;
  }

  /** True when there have been as many matches as are shown. */
  get isFull(): boolean {
    return this.#found >= mostMatches;
  }

  async add(records: readonly LineGroup[]): Promise<void> {
    for (const record of records) {
      for (const line of recordText(record, this.#time).slice(0, -1).split('\n')) {
        this.#lines.push(line);
        this.#levels.push(record.level);
        this.#characters += line.length;
        if (line.length > searchedCharacters) this.cutLines += 1;
      }
      if (this.#lines.length >= batchLines || this.#characters >= batchCharacters) await this.search();
      if (this.isFull) return;
    }
  }

  async search(): Promise<void> {
    const lines = this.#lines;
    const levels = this.#levels;
    const first = this.#first;
    this.#lines = [];
    this.#levels = [];
    this.#characters = 0;
    this.#first += lines.length;
    if (lines.length === 0 || this.isFull) return;
    // What is beyond the searched part need not travel.
    const found = await this.#searcher
      .find(lines.map((line) => line.slice(0, searchedCharacters)))
      .catch((error: unknown) => {
        throw error instanceof TooSlow ? new TooSlow(first + error.index) : error;
      });
    const matches = found.slice(0, mostMatches - this.#found).map(({ index, start, end }) => ({
      line: first + index,
      level: levels[index] ?? 'info',
      ...excerpt(lines[index] ?? '', start, end),
    }));
    this.#found += matches.length;
    if (matches.length > 0) this.#onMatches(matches);
  }
}

/** What is shown of a line: all of it, or in a long one what is around the match. */
export function excerpt(
  line: string,
  start: number,
  end: number,
): { readonly text: string; readonly start: number; readonly end: number } {
  if (line.length <= excerptLength) return { text: line, start, end };
  const from = Math.max(0, Math.min(start - excerptBefore, line.length - excerptLength));
  const before = from > 0 ? '…' : '';
  const after = from + excerptLength < line.length ? '…' : '';
  const text = `${before}${line.slice(from, from + excerptLength)}${after}`;
  const shift = before.length - from;
  return { text, start: start + shift, end: Math.min(end + shift, text.length - after.length) };
}
