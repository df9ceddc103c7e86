import { MalformedOutput } from '../porcelain';

/** What is on one side of a change. */
export type SideContent =
  | { readonly kind: 'bytes' | 'link'; readonly bytes: Buffer }
  | { readonly kind: 'large'; readonly size: number }
  | { readonly kind: 'commit'; readonly id: string }
  | { readonly kind: 'missing' | 'special' | 'denied' };

/** A side that is asked for, as far as its reading depends on it. */
export interface WantedSide {
  readonly mode: string;
  readonly id: string;
  readonly isWork: boolean;
}

/** What was read of one of many sides: itself, or how it is to be read. */
export type ReadSide = SideContent | 'later' | 'alone';

/**
 * What `blobScript` or `workScript` has printed.
 *
 * @throws MalformedOutput for anything else
 */
export function sideIn(output: Buffer, side: WantedSide, most: number): SideContent {
  const end = output.indexOf(0);
  const word = output.toString('latin1', 0, Math.max(0, end));
  const bytes = output.subarray(end + 1);
  if (word === 'ok') return ofBytes(side, bytes, most);
  if (word === 'link') return { kind: 'link', bytes };
  const plain = ofWord(word);
  if (plain === undefined) throw new MalformedOutput(word);
  return plain;
}

/**
 * What `sidesScript` has printed.
 *
 * @param most bytes from which on a side is not read
 * @returns one for each side, not all of them `later`
 * @throws MalformedOutput for anything else
 */
export function sidesIn(output: Buffer, sides: readonly WantedSide[], most: number): readonly ReadSide[] {
  let at = 0;
  const until = (end: number): string => {
    const found = output.indexOf(end, at);
    const text = output.toString('latin1', at, Math.max(at, found));
    at = found < 0 ? output.length : found + 1;
    return text;
  };
  const take = (size: number): Buffer | undefined => {
    if (output.length - at < size) return undefined;
    at += size;
    return output.subarray(at - size, at);
  };
  const words = sides.map(() => until(0));
  if (until(0) !== '') throw new MalformedOutput('sides');
  const read = words.map((word, index): ReadSide | 'blob' => {
    if (word === 'later' || word === 'alone') return word;
    const side = sides[index];
    if (side === undefined || (word === 'blob' && side.isWork)) throw new MalformedOutput(word);
    if (word === 'blob') return word;
    const [, kind, size] = /^(file|link) (\d{1,9})$/.exec(word) ?? [];
    if (kind === undefined) {
      const plain = ofWord(word);
      if (plain === undefined) throw new MalformedOutput(word);
      return plain;
    }
    const bytes = take(Number(size));
    if (bytes === undefined || !side.isWork) throw new MalformedOutput(word);
    return kind === 'link' ? { kind, bytes } : ofBytes(side, bytes, most);
  });
  // git ends at the first one that it cannot read: that is told of by itself, and those behind it are read again.
  let isEnded = false;
  const all = read.map((one, index): ReadSide => {
    const side = sides[index];
    if (one !== 'blob' || side === undefined) return one === 'blob' ? 'alone' : one;
    if (isEnded) return 'later';
    const [, id, size] = /^([0-9a-f]+) blob (\d{1,9})$/.exec(until(10)) ?? [];
    const bytes = id === side.id ? take(Number(size) + 1) : undefined;
    if (bytes?.at(-1) === 10) return ofBytes(side, bytes.subarray(0, -1), most);
    isEnded = true;
    return 'alone';
  });
  if (all.every((one) => one === 'later')) throw new MalformedOutput('later');
  return all;
}

/**
 * What stands in the start for a file that was not kept, as `lookSteps` and `folderSteps` write it.
 *
 * @returns its bytes, and when it was last changed then; undefined for any other content
 */
export function notKept(bytes: Buffer): { readonly size: number; readonly changedMs: number } | undefined {
  if (bytes.length > 200) return undefined;
  const words = /^Not kept: known by its size \((\d{1,15}) bytes\) and time \((\d{1,12})(?:\.\d*)?\) only\.\n$/;
  const [all, size, seconds] = words.exec(bytes.toString('latin1')) ?? [];
  return all === undefined ? undefined : { size: Number(size), changedMs: Number(seconds) * 1_000 };
}

function ofBytes({ mode, isWork }: WantedSide, bytes: Buffer, most: number): SideContent {
  if (bytes.length > most) return { kind: 'large', size: bytes.length };
  return { kind: !isWork && mode === '120000' ? 'link' : 'bytes', bytes };
}

function ofWord(word: string): SideContent | undefined {
  const [, size] = /^large (\d+)$/.exec(word) ?? [];
  if (size !== undefined) return { kind: 'large', size: Number(size) };
  return word === 'missing' || word === 'special' || word === 'denied' ? { kind: word } : undefined;
}
