import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { constants, createGunzip } from 'node:zlib';
import { RuntimeError } from '../errors';
import { requestStream } from '../httpRequest';
import { asObject, asString, parseJson } from '../parse';
import { oneLine } from '../plainText';
import type { RunloopApi } from './runloopApi';

/** The endpoint is not there, or speaks in a way that is not documented: read the list instead. */
export class TailUnavailable extends Error {
  constructor(why: string) {
    super(`The log tail cannot be used: ${why}`);
    this.name = 'TailUnavailable';
  }
}

/** One entry of a log as it came, not parsed yet: most entries of a replay are skipped. */
export interface RawEntry {
  /** The event's id, where it is a number that counts entries from 1. */
  readonly id: number | undefined;
  /** The entry as JSON text. */
  readonly json: string | Buffer;
}

export interface ReadLogOptions {
  readonly signal: AbortSignal;
  /** Told of every piece that came over the wire, in bytes as they came (compressed, if they were). */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * Entries of a devbox's log from the start, then live, in batches as they come, until the server ends the stream
 * (contract §2.8: an endpoint that the SDK has no call for). With `lastId`, a server that knows server-sent events'
 * own way of resuming begins after that one; others replay from the start.
 *
 * @throws TailUnavailable if the server does not offer it; RuntimeError if it refuses, the connection fails or is
 *   cancelled; Error with a Node code if the stream is cut.
 */
export async function* tailLogs(
  api: RunloopApi,
  devboxId: string,
  options: ReadLogOptions & { readonly lastId?: number | undefined },
): AsyncGenerator<readonly RawEntry[]> {
  const response = await openLog(api, `${encodeURIComponent(devboxId)}/logs/tail`, devboxId, options, {
    accept: 'text/event-stream',
    ...(options.lastId === undefined ? {} : { 'last-event-id': String(options.lastId) }),
  });
  const status = response.statusCode ?? 0;
  if (status !== 200 || !(response.headers['content-type'] ?? '').includes('text/event-stream')) {
    response.destroy();
    throw new TailUnavailable(`status ${status}`);
  }
  // A stream may be silent for hours; without this a connection that died silently would never be noticed.
  response.socket.setKeepAlive(true, 30_000);
  const parser = new EventParser();
  const decoder = new StringDecoder('utf8');
  const body = bodyOf(response, options.onBytes);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const batch = parser.take(decoder.write(chunk));
      if (batch.length > 0) yield batch;
    }
  } finally {
    body.destroy();
    response.destroy();
  }
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
  const refused = status === 401 || status === 403 || status === 408 || status === 429 || (status >= 500 && status !== 501);
  if (!refused) return response;
  response.destroy();
  const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
  throw new RuntimeError({
    code: status === 429 ? 'rate_limited' : status === 401 ? 'authentication' : status === 403 ? 'permission' : 'api',
    message: `The Runloop API refused to give the log (${status}).`,
    nextStep: status === 401 || status === 403 ? 'Sign in again with a key that may read this devbox.' : 'Try again in a moment.',
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

/** Server-sent events out of text that comes in pieces. An event that is cut off before its end never was one. */
class EventParser {
  #rest: string[] = [];
  #data: string | undefined;
  #id: number | undefined;
  #type = '';

  take(text: string): RawEntry[] {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    const events: RawEntry[] = [];
    if (lines.length > 0) {
      lines[0] = this.#rest.join('') + (lines[0] ?? '');
      this.#rest = [];
      for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line, events);
    }
    if (last !== '') this.#rest.push(last);
    return events;
  }

  #line(line: string, events: RawEntry[]): void {
    if (line === '') {
      if (this.#type === 'error') throw streamError(this.#data ?? '');
      if (this.#data !== undefined) events.push({ id: this.#id, json: this.#data });
      this.#data = undefined;
      this.#id = undefined;
      this.#type = '';
    } else if (line.startsWith('data:')) {
      const data = line.slice(line[5] === ' ' ? 6 : 5);
      this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`;
    } else if (line.startsWith('id:')) {
      const id = line.slice(3).trim();
      this.#id = /^\d{1,15}$/.test(id) ? Number(id) : undefined;
    } else if (line.startsWith('event:')) {
      this.#type = line.slice(6).trim();
    }
  }
}

function streamError(data: string): RuntimeError {
  const said = asString(asObject(parseJson(data))?.['message']) ?? data;
  return new RuntimeError({
    code: 'network',
    message: `The server ended the log stream: ${oneLine(said)}`,
    nextStep: 'It is opened again by itself.',
  });
}
