import type { Runloop } from '@runloop/api-client';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { RuntimeError } from '../errors';
import { leastPace, longestSilenceMs, piecesOf, refusalLimits, textOf, unpacked } from '../http/answerBody';
import { headerOf, requestError, requestStream, requestText, type TextAnswer } from '../http/httpRequest';
import { asObject, asString, parseJson } from '../parse';
import { oneLine } from '../safeText';
import { platformProblem } from '../problems/platform';
import { phrase, type Task } from '../problems/phrases';
import { redact } from '../redact';
import { refusalOfOthers } from './apiErrors';
import type { ApiCalls, CallOptions } from './apiCalls';
import { unexpected } from './answers';
import type { ApiAccess } from './client';
import { devboxPath } from './devboxId';

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

/** The files of devboxes. */
export class Files {
  readonly #calls: ApiCalls;
  readonly #access: ApiAccess;

  constructor(calls: ApiCalls, access: ApiAccess) {
    this.#calls = calls;
    this.#access = access;
  }

  /** The text of a file. */
  async read(devboxId: string, filePath: string, call: CallOptions = {}): Promise<string> {
    const body = { file_path: filePath } satisfies Runloop.DevboxReadFileContentsParams;
    const options = { body, headers: { accept: 'text/plain' }, asText: true };
    const path = `${devboxPath(devboxId)}/read_file_contents`;
    const context = { doing: 'reading a file of a devbox', devboxId } as const;
    const text = asString(await this.#calls.change(path, context, call, options));
    if (text === undefined) throw unexpected('the text of a file', devboxId);
    return text;
  }

  /** Writes a file that holds this text. */
  async write(devboxId: string, filePath: string, contents: string, call: CallOptions = {}): Promise<void> {
    const body = { file_path: filePath, contents } satisfies Runloop.DevboxWriteFileContentsParams;
    const context = { doing: 'writing a file of a devbox', devboxId } as const;
    await this.#calls.change(`${devboxPath(devboxId)}/write_file_contents`, context, call, { body });
  }

  /** Sends a file into a devbox, as it is read. Sent once. @throws RuntimeError */
  async upload(devboxId: string, upload: FileUpload): Promise<void> {
    const { path, size, content, signal } = upload;
    const boundary = `----runloop${randomBytes(16).toString('hex')}`;
    // By hand: `FormData` and the SDK's uploads take a Blob, the content as a whole, and here it is sent while it is read.
    const part = (name: keyof Runloop.DevboxUploadFileParams): string =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
    const head = Buffer.from(
      `${part('path')}\r\n\r\n${path}\r\n` +
        `${part('file')}; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n`,
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
    const answer = await requestText(new URL(`${this.#access.baseUrl}${devboxPath(devboxId)}/upload_file`), {
      method: 'POST',
      headers: { authorization: this.#access.authorization, accept: 'application/json', ...headers },
      bodyStream: { stream: Readable.from(parts()), headers },
      timeoutMs: uploadMs,
      signal,
    });
    if (answer.status < 200 || answer.status >= 300) {
      throw refusal('writing a file of a devbox', devboxId, answer);
    }
  }

  /** A file of a devbox, piece by piece. @throws RuntimeError with the status of a refusal; `network` where it is cut */
  async *download(
    devboxId: string,
    { path, signal }: { readonly path: string; readonly signal: AbortSignal },
  ): AsyncGenerator<Buffer> {
    const url = new URL(`${this.#access.baseUrl}${devboxPath(devboxId)}/download_file`);
    const response = await requestStream(url, {
      method: 'POST',
      headers: {
        authorization: this.#access.authorization,
        accept: 'application/octet-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ path } satisfies Runloop.DevboxDownloadFileParams),
      timeoutMs: answerMs,
      signal,
    });
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300) {
      const body = await textOf(unpacked(response), refusalLimits);
      throw refusal('reading a file of a devbox', devboxId, { status, headers: response.headers, body });
    }
    try {
      yield* piecesOf(unpacked(response), { silenceMs: longestSilenceMs, pace: leastPace, devboxId });
    } catch (error) {
      throw requestError(error, url, { signal, timeoutMs: answerMs }, false);
    }
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
