import { RuntimeError } from '../errors';
import { asArray, asObject, parseJson } from '../parse';
import { unexpected } from './answers';
import type { RawEntry } from './logEntry';
import { platformProblem } from '../problems/platform';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Bytes of one entry at most: what a devbox prints must not fill the memory. */
const longestEntry = 32 << 20;
/** Bytes beside the entries that such an answer may have. */
const mostFrameBytes = 64 * 1024;

/**
 * Cuts the entries of the array in `{"logs":[…]}` out of bytes that come in pieces, without parsing them: most are of
 * the past and skipped. Also those that are no objects: nothing of a log is left out. What stands around them is kept, and must be such an answer: anything else is refused, as soon
 * as it shows.
 */
export class LogListScanner {
  readonly #devboxId: string;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** An entry that is not complete yet. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  /** The answer without what is in its list. */
  #frame = '';
  #isInLogs = false;
  /** An entry that is no object, and has begun. */
  #isBare = false;

  constructor(devboxId: string) {
    this.#devboxId = devboxId;
  }

  /** The entries that end in this piece. @throws RuntimeError `unexpected_answer` */
  take(piece: Buffer): RawEntry[] {
    const entries: RawEntry[] = [];
    let entryStart = this.#isInLogs && (this.#depth > 2 || this.#isBare) ? 0 : -1;
    const endBare = (at: number): void => {
      if (!this.#isBare) return;
      this.#isBare = false;
      entries.push({ id: undefined, json: this.#entry(piece.subarray(entryStart, at)) });
      entryStart = -1;
    };
    const beginBare = (at: number): void => {
      if (!this.#isBare) entryStart = at;
      this.#isBare = true;
    };
    let frameStart = this.#isInLogs ? -1 : 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
      } else if (byte === quote) {
        this.#inString = true;
        if (this.#isInLogs && this.#depth === 2) beginBare(at);
      } else if (byte === openBrace || byte === openBracket) {
        if (this.#isInLogs && this.#depth === 2) endBare(at);
        this.#depth += 1;
        if (this.#isInLogs) {
          if (this.#depth === 3) entryStart = at;
        } else if (byte === openBracket && this.#depth === 2) {
          this.#keep(piece.subarray(frameStart, at + 1));
          frameStart = at + 1;
          if (/^\s*\{(?:[^]*,)?\s*"logs"\s*:\s*\[$/.test(this.#frame)) {
            this.#isInLogs = true;
            frameStart = -1;
          }
        }
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth -= 1;
        if (this.#isInLogs && this.#depth === 2) {
          entries.push({ id: undefined, json: this.#entry(piece.subarray(entryStart, at + 1)) });
          entryStart = -1;
        } else if (this.#isInLogs && this.#depth === 1) {
          endBare(at);
          this.#isInLogs = false;
          frameStart = at;
        }
      } else if (this.#isInLogs && this.#depth === 2) {
        if (byte === comma || isBlank(byte)) endBare(at);
        else beginBare(at);
      }
    }
    if (entryStart >= 0) this.#keepBegun(piece.subarray(entryStart));
    if (frameStart >= 0) this.#keep(piece.subarray(frameStart));
    return entries;
  }

  /** The answer is over. @throws RuntimeError `unexpected_answer` if it was not whole, or none of this kind */
  end(): void {
    const logs = asObject(parseJson(this.#frame))?.['logs'];
    if (!Array.isArray(logs) || asArray(logs).length > 0) throw this.#refusal();
  }

  #entry(end: Buffer): Buffer {
    const entry = this.#begun.length === 0 ? end : Buffer.concat([...this.#begun, end]);
    this.#begun = [];
    this.#begunBytes = 0;
    return entry;
  }

  #keepBegun(part: Buffer): void {
    this.#begun.push(part);
    this.#begunBytes += part.length;
    if (this.#begunBytes > longestEntry) throw endless(this.#devboxId);
  }

  #keep(part: Buffer): void {
    this.#frame += part.toString('latin1');
    // What is no object from its first byte on is a page, or another server's answer.
    if (this.#frame.length > mostFrameBytes || !/^\s*(?:\{|$)/.test(this.#frame)) throw this.#refusal();
  }

  #refusal(): Error {
    return unexpected('a log', this.#devboxId);
  }
}

function endless(devboxId: string): RuntimeError {
  return new RuntimeError({
    problem: platformProblem('log_entry_too_large', { size: `${longestEntry >> 20} MiB` }),
    devboxId,
  });
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
