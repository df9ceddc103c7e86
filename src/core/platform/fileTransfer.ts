import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { RuntimeError } from '../errors';
import { longestSilenceMs, piecesOf, refusalLimits, textOf, unpacked } from '../http/answerBody';
import { headerOf, requestError, requestStream, requestText, type TextAnswer } from '../http/httpRequest';
import { asObject, asString, parseJson } from '../parse';
import { oneLine } from '../plainText';
import { platformProblem } from '../problems/platform';
import { phrase, type Task } from '../problems/phrases';
import { redact } from '../redact';
import { refusalOfOthers } from './apiErrors';
import type { ApiAccess } from './client';
import { devboxPath } from './runloopApi';

/** Milliseconds that sending a file may take. */
const uploadMs = 3_600_000;
/** Milliseconds until a file begins to come. */
const answerMs = 60_000;

export interface FileUpload {
  /** Where it goes in the devbox; a new line in it would not arrive as it is (contract §1 of files). */
  readonly path: string;
  /** Bytes of the content, which Runloop wants to know first. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/** Sends a file into a devbox, as it is read. Sent once. @throws RuntimeError */
export async function uploadFile(api: ApiAccess, devboxId: string, upload: FileUpload): Promise<void> {
  const { path, size, content, signal } = upload;
  const boundary = `----runloop${randomBytes(16).toString('hex')}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="path"\r\n\r\n${path}\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const foot = Buffer.from(`\r\n--${boundary}--\r\n`);
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    yield head;
    yield* content;
    yield foot;
  };
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': String(head.length + size + foot.length),
  };
  const answer = await requestText(new URL(`${api.baseUrl}${devboxPath(devboxId)}/upload_file`), {
    method: 'POST',
    headers: { authorization: api.authorization, accept: 'application/json', ...headers },
    bodyStream: { stream: Readable.from(parts()), headers },
    timeoutMs: uploadMs,
    signal,
  });
  if (answer.status < 200 || answer.status >= 300) {
    throw refusal('writing a file of a devbox', devboxId, answer);
  }
}

/** A file of a devbox, piece by piece. @throws RuntimeError with the status of a refusal; `network` where it is cut */
export async function* downloadFile(
  api: ApiAccess,
  devboxId: string,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const url = new URL(`${api.baseUrl}${devboxPath(devboxId)}/download_file`);
  const response = await requestStream(url, {
    method: 'POST',
    headers: {
      authorization: api.authorization,
      accept: 'application/octet-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ path }),
    timeoutMs: answerMs,
    signal,
  });
  const status = response.statusCode ?? 0;
  if (status < 200 || status >= 300) {
    const body = await textOf(unpacked(response), refusalLimits);
    throw refusal('reading a file of a devbox', devboxId, { status, headers: response.headers, body });
  }
  try {
    yield* piecesOf(unpacked(response), { silenceMs: longestSilenceMs, devboxId });
  } catch (error) {
    throw requestError(error, url, { signal, timeoutMs: answerMs }, false);
  }
}

function refusal(doing: Task, devboxId: string, { status, headers, body }: TextAnswer): RuntimeError {
  const json = parseJson(body);
  const [type, challenge] = [headerOf(headers, 'content-type'), headerOf(headers, 'www-authenticate')];
  const foreign = refusalOfOthers({ status, type, challenge, json, text: body }, { devboxId });
  if (foreign !== undefined) return foreign;
  const said = asString(asObject(json)?.['message']) ?? body;
  const id =
    status === 401
      ? 'api_authentication'
      : status === 403
        ? 'api_permission'
        : status === 404
          ? 'api_not_found'
          : status === 429
            ? 'api_rate_limited'
            : status >= 500
              ? 'api_server'
              : 'api_refused';
  const task = phrase('{task} ({devbox})', { task: phrase(doing), devbox: devboxId });
  const problem = platformProblem(id, { task, status, said: oneLine(redact(said), 300) });
  return new RuntimeError({ problem, devboxId, status });
}
