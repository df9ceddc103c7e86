import busboy from 'busboy';
import { createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { basename, isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../files/makeFolder';
import type { Logger } from '../logging';
import type { DevboxPaths } from '../paths';
import { HttpError, sendJson } from './answers';
import type { Handler } from './httpServer';
import { unpackZip } from './zipArchive';

interface Upload {
  readonly filename: string;
  readonly stored: string;
  readonly isNew: boolean;
}

/**
 * `POST /upload_file`: stores one file in a directory; an archive is unpacked there.
 *
 * @param chown is called with each file and folder that was made
 */
export function uploadFileHandler(paths: DevboxPaths, chown: (path: string) => Promise<void>, log: Logger): Handler {
  return async (request, response, url) => {
    const destination = url.searchParams.get('destination') ?? '/';
    const recursive = parseFlag('recursive', url.searchParams.get('recursive') ?? 'false');
    const form = parseForm(request);
    try {
      if (!isAbsolute(destination)) throw new Error('400: Destination must be an absolute path');
      const folder = paths.toHost(destination);
      await makeFolder(folder, chown);
      const { filename, stored, isNew } = await receive(request, form, folder, recursive);
      if (recursive || filename.endsWith('.zip')) {
        await unpackZip(stored, folder, chown);
        await rm(stored);
      } else if (isNew) {
        await chown(stored);
      }
      sendJson(response, 200, { filename, destination, recursive });
    } catch (error) {
      // What is left of the body is of no use, but must be read for the answer to arrive.
      request.unpipe().resume();
      if (error instanceof HttpError) throw error;
      log.error('An upload failed', error);
      throw new HttpError(500, error instanceof Error ? error.message : String(error));
    }
  };
}

function parseForm(request: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, defParamCharset: 'utf8', preservePath: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw HttpError.invalidParameters(`body.file: ${reason}`);
  }
}

async function receive(
  request: IncomingMessage,
  form: busboy.Busboy,
  folder: string,
  recursive: boolean,
): Promise<Upload> {
  let upload: Promise<Upload> | undefined;
  form.on('file', (field, stream, info) => {
    if (field !== 'file' || upload !== undefined) {
      stream.resume();
      return;
    }
    upload = store(stream, info.filename, folder, recursive);
    // Awaited below; until then a failure must not count as unhandled.
    upload.catch(() => stream.resume());
  });
  await pipeline(request, form);
  if (upload === undefined) {
    throw HttpError.invalidParameters('body.file: a file part with the name "file" is required');
  }
  return upload;
}

async function store(stream: Readable, name: string | undefined, folder: string, recursive: boolean): Promise<Upload> {
  // Only the last part, because a name must not lead out of the destination.
  const filename = basename((name ?? '').replaceAll('\\', '/'));
  if (filename === '' || filename === '.' || filename === '..') {
    throw HttpError.invalidParameters('body.file: the file part needs a filename');
  }
  if (recursive && !filename.endsWith('.zip')) throw new Error('400: Recursive uploads must be zip files');
  const stored = join(folder, filename);
  const isNew = !existsSync(stored);
  await pipeline(stream, createWriteStream(stored));
  return { filename, stored, isNew };
}

function parseFlag(name: string, text: string): boolean {
  const word = text.toLowerCase();
  if (['true', '1', 'yes', 'on', 't', 'y'].includes(word)) return true;
  if (['false', '0', 'no', 'off', 'f', 'n'].includes(word)) return false;
  throw HttpError.invalidParameters(`query.${name}: a boolean is required`);
}
