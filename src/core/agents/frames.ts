import { digestOf } from './ledger';
import { isTransient } from '../errors';
import { asObject, parseJson, type JsonObject } from '../parse';

/** The longest line that is taken for a frame. */
const longestFrame = 16 * 1024 * 1024;
/** How deep a frame may be nested: what goes through it elsewhere goes down as far. */
const mostLevels = 200;
/** How much is kept of a line that is none. */
export const mostNoise = 500;
const permissionMethod = 'session/request_permission';
/** Characters of an id that is answered. */
const longestId = 500;

export interface MessageFrame {
  readonly kind: 'message';
  readonly message: JsonObject;
  /** SHA-256 of its line. */
  readonly digest: string;
}

/**
 * One line of an agent's output: a frame, a line that is none, a request without an id that can be given back as it came, or with
 * one that was used before, or a line that was too long to keep.
 */
export type Frame =
  | MessageFrame
  | { readonly kind: 'noise' | 'unanswerable' | 'reused'; readonly text: string }
  | { readonly kind: 'cut'; readonly bytes: number };

interface Line {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  readonly isKept: boolean;
}

/** Makes lines of bytes that come in any pieces, also within a character. */
export class FrameReader {
  readonly #longest: number;
  #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(longest = longestFrame) {
    this.#longest = longest;
  }

  /** Bytes that are kept of the line that has no end yet. */
  get kept(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** Takes the next bytes. @returns the lines that are whole now, each read when it is asked for: megabytes may come at once */
  take(bytes: Uint8Array): Iterable<Frame> {
    return framesOf(this.lines(bytes));
  }

  /** The lines that are whole with these bytes. */
  lines(bytes: Uint8Array): readonly Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      this.#keep(bytes.subarray(from, end));
      lines.push(this.#ended());
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
    return lines;
  }

  #keep(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#length > this.#longest) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  #ended(): Line {
    const line = { pieces: this.#pieces, bytes: this.#length, isKept: this.#length <= this.#longest };
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}

/** Frames that came, taken in one after the other. */
export class FrameQueue {
  readonly #reader = new FrameReader();
  #came: Iterator<Frame, undefined> | undefined;
  #next: Frame | undefined;

  /** Adds the next bytes, when what came before them is taken in. */
  add(bytes: Uint8Array): void {
    this.#came = framesOf(this.#reader.lines(bytes));
  }

  /** @param take where it fails for now, the same frame comes again the next time */
  async takeAll(take: (frame: Frame) => Promise<void>): Promise<void> {
    for (;;) {
      this.#next ??= this.#came?.next().value;
      if (this.#next === undefined) return;
      const frame = this.#next;
      this.#next = undefined;
      try {
        await take(frame);
      } catch (error) {
        if (isTransient(error)) this.#next = frame;
        throw error;
      }
    }
  }
}

function* framesOf(lines: readonly Line[]): Generator<Frame, undefined> {
  for (const { pieces, bytes, isKept } of lines) {
    const line = Buffer.concat(pieces);
    const text = line.toString();
    if (!isKept) {
      yield { kind: 'cut', bytes };
    } else if (text.trim() !== '') {
      const message = asObject(parseJson(text));
      if (message === undefined || isDeeper(message, mostLevels)) {
        yield { kind: 'noise', text: text.slice(0, mostNoise) };
      } else if (wantsAnswer(message) && !isAnswerable(message['id'])) {
        yield { kind: 'unanswerable', text: text.slice(0, mostNoise) };
      } else {
        yield { kind: 'message', message, digest: digestOf(line) };
      }
    }
  }
  return undefined;
}

/** A permission is asked for in order to be given: without an id nobody can. */
function wantsAnswer(message: JsonObject): boolean {
  return 'method' in message && ('id' in message || message['method'] === permissionMethod);
}

/** A number that was rounded when it was read would be the id of another request. */
function isAnswerable(id: unknown): boolean {
  return Number.isSafeInteger(id) || (typeof id === 'string' && JSON.stringify(id).length <= longestId);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}
