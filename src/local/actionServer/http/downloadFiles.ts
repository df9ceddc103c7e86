import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '../logging';
import type { DevboxPaths } from '../paths';
import { HttpError } from './answers';
import type { Handler } from './httpServer';
import { packZip } from './zipArchive';

/** `GET /download_files`: a directory, or one file, as a zip. */
export function downloadFilesHandler(paths: DevboxPaths, log: Logger): Handler {
  return async (_request, response, url) => {
    const path = url.searchParams.get('path');
    if (path === null) throw HttpError.invalidParameters('query.path: field required');
    if (!isAbsolute(path)) throw new HttpError(500, '400: Path must be an absolute path');
    const source = paths.toHost(path);
    if (!(await exists(source))) throw new HttpError(500, '404: File not found');
    // Packed into a file first: only then is it known that it works, and how long it is.
    const folder = await mkdtemp(join(paths.tempDir, 'action-server-download-'));
    try {
      const archive = join(folder, 'download.zip');
      const skipped = await packed(source, archive);
      if (skipped > 0) log.warn(`A download left out ${skipped} entries that cannot be read.`);
      const { size, mtimeMs, mtime } = await stat(archive);
      response.writeHead(200, {
        'content-type': 'application/zip',
        'content-length': size,
        'content-disposition': disposition(`${path.slice(path.lastIndexOf('/') + 1)}.zip`),
        'last-modified': mtime.toUTCString(),
        etag: `"${createHash('md5').update(`${mtimeMs}-${size}`).digest('hex')}"`,
      });
      await pipeline(createReadStream(archive), response);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

async function packed(source: string, archive: string): Promise<number> {
  try {
    return await packZip(source, archive);
  } catch (error) {
    throw new HttpError(500, error instanceof Error ? error.message : String(error));
  }
}

function disposition(filename: string): string {
  const isPlain = /^[\w.+~ -]*$/.test(filename);
  return isPlain
    ? `attachment; filename="${filename}"`
    : `attachment; filename*=utf-8''${encodeURIComponent(filename)}`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
