import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes all that comes to a file that nobody but its owner reads, unless `mode` says otherwise. When this throws, nothing makes
 * or writes the file any more: whoever removes it then has removed it. (Behind an iterator that fails, `pipeline` does not wait for a
 * stream that still opens its file.)
 *
 *  * @throws what a stream or the file system throws, or an AbortError
 */
export async function writeAll(
  [source, ...steps]: readonly [AsyncIterable<Uint8Array> | NodeJS.ReadableStream, ...NodeJS.ReadWriteStream[]],
  file: string,
  { mode = 0o600, signal }: { readonly mode?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const handle = await open(file, 'w', mode);
  try {
    const from = 'pipe' in source ? source : Readable.from(source);
    await pipeline([from, ...steps, handle.createWriteStream()], signal === undefined ? {} : { signal });
  } finally {
    // Waits for what is under way.
    await handle.close();
  }
}
