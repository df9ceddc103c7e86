import type { LineGroup } from './lineGroups';
import { lineLevels, showEverything, type LogFilter } from './logFilter';
import { recordText, sourceName, TimeText } from './recordText';
import type { LineLevel } from './serverLine';

/** A piece of a log's text. */
export interface LogSlice {
  readonly text: string;
  readonly lines: number;
  /** The record that comes after it. */
  readonly next: number;
}

/** Records and characters in a block: hundreds of thousands of records are kept as hundreds of strings. */
const blockRecords = 512;
const blockCharacters = 1 << 20;
/** A record's kind is its source's number, then a bit that marks a notice, then two bits for its level. */
const noticeBit = 4;
const levelMask = 3;
const sourceShift = 3;
/** Sources beyond these share one name. */
const mostSources = 1000;

interface Block {
  readonly first: number;
  readonly text: string;
  /** Where each record ends in the text. */
  readonly ends: Uint32Array;
  readonly kinds: Uint16Array;
  readonly lines: Uint32Array;
}

/**
 * The records of one log, as text that is ready to be shown, packed so that a million of them is cheap to keep and to
 * filter. Records have numbers, from 0; they are only ever added.
 */
export class LogRecords {
  readonly #blocks: Block[] = [];
  readonly #sources: string[] = [];
  readonly #sourceCounts: number[] = [];
  readonly #levelCounts = new Map<LineLevel, number>();
  readonly #time = new TimeText();
  #texts: string[] = [];
  #kinds: number[] = [];
  #lines: number[] = [];
  #characters = 0;
  #sealed = 0;
  #lineCount = 0;

  /** How many records there are. */
  get count(): number {
    return this.#sealed + this.#texts.length;
  }

  /** How many lines they have. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** The sources that there are, with the number of their records, in the order of their first. */
  get sources(): readonly { readonly name: string; readonly count: number }[] {
    return this.#sources.map((name, index) => ({ name, count: this.#sourceCounts[index] ?? 0 }));
  }

  countOf(level: LineLevel): number {
    return this.#levelCounts.get(level) ?? 0;
  }

  add(groups: readonly LineGroup[]): void {
    for (const group of groups) {
      this.#levelCounts.set(group.level, this.countOf(group.level) + 1);
      this.#push(group, this.#sourceNumber(sourceName(group.source)) << sourceShift);
    }
  }

  /** Adds a remark of ours, which no filter hides. */
  addNotice(level: LineLevel, text: string, timestampMs: number): void {
    this.#push({ level, source: '', timestampMs, text }, noticeBit);
  }

  /**
   * The text of the records from `from` on that the filter shows: at least one of them, and no more than the limits
   * once there is one. Nothing in it is empty text, with `next` at the end.
   */
  read(from: number, filter: LogFilter, limits: { readonly lines: number; readonly characters: number }): LogSlice {
    const shows = this.#tester(filter);
    const parts: string[] = [];
    let [lines, characters, next] = [0, 0, from];
    for (const block of this.#from(from)) {
      for (let at = next - block.first; at < block.ends.length; at += 1) {
        if (shows(block.kinds[at] ?? 0)) {
          const start = at === 0 ? 0 : (block.ends[at - 1] ?? 0);
          const size = (block.ends[at] ?? 0) - start;
          const own = block.lines[at] ?? 0;
          if (parts.length > 0 && (lines + own > limits.lines || characters + size > limits.characters)) {
            return { text: parts.join(''), lines, next };
          }
          parts.push(block.text.slice(start, start + size));
          lines += own;
          characters += size;
        }
        next += 1;
      }
    }
    return { text: parts.join(''), lines, next };
  }

  /** How many lines the filter shows, of the records before `end` (all of them without it). */
  linesShown(filter: LogFilter, end = this.count): number {
    const shows = this.#tester(filter);
    let lines = 0;
    for (const block of this.#from(0)) {
      const stop = Math.min(block.ends.length, end - block.first);
      for (let at = 0; at < stop; at += 1) if (shows(block.kinds[at] ?? 0)) lines += block.lines[at] ?? 0;
    }
    return lines;
  }

  /** The record that a line belongs to, of the lines that the filter shows; the end if there are fewer lines. */
  recordAt(line: number, filter: LogFilter): number {
    const shows = this.#tester(filter);
    let before = 0;
    for (const block of this.#from(0)) {
      for (let at = 0; at < block.ends.length; at += 1) {
        if (!shows(block.kinds[at] ?? 0)) continue;
        before += block.lines[at] ?? 0;
        if (before > line) return block.first + at;
      }
    }
    return this.count;
  }

  /**
   * Where a line of the log stands when everything is shown.
   *
   * @param line its number among the lines of the log itself, from 0, our own remarks not counted
   * @returns undefined if the log has not that many lines yet
   */
  lineWithNotices(line: number): number | undefined {
    const shows = this.#tester(showEverything);
    let [own, all] = [0, 0];
    for (const block of this.#from(0)) {
      for (let at = 0; at < block.ends.length; at += 1) {
        const kind = block.kinds[at] ?? 0;
        const lines = block.lines[at] ?? 0;
        if (!shows(kind)) continue;
        if ((kind & noticeBit) === 0) {
          if (own + lines > line) return all + (line - own);
          own += lines;
        }
        all += lines;
      }
    }
    return undefined;
  }

  #push(group: LineGroup, kind: number): void {
    const text = recordText(group, this.#time);
    let lines = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
    this.#texts.push(text);
    this.#kinds.push(kind | lineLevels.indexOf(group.level));
    this.#lines.push(lines);
    this.#characters += text.length;
    this.#lineCount += lines;
    if (this.#texts.length < blockRecords && this.#characters < blockCharacters) return;
    this.#blocks.push(this.#open());
    this.#sealed += this.#texts.length;
    this.#texts = [];
    this.#kinds = [];
    this.#lines = [];
    this.#characters = 0;
  }

  #sourceNumber(name: string): number {
    let number = this.#sources.indexOf(name);
    if (number === -1) number = this.#sources.length < mostSources ? this.#sources.push(name) - 1 : mostSources - 1;
    this.#sourceCounts[number] = (this.#sourceCounts[number] ?? 0) + 1;
    return number;
  }

  /** The block that is being filled, as it is now. */
  #open(): Block {
    const ends = new Uint32Array(this.#texts.length);
    let end = 0;
    this.#texts.forEach((text, index) => (ends[index] = end += text.length));
    return {
      first: this.#sealed,
      text: this.#texts.join(''),
      ends,
      kinds: Uint16Array.from(this.#kinds),
      lines: Uint32Array.from(this.#lines),
    };
  }

  /** The blocks from the one that has this record. */
  *#from(record: number): Generator<Block> {
    for (const block of this.#blocks) if (block.first + block.ends.length > record) yield block;
    if (this.#texts.length > 0) yield this.#open();
  }

  #tester(filter: LogFilter): (kind: number) => boolean {
    const levels = lineLevels.map((level) => !filter.hiddenLevels.has(level));
    const sources = this.#sources.map((name) => !filter.hiddenSources.has(name));
    return (kind) =>
      (kind & noticeBit) !== 0 || (levels[kind & levelMask] === true && sources[kind >> sourceShift] === true);
  }
}
