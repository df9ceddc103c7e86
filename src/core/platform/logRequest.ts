import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { RuntimeError } from '../errors';
import { requestStream } from '../http/httpRequest';
import type { RunloopApi } from './runloopApi';

/** The endpoint is not there, or speaks in a way that is not documented: another source must do. */
export class StreamUnavailable extends Error {
  constructor(why: string) {
    super(`This stream cannot be used: ${why}`);
    this.name = 'StreamUnavailable';
  }
}

export interface ReadLogOptions {
  readonly signal: AbortSignal;
  /** Told of every piece that came over the wire, in bytes as they came (compressed, if they were). */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * Opens an answer about logs. What refuses both ways of reading is thrown.
 *
 * @throws RuntimeError
 */
export async function openLog(
  api: RunloopApi,
  path: string,
  devboxId: string,
  options: ReadLogOptions,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const response = await requestStream(new URL(`${api.baseUrl}/v1/devboxes/${path}`), {
    headers: { authorization: api.authorization, 'accept-encoding': 'gzip', ...headers },
    timeoutMs: 30_000,
    signal: options.signal,
  });
  const status = response.statusCode ?? 0;
  const refused =
    status === 401 || status === 403 || status === 408 || status === 429 || (status >= 500 && status !== 501);
  if (!refused) return response;
  response.destroy();
  const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
  throw new RuntimeError({
    code: status === 429 ? 'rate_limited' : status === 401 ? 'authentication' : status === 403 ? 'permission' : 'api',
    message: `The Runloop API refused to give the log (${status}).`,
    nextStep:
      status === 401 || status === 403
        ? 'Sign in again with a key that may read this devbox.'
        : 'Try again in a moment.',
    devboxId,
    status,
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
  });
}

/** The answer's bytes, uncompressed, and counted before that. */
export function bodyOf(response: IncomingMessage, onBytes: ((count: number) => void) | undefined): Readable {
  if (onBytes !== undefined) response.on('data', (chunk: Buffer) => onBytes(chunk.length));
  if (response.headers['content-encoding'] !== 'gzip') return response;
  // A stream that is cut has no proper end; what came before it is whole.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  pipeline(response, gunzip, () => undefined); // Its error comes to whoever reads.
  return gunzip;
}

/** A connection that broke in the middle of an answer; Node reports it by a code. */
export function isCut(error: unknown): boolean {
  const codes = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'Z_BUF_ERROR', 'Z_DATA_ERROR'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
