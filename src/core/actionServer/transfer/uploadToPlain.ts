import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { writeAll } from '../../../ground/writeAll';
import { quoteIfNeeded } from '../../../ground/shellWords';
import { saidBy, RuntimeError } from '../../errors';
import { requestText } from '../../http/httpRequest';
import { oneLine } from '../../safeText';
import { runCommand } from '../../platform/runCommand';
import { asOwn } from '../../platform/ownExecutions';
import { devboxPath } from '../../platform/devboxId';
import type { RunloopApi } from '../../platform/runloopApi';
import { redact } from '../../redact';
import { tarOf } from './tarOf';
import { confirmedFiles, type WorkspaceUpload } from './confirmedFiles';
import { devboxProblem } from '../../problems/devbox';
import { phrase } from '../../problems/phrases';
import type { Param } from '../../problems/problem';

/** Milliseconds that an upload may take. */
const uploadTimeoutMs = 300_000;

/**
 * Uploads what is in a folder into a devbox without an action server, through Runloop's own file transfer: into a folder
 * of the same name in its home, as clones of repositories go.
 *
 * @returns the number of files, and the relative paths of those that were held back because they look like secrets
 * @throws RuntimeError `transfer` if a file cannot be read, or the devbox does not take or unpack it
 */
export async function uploadToPlain(
  api: RunloopApi,
  devboxId: string,
  options: Omit<WorkspaceUpload, 'destination'>,
): Promise<{ readonly files: number; readonly withheld: readonly string[] }> {
  const { folder, signal } = options;
  const { files, withheld, emptyFolders } = await confirmedFiles(options);
  if (files.length === 0 && emptyFolders.length === 0) return { files: 0, withheld };
  // Runloop wants to know the size first, so the archive is made before it is sent.
  const temporary = await mkdtemp(join(tmpdir(), 'runloop-upload-'));
  try {
    const archive = join(temporary, 'archive.tgz');
    await writeAll([tarOf(folder, [...emptyFolders, ...files])], archive, { signal });
    const remote = `.runloop-devboxes-${randomBytes(8).toString('hex')}.tgz`;
    await send(api, devboxId, { ...options, archive, remote, files: files.length });
    const target = `"$HOME"/${quoteIfNeeded(basename(folder))}`;
    const source = `"$HOME"/${remote}`;
    const unpack = `mkdir -p -- ${target} && tar -xzof ${source} -C ${target}; code=$?; rm -f -- ${source}; exit $code`;
    const { exitStatus, stderr } = await runCommand(api, devboxId, asOwn(unpack), { signal });
    if (exitStatus !== 0) {
      throw failed(devboxId, phrase('it could not be unpacked: {why}', { why: oneLine(redact(stderr), 200) }));
    }
  } catch (error) {
    if (RuntimeError.is(error) || signal?.aborted === true) throw error;
    throw failed(devboxId, saidBy(error), error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { files: files.length, withheld };
}

interface Sending extends Pick<WorkspaceUpload, 'onProgress' | 'signal'> {
  readonly archive: string;
  /** Relative to the home of the devbox's user. */
  readonly remote: string;
  readonly files: number;
}

async function send(
  api: RunloopApi,
  devboxId: string,
  { archive, remote, files, onProgress, signal }: Sending,
): Promise<void> {
  const boundary = `----runloop${randomBytes(16).toString('hex')}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="path"\r\n\r\n${remote}\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="archive.tgz"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const foot = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { size } = await stat(archive);
  const parts = async function* (): AsyncGenerator<Buffer> {
    yield head;
    let sent = 0;
    for await (const chunk of createReadStream(archive)) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      sent += bytes.length;
      yield bytes;
      onProgress?.(sent, files);
    }
    yield foot;
  };
  const described = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': String(head.length + size + foot.length),
  };
  const answer = await requestText(new URL(`${api.baseUrl}${devboxPath(devboxId)}/upload_file`), {
    method: 'POST',
    headers: { authorization: api.authorization, accept: 'application/json', ...described },
    bodyStream: { stream: Readable.from(parts()), headers: described },
    timeoutMs: uploadTimeoutMs,
    signal,
  });
  if (answer.status < 200 || answer.status >= 300) {
    throw failed(
      devboxId,
      phrase('Runloop refused the request ({status}): {said}', {
        status: answer.status,
        said: oneLine(redact(answer.body), 200),
      }),
    );
  }
}

function failed(devboxId: string, why: Param, cause?: unknown): RuntimeError {
  return new RuntimeError({ problem: devboxProblem('folder_not_uploaded', { why }), devboxId, cause });
}
