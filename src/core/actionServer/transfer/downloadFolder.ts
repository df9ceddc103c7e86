import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { writeAll } from '../../../ground/writeAll';
import type { ActionServerHttp } from '../actionServerHttp';
import { isAborted, endedBy, saidBy, RuntimeError } from '../../errors';
import { leastPace, longestSilenceMs, piecesOf, unpacked } from '../../http/answerBody';
import { devboxProblem } from '../../problems/devbox';

export interface DownloadOptions {
  /** Absolute folder in the devbox. */
  readonly path: string;
  /** Where the zip file goes; it appears there only when it is whole. */
  readonly zipFile: string;
  /** Told of the bytes received so far, and of all of them if the server named their number. */
  readonly onProgress?: ((received: number, total: number | undefined) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds until the answer begins; the server packs everything first. */
const packTimeoutMs = 300_000;

/**
 * Fetches a folder as a zip. An error page is never kept as if it were one (D26): status, length, signature and
 * directory are checked before the file gets its name.
 *
 * @throws RuntimeError `transfer` if what came is no whole zip, or what a request can end with
 */
export async function downloadFolder(
  http: ActionServerHttp,
  options: DownloadOptions,
): Promise<{ readonly bytes: number; readonly files: number }> {
  const partial = `${options.zipFile}.part`;
  try {
    const query = new URLSearchParams({ path: options.path });
    const response = await http.stream(`/download_files?${query.toString()}`, {
      timeoutMs: packTimeoutMs,
      signal: options.signal,
    });
    // Of what is packed on its way, the length is another one.
    const isPacked = response.headers['content-encoding'] !== undefined;
    const length = Number(isPacked ? Number.NaN : (response.headers['content-length'] ?? Number.NaN));
    const total = Number.isFinite(length) ? length : undefined;
    let bytes = 0;
    const counting = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        options.onProgress?.(bytes, total);
        done(null, chunk);
      },
    });
    const body = unpacked(response);
    // A file that cannot be written ends what is read for it, which may be waiting for its next byte.
    counting.once('close', () => body.destroy());
    const limits = { silenceMs: longestSilenceMs, pace: leastPace, devboxId: http.server.devboxId };
    await writeAll([piecesOf(body, limits), counting], partial, { signal: options.signal });
    if (total !== undefined && bytes !== total) throw new Error(`${bytes} of ${total} bytes came`);
    const files = await countEntries(partial);
    await rename(partial, options.zipFile);
    return { bytes, files };
  } catch (error) {
    await rm(partial, { force: true });
    if (options.signal !== undefined && isAborted(options.signal)) throw endedBy(options.signal, http.server.devboxId);
    if (RuntimeError.is(error)) throw error;
    throw new RuntimeError({
      problem: devboxProblem('download_not_zip', { why: saidBy(error) }),
      devboxId: http.server.devboxId,
      cause: error,
    });
  }
}

/** Opens the archive's directory, which only a whole zip has. */
async function countEntries(file: string): Promise<number> {
  const { default: yauzl } = await import('yauzl');
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const count = zip.entryCount;
      zip.once('close', () => resolve(count));
      zip.close();
    });
  });
}
