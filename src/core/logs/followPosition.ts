import { ExecutionPositions } from './executionPositions';
import { logEntryIn, type LogEntry, type RawEntry } from '../platform/logEntry';

/** What can be said about completeness when a log is read again. */
export type PositionNotice =
  /** `missing` entries were lost; undefined: some may have been, and nothing tells how many. */
  | { readonly kind: 'gap'; readonly missing: number | undefined }
  /** The server's log began anew; what follows is its new beginning. */
  | { readonly kind: 'restarted' };

export type Taken = LogEntry | PositionNotice;

export function isNotice(taken: Taken): taken is PositionNotice {
  return 'kind' in taken;
}

/**
 * How far one reader has come in one log, and the proof of it: each source may be cut and read again from any place,
 * and every entry is handed on once, in order. Where the events carry ids these are the proof; otherwise the number of
 * entries is, checked by the first and the last entry that were seen.
 */
export class FollowPosition {
  #count = 0;
  #lastId: number | undefined;
  #head: LogEntry | undefined;
  #last: LogEntry | undefined;
  /** Entries with the time of the last one: they tell the place in a log that lost its beginning. */
  #tied: LogEntry[] = [];
  #place = 0;
  #mode: 'begin' | 'count' | 'time' | 'live' = 'begin';
  #unmatched: LogEntry[] = [];
  /** How far it has come with executions that are read by themselves. */
  readonly executions = new ExecutionPositions();
  /** What the server called the log when its list was read last. */
  etag: string | undefined;

  /** Entries handed on so far. */
  get count(): number {
    return this.#count;
  }

  /** The id of the last entry, if its source numbers them. */
  get lastId(): number | undefined {
    return this.#lastId;
  }

  /** A source is about to be read again, from wherever it likes to begin. */
  begin(): void {
    this.#place = 0;
    this.#mode = this.#count === 0 ? 'live' : 'begin';
    this.#unmatched = [...this.#tied];
  }

  /** The new ones among entries that a source gave, and what is to be said between them. */
  take(raw: readonly RawEntry[]): Taken[] {
    const taken: Taken[] = [];
    for (const entry of raw) {
      if (entry.id !== undefined && (this.#lastId !== undefined || this.#count === 0)) {
        this.#byId(entry, entry.id, taken);
      } else {
        this.#byCount(entry, taken);
      }
    }
    return taken;
  }

  /** A whole list came to its end: says so if it was shorter than what was seen before. */
  finish(): Taken[] {
    if (this.#mode !== 'count' && !(this.#mode === 'begin' && this.#count > 0)) return [];
    this.#count = this.#place;
    return [{ kind: 'gap', missing: undefined }];
  }

  #byId(raw: RawEntry, id: number, taken: Taken[]): void {
    const last = this.#lastId ?? 0;
    if (id <= last) {
      if (id !== 1) return;
      const entry = logEntryIn(raw.json);
      if (this.#head === undefined || same(entry, this.#head)) return;
      this.#count = 0;
      this.#head = undefined;
      taken.push({ kind: 'restarted' });
      this.#deliver(entry, 1, taken);
      return;
    }
    if (id > last + 1) taken.push({ kind: 'gap', missing: id - last - 1 });
    this.#deliver(logEntryIn(raw.json), id, taken);
  }

  #byCount(raw: RawEntry, taken: Taken[]): void {
    this.#place += 1;
    if (this.#mode === 'live') {
      this.#deliver(logEntryIn(raw.json), undefined, taken);
      return;
    }
    if (this.#mode === 'begin') {
      this.#mode = this.#head !== undefined && same(logEntryIn(raw.json), this.#head) ? 'count' : 'time';
    }
    if (this.#mode === 'time') {
      this.#byTime(logEntryIn(raw.json), taken);
    } else if (this.#place === this.#count) {
      this.#mode = 'live';
      if (this.#last === undefined || !same(logEntryIn(raw.json), this.#last)) {
        taken.push({ kind: 'gap', missing: undefined });
      }
    }
  }

  /** The log has lost its beginning since: its entries' times and texts tell where we were. */
  #byTime(entry: LogEntry, taken: Taken[]): void {
    const lastTime = this.#last?.timestampMs;
    const time = entry.timestampMs;
    if (lastTime !== undefined && time !== undefined && time < lastTime) return;
    const known = this.#unmatched.findIndex((other) => same(other, entry));
    if (time === lastTime && known !== -1) {
      this.#unmatched.splice(known, 1);
      if (this.#unmatched.length === 0) this.#mode = 'live';
      return;
    }
    // Something newer although not everything of the last moment was seen again: what lay between is unknown.
    taken.push({ kind: 'gap', missing: undefined });
    this.#mode = 'live';
    this.#deliver(entry, undefined, taken);
  }

  #deliver(entry: LogEntry, id: number | undefined, taken: Taken[]): void {
    this.#count += 1;
    this.#lastId = id;
    this.#head ??= entry;
    if (this.#last?.timestampMs !== entry.timestampMs || this.#tied.length > 1000) this.#tied = [];
    this.#tied.push(entry);
    this.#last = entry;
    taken.push(entry);
  }
}

function same(one: LogEntry, other: LogEntry): boolean {
  return (
    one.timestampMs === other.timestampMs &&
    one.text === other.text &&
    one.source === other.source &&
    one.level === other.level
  );
}
