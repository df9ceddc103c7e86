import type { LogEntry } from '../platform/logEntry';
import { redactShapes } from '../redactShapes';
import type { LineRedactor } from '../secrets/lineRedactor';
import { beginsRecord, shownLine, type LineLevel } from './serverLine';

/** Lines that belong together, as one message of a viewer. */
export interface LineGroup {
  readonly level: LineLevel;
  readonly source: string;
  /** Unix milliseconds of the first line. */
  readonly timestampMs: number | undefined;
  /** The lines, redacted and made safe, joined by newlines. */
  readonly text: string;
}

/** Lines in one group at most: nobody waits for more than these. */
const mostLines = 50;
/** Lines of one source that come within this time after a record's first one belong to it, in milliseconds. */
const sameWriteMs = 20;

interface Open {
  readonly first: LogEntry;
  readonly level: LineLevel;
  readonly isRecord: boolean;
  readonly lines: string[];
}

/**
 * Keeps multi-line messages and tracebacks together (action server's contract §11: what does not begin a record
 * continues the one before). The last group stays open until more comes or `flush` is called.
 */
export class LineGroups {
  readonly #redactor: LineRedactor;
  #open: Open | undefined;
  #insideTrace = false;

  constructor(redactor: LineRedactor) {
    this.#redactor = redactor;
  }

  /** The groups that are complete with these entries. */
  take(entries: readonly LogEntry[]): LineGroup[] {
    const groups: LineGroup[] = [];
    for (const entry of entries) {
      const { level, text } = shownLine(entry, (line) => this.#redacted(line, entry.source));
      const open = this.#open;
      if (open !== undefined && open.lines.length < mostLines && this.#continues(open, entry)) {
        open.lines.push(text);
        continue;
      }
      groups.push(...this.flush());
      this.#insideTrace = false;
      this.#open = { first: entry, level, isRecord: beginsRecord(entry.text), lines: [text] };
    }
    return groups;
  }

  /** What is open, if anything is: nothing more has come for a while. */
  flush(): LineGroup[] {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return [];
    const { first, level, lines } = open;
    // Once more as a whole, where lines came together: what is a secret may be told by two of them.
    const text = lines.length === 1 ? (lines[0] ?? '') : redactShapes(lines.join('\n'));
    return [{ level, source: first.source, timestampMs: first.timestampMs, text }];
  }

  #redacted(line: string, source: string): string {
    const { text, earlier } = this.#redactor.take(line, source);
    const open = this.#open;
    const last = open?.lines.at(-1);
    // What came before has not been shown yet, as a rule, when a secret turns out to have begun in it.
    if (earlier !== '' && last?.endsWith(earlier) === true && open?.first.source === source) {
      open.lines[open.lines.length - 1] = `${last.slice(0, -earlier.length)}[removed]`;
    }
    return text;
  }

  #continues(open: Open, entry: LogEntry): boolean {
    if (entry.source !== open.first.source || entry.exitCode !== undefined || beginsRecord(entry.text)) return false;
    const apart = (entry.timestampMs ?? 0) - (open.first.timestampMs ?? 0);
    // What might be another program's line must not be hidden with a record that few want to see.
    if (open.isRecord && open.level !== 'debug' && apart <= sameWriteMs) return true;
    if (/^Traceback \(most recent call last\):|^(?:During handling of|The above exception was)/.test(entry.text)) {
      this.#insideTrace = true;
      return open.isRecord;
    }
    if (/^\s+\S/.test(entry.text)) return true;
    // A traceback's last line is not indented: the exception itself.
    const ends =
      (this.#insideTrace || open.lines.some((line) => line.startsWith('Traceback '))) &&
      /^[\w.]+(?:Error|Exception|Exit|Interrupt|Warning)?(?::|$)/.test(entry.text);
    if (ends) this.#insideTrace = false;
    return ends;
  }
}
