/** Length of the longest beginning of `bytes` that does not end in the middle of a character. */
export function wholeCharacters(bytes: Buffer): number {
  // A character has up to four bytes: its first one says how many, so a cut one begins within the last three.
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) {
      continue;
    }
    return expectedLength(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Where the first whole character begins when `bytes` may start in the middle of one. */
export function characterStart(bytes: Buffer): number {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) {
    start += 1;
  }
  return start;
}

function expectedLength(first: number): number {
  if (first >= 0xf0) {
    return 4;
  }
  if (first >= 0xe0) {
    return 3;
  }
  return first >= 0xc0 ? 2 : 1;
}
