import type { LogEntry } from '../platform/logEntry';

/** Lines that streams brought and whose texts are kept until the list shows them; beyond, they are counted. */
const mostKept = 20_000;
/** How far the list may be ahead of a line's place and still be known by the line's text. */
const mostSearched = 200;

/**
 * What the list tells of one execution, held against what its streams bring: the list alone knows that they are kept back.
 * Both tell each line once, at different times.
 */
export class ListedLines {
  /** By how often streams brought a text that the list has not shown yet. */
  readonly #ahead = new Map<string, number>();
  #aheadKept = 0;
  #aheadCounted = 0;
  #waiting: LogEntry[] = [];
  #first = 0;
  #listedLength = 0;
  #streamedLength = 0;

  /** What the list has and no stream has brought, in the list's order. */
  get waiting(): readonly LogEntry[] {
    return this.#waiting.slice(this.#first);
  }

  /** Whether the list has more than all that was streamed. Lines may be cut in another way there: it goes by their length. */
  get hasMore(): boolean {
    return this.#first < this.#waiting.length && this.#listedLength > this.#streamedLength;
  }

  /** The list has shown this and the streams were not there yet: they will bring it again. */
  shown(entry: LogEntry): void {
    this.#listedLength += entry.text.length;
  }

  listed(entry: LogEntry): void {
    this.#listedLength += entry.text.length;
    const ahead = this.#ahead.get(entry.text);
    if (ahead !== undefined) {
      this.#aheadKept -= 1;
      if (ahead > 1) this.#ahead.set(entry.text, ahead - 1);
      else this.#ahead.delete(entry.text);
    } else if (this.#aheadCounted > 0) {
      this.#aheadCounted -= 1;
    } else {
      this.#waiting.push(entry);
    }
  }

  /** Characters have come by a stream, ends of lines not counted. */
  arrived(length: number): void {
    this.#streamedLength += length;
  }

  /** A whole line has come by a stream, which the list had not shown before. */
  streamed(text: string): void {
    const end = Math.min(this.#waiting.length, this.#first + mostSearched);
    for (let at = this.#first; at < end; at += 1) {
      if (this.#waiting[at]?.text !== text) continue;
      if (at === this.#first) this.#first += 1;
      else this.#waiting.splice(at, 1);
      this.#trim();
      return;
    }
    if (this.#aheadKept >= mostKept) {
      this.#aheadCounted += 1;
      return;
    }
    this.#aheadKept += 1;
    this.#ahead.set(text, (this.#ahead.get(text) ?? 0) + 1);
  }

  #trim(): void {
    if (this.#first < mostSearched && this.#first < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }
}
