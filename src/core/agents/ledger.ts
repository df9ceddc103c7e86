import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What somebody says when a frame is appended. */
export interface Authorship {
  /** Which frame this is; taken once in a spool. */
  readonly key: string;
  /** Who appends it, in words of ours. */
  readonly who: string;
  /** Milliseconds since 1970, by whoever appends it. */
  readonly at: number;
  /** SHA-256 of the frame with its end of line. */
  readonly frameDigest: string;
  /** SHA-256 of the request as it was shown, where the frame answers one; else nothing. */
  readonly requestDigest: string;
}

/** One line of a ledger. */
export interface LedgerEntry extends Authorship {
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  /** Whether it was sealed with the key of this account's windows. The agent can write a line, but not this. */
  readonly isSealed: boolean;
}

/** How an appended frame went: it was written, or somebody had been there before. */
export type Appended = { readonly isFirst: true } | { readonly isFirst: false; readonly by: LedgerEntry | undefined };

/** What came of a frame that was told the short way: `no` was not told. */
export type ToldShortly = { readonly said: 'written' | 'no' } | { readonly said: 'taken'; readonly line: string };

/** What is wrong with a spool that somebody else than we has written to. */
export type Tampering = 'output_changed' | 'ledger_changed' | 'unknown_frame' | 'unsealed_line';

/** How the agent's process is: `gone` is one whose end nobody noted, as when the devbox was suspended. */
export type AgentLife = 'running' | 'ended' | 'gone';

/** What a look at a spool brings. */
export interface SpoolLook {
  readonly life: AgentLife;
  readonly exitCode: number | undefined;
  /** Whether the agent was ended because it had said more than is kept. */
  readonly isCut: boolean;
  /** The next bytes of the agent's output. */
  readonly output: Buffer;
  /** New lines of the ledger. */
  readonly entries: readonly LedgerEntry[];
  /** Whether there is more to read at once. */
  readonly hasMore: boolean;
}

/** SHA-256 in hexadecimal. */
export function digestOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A text as one word of a ledger. */
export function wordOf(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** What only somebody with the windows' key can say of a frame in a spool. */
export function sealOf(sealKey: Uint8Array, spool: string, author: Authorship): string {
  const { key, who, at, frameDigest, requestDigest } = author;
  const said = JSON.stringify([spool, key, who, at, frameDigest, requestDigest]);
  return createHmac('sha256', sealKey).update(said).digest('hex');
}

/** A fresh name for a session's record; later ones are greater. Among any number of others, its window knows it. */
export function sessionName(nowMs: number, sealKey: Uint8Array): string {
  const fresh = `${nowMs.toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`;
  return `${fresh}${tagOf(fresh, sealKey)}`;
}

/** Whether a window with this key has made a name. */
export function isNameOfWindow(name: string, sealKey: Uint8Array): boolean {
  return tagOf(name.slice(0, -12), sealKey) === name.slice(-12);
}

function tagOf(fresh: string, sealKey: Uint8Array): string {
  return createHmac('sha256', sealKey).update(`name ${fresh}`).digest('hex').slice(0, 12);
}

/** Bytes of a line: no window writes so many. */
const longestLine = 64 * 1024;

/**
 * Whole lines of a ledger.
 *
 * @returns `read` is how many bytes are done with, `open` how many come again: a line without its end is none, but one that no
 * window writes is not waited for
 */
export function linesIn(bytes: Buffer): {
  readonly lines: readonly string[];
  readonly read: number;
  readonly open: number;
} {
  const end = bytes.lastIndexOf(10) + 1;
  const lines = bytes.toString('latin1').split('\n');
  const last = lines.pop() ?? '';
  return last.length > longestLine
    ? { lines: [...lines, last], read: bytes.length, open: 0 }
    : { lines, read: end, open: last.length };
}

/** A line of a ledger, or undefined for what nobody of us has written. */
export function entryOf(line: string, spool: string, sealKey: Uint8Array): LedgerEntry | undefined {
  const words = line.split('\t');
  const [number, key, who, at, offset, length, frameDigest, requestDigest, seal] = words;
  const numbers = [number, at, offset, length].map((text) =>
    /^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined,
  );
  if (words.length !== 9 || numbers.includes(undefined)) return undefined;
  if (key === undefined || who === undefined || frameDigest === undefined || requestDigest === undefined) {
    return undefined;
  }
  const author = { key: textOf(key), who: textOf(who), at: numbers[1] ?? 0, frameDigest, requestDigest };
  const [ours, theirs] = [Buffer.from(sealOf(sealKey, spool, author)), Buffer.from(seal ?? '')];
  return {
    ...author,
    number: numbers[0] ?? 0,
    offset: numbers[2] ?? 0,
    length: numbers[3] ?? 0,
    isSealed: ours.length === theirs.length && timingSafeEqual(ours, theirs),
  };
}

function textOf(word: string): string {
  return Buffer.from(word, 'base64url').toString();
}
