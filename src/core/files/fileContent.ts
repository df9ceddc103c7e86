import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** What is sent into a file, and how many bytes that is. */
export interface FileContent {
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export const gzipped = promisify(gzip);

/** @throws Error if it is not as large as was announced */
export async function wholeContent({ size, bytes }: FileContent): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  if (whole.length !== size) throw new Error(`${whole.length} bytes came instead of ${size}.`);
  return whole;
}
