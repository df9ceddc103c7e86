import { isIPv6 } from 'node:net';

/** A socket that listens on a port. */
export interface ListeningSocket {
  /** Its address: hexadecimal digits, 8 of version 4 or 32 of version 6. */
  readonly host: string;
  /** The kernel's number for it. */
  readonly inode: string;
  /** It takes connections of version 6 only, if that is known. */
  readonly only6: boolean;
}

/** The address for every address of version 4, and of version 6. */
const every4 = '00000000';
const every6 = '0'.repeat(32);
const mapped4 = `${'0'.repeat(20)}ffff`;

/**
 * Of sockets that listen on a port those that a connection to an address would come to, by the kernel's numbers for them:
 * those that listen on the very address, else those that listen on all.
 * @param address an address, not a name
 */
export function reachedAt(address: string, sockets: readonly ListeningSocket[]): readonly string[] {
  const wanted = digitsOf(address);
  const is4 = wanted.length === every4.length;
  const exact = sockets.filter(({ host }) => host === wanted || (is4 && host === mapped4 + wanted));
  const every = sockets.filter(
    ({ host, only6 }) =>
      (host === every6 && !(is4 && only6)) || (is4 && (host === every4 || host === mapped4 + every4)),
  );
  return (exact.length > 0 ? exact : every).map(({ inode }) => inode).sort();
}

function digitsOf(address: string): string {
  const bytes = isIPv6(address) ? bytesOf6(address) : address.split('.').map(Number);
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOf6(address: string): number[] {
  const [before = '', after] = address.split('%')[0]?.split('::') ?? [];
  const words = (text: string): number[] =>
    text === ''
      ? []
      : text.split(':').flatMap((part) => (part.includes('.') ? pairs(part) : [Number.parseInt(part, 16)]));
  const [head, tail] = [words(before), words(after ?? '')];
  const gap: number[] = after === undefined ? [] : Array<number>(8 - head.length - tail.length).fill(0);
  return [...head, ...gap, ...tail].flatMap((word) => [word >> 8, word & 0xff]);
}

function pairs(address: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
