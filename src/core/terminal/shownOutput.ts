import { isTransient } from '../errors';
import { retrying } from '../http/retry';
import type { RetryRule } from '../http/retryRules';
import type { RunloopApi } from '../platform/runloopApi';
import type { FirstLine, Taken } from './firstLine';
import { placeIn, readRecording } from './recording';

/** What reads a recording may be cut off; reading it again changes nothing. */
const readRule: RetryRule = { tries: 4, delayMs: 250, factor: 3, maxDelayMs: 3_000, jitter: false };
/** Bytes at the beginning of an end that may belong to what is left out. */
const longestPart = 4_096;
/** Looks for where the live output goes on in the recording. */
const mostLooks = 3;

/** Bytes that wait for what comes before them at the most, before no more are taken. */
const mostHeld = 512 * 1024;

const keepCursor = '\u001b7';

/** What became of the output from the time when nobody was connected. */
export type Filled = 'all' | 'end' | 'nothing';

/**
 * What a terminal shows of its session, over several connections: without what sets a new shell up, with what was printed
 * while nobody was connected, as far as the devbox has recorded it; in characters, which the frames of a connection may split.
 */
export class ShownOutput {
  readonly #onOutput: (text: string, isReplay: boolean) => void;
  readonly #name: string;
  #decoder = new TextDecoder();
  #firstLine: FirstLine | undefined;
  /** Live output that waits for what comes before it. */
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  /** Bytes of the recording that were shown; undefined if nobody can tell. */
  #shown: number | undefined = 0;

  constructor(name: string, onOutput: (text: string, isReplay: boolean) => void) {
    this.#name = name;
    this.#onOutput = onOutput;
  }

  /** A new shell: nothing is shown of it until it has taken the line. */
  begin(line: FirstLine): FirstLine {
    this.#decoder = new TextDecoder();
    this.#held = undefined;
    this.#shown = undefined;
    return (this.#firstLine = line);
  }

  /** The line that the cursor is in, such as a prompt that comes once more. */
  eraseLine(): void {
    this.#onOutput('\r\u001b[K', false);
  }

  /** Whether a new shell has not taken its first line yet: nothing was shown of it. */
  get isBeginning(): boolean {
    return this.#firstLine !== undefined;
  }

  /** The shell of before: its output waits for {@link fill}. */
  hold(): void {
    this.#firstLine = undefined;
    this.#held = [];
    this.#heldBytes = 0;
  }

  /** Whether so much waits for what comes before it that no more is to be taken. */
  get isFull(): boolean {
    return this.#held !== undefined && this.#heldBytes >= mostHeld;
  }

  /** Output of the connection. */
  take(bytes: Buffer): void {
    if (this.#firstLine !== undefined) {
      const taken = this.#firstLine.take(bytes);
      if (taken !== undefined) this.#begun(taken);
    } else if (this.#held !== undefined) {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
    } else {
      this.#show(bytes);
    }
  }

  /** Whether it is still not known that the shell has taken this line. */
  isHeldBy(firstLine: FirstLine): boolean {
    return this.#firstLine === firstLine;
  }

  /** Shows what a shell has printed that does not take its first line. */
  giveUp(firstLine: FirstLine): void {
    if (this.#firstLine === firstLine) this.#begun(firstLine.giveUp());
  }

  /**
   * Shows what was printed since the last connection, then what has come of this one; of one that is lost meanwhile, nothing
   * before it is known what comes first: the next one begins where this one did.
   *
   * @throws RuntimeError after that
   */
  async fill(
    api: RunloopApi,
    {
      devboxId,
      isLost,
      signal,
    }: { readonly devboxId: string; readonly isLost: () => boolean; readonly signal: AbortSignal },
  ): Promise<Filled> {
    const from = this.#shown;
    this.#shown = undefined;
    try {
      for (let look = 0; look < mostLooks && from !== undefined; look += 1) {
        const live = Buffer.concat(this.#held ?? []);
        const read = () => readRecording(api, devboxId, { name: this.#name, from, signal });
        // What cuts the reading off cuts this connection as well, as a rule, and is told of it a moment later.
        const retryOn = (error: unknown): boolean => isTransient(error) && !isLost();
        const recorded = await retrying(read, { rule: readRule, signal, retryOn });
        if (recorded === undefined) return 'nothing';
        const { bytes, end, switched } = recorded;
        const begin = end - bytes.length;
        const now = Buffer.concat(this.#held ?? []);
        const at = now.length === 0 ? bytes.length : live.length === 0 ? undefined : placeIn(bytes, now, live.length);
        if (at === undefined) continue;
        const isAll = begin <= from;
        const missed = bytes.subarray(0, at);
        // A character that the cut has split goes on in what was missed.
        if (!isAll) this.#flush();
        // Leaving the other screen puts the cursor where it was kept last: here, where nobody had taken that screen.
        if (switched !== '') this.#onOutput(`${keepCursor}${switched}`, true);
        this.#decode(isAll ? missed : missed.subarray(wholeFrom(missed)), true);
        this.#shown = begin + at;
        return isAll ? 'all' : 'end';
      }
      return 'nothing';
    } finally {
      const rest = Buffer.concat(this.#held ?? []);
      this.#held = undefined;
      if (this.#shown === undefined && isLost()) {
        this.#shown = from;
      } else {
        if (this.#shown === undefined) this.#flush();
        this.#show(rest);
      }
    }
  }

  /** The shell has ended. @returns false if it did so before it had taken its first line */
  end(): boolean {
    const firstLine = this.#firstLine;
    if (firstLine !== undefined) this.#begun(firstLine.giveUp());
    this.#flush();
    return firstLine === undefined;
  }

  #begun({ rest, isRecorded }: Taken): void {
    this.#firstLine = undefined;
    this.#shown = isRecorded ? 0 : undefined;
    this.#show(rest);
  }

  #show(bytes: Buffer): void {
    if (this.#shown !== undefined) this.#shown += bytes.length;
    this.#decode(bytes, false);
  }

  #decode(bytes: Buffer, isReplay: boolean): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text !== '') this.#onOutput(text, isReplay);
  }

  #flush(): void {
    const text = this.#decoder.decode();
    if (text !== '') this.#onOutput(text, false);
  }
}

/** Where something begins that does not belong to what is left out: a line, a sequence, or at least a character. */
function wholeFrom(bytes: Buffer): number {
  const at = bytes.subarray(0, longestPart).findIndex((byte) => byte === 0x0a || byte === 0x1b);
  return at < 0
    ? Math.max(
        bytes.findIndex((byte) => (byte & 0xc0) !== 0x80),
        0,
      )
    : at;
}
