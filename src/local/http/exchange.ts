import type { IncomingHttpHeaders } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { once } from 'node:events';
import { constants, createGzip } from 'node:zlib';
import { readWithin } from '../../ground/readWithin';
import { newRequestId } from '../ids';
import { type ApiError, badRequest } from './apiError';

/** What HTTP/1.1 and HTTP/2 requests have in common. */
export interface RawRequest extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly socket: object;
}

/** What HTTP/1.1 and HTTP/2 answers have in common. */
export interface RawResponse extends Writable {
  readonly headersSent: boolean;
  /** True where the bytes are looked into on their way: they must not be compressed. */
  readonly readOnTheWay?: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
}

/** Room for a file of 100 MB with the escapes JSON may need. */
const largestBody = 256 * 1024 * 1024;

/** One request and its answer, whatever the HTTP version. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly requestId = newRequestId();
  /** How the client has reached the platform. */
  readonly scheme: 'http' | 'https';
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  readonly #request: RawRequest;
  readonly #response: RawResponse;
  readonly #clockSkew: number;

  /** @param clockSkew milliseconds by which all times in the answer are wrong on purpose */
  constructor(request: RawRequest, response: RawResponse, clockSkew = 0) {
    this.#clockSkew = clockSkew;
    this.#request = request;
    this.#response = response;
    this.method = request.method ?? 'GET';
    this.headers = request.headers;
    this.scheme = 'encrypted' in request.socket && request.socket.encrypted === true ? 'https' : 'http';
    // A request may name its server in front of its path, as those to proxies do.
    const [path = '/', ...query] = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '').split('?');
    this.path = path;
    this.query = new URLSearchParams(query.join('?'));
    const gone = new AbortController();
    this.signal = gone.signal;
    response.once('close', () => gone.abort());
    // A client that goes away in the middle is not the platform's error; `signal` tells those who care.
    response.on('error', () => gone.abort());
    request.on('error', () => gone.abort());
  }

  /**
   * The request's JSON object; empty bodies count as an empty object.
   * @throws ApiError 400 when it is anything else
   */
  async readObject(): Promise<Readonly<Record<string, unknown>>> {
    const bytes = await this.#readBody();
    if (bytes.toString('utf8').trim() === '') {
      return {};
    }
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      throw badRequest(`The request body is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw badRequest('The request body must be a JSON object.');
    }
    return { ...value };
  }

  /** Answers with JSON. */
  sendJson(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.#send(status, Buffer.from(this.toJson(body)), { 'content-type': 'application/json', ...headers });
  }

  /** The host name and port that the client has used. */
  get host(): string {
    const authority = this.headers[':authority'];
    return typeof authority === 'string' ? authority : (this.headers.host ?? '');
  }

  /** True if times in the answers are wrong on purpose. */
  get hasWrongClock(): boolean {
    return this.#clockSkew !== 0;
  }

  /** The request's body as it comes. */
  get body(): Readable {
    return this.#request;
  }

  /**
   * Answers 200 with a stream; comes back when it has been sent. A source that fails or ends too early cuts the answer,
   * which is all that can be told to a client that already has headers.
   * @param size bytes that will come, if that is known
   */
  async sendStream(content: Readable, size: number | undefined, headers: Record<string, string>): Promise<void> {
    this.#request.resume();
    this.#response.writeHead(200, { ...headers, ...(size === undefined ? {} : { 'content-length': String(size) }) });
    let sent = 0;
    content.on('data', (chunk: Buffer) => (sent += chunk.length));
    try {
      await pipeline(content, this.#response, { end: false, signal: this.signal });
    } catch (error) {
      this.#response.destroy();
      if (!this.signal.aborted) {
        throw error;
      }
      return;
    }
    if (size !== undefined && sent < size) {
      this.#response.destroy();
    } else {
      this.#response.end();
    }
  }

  /** Answers with an error; does nothing more than end the answer if it has begun. */
  sendError(error: ApiError): void {
    if (this.#response.headersSent) {
      this.#response.end();
      return;
    }
    const { body, headers } = error.answer(this.requestId);
    this.sendJson(error.status, body, headers);
  }

  /**
   * Answers with a stream of server-sent events, one JSON value each, until the source ends or the client goes away.
   * A comment every 15 seconds keeps the connection open.
   */
  async sendEvents(events: AsyncIterable<unknown>): Promise<void> {
    const toJson = (event: unknown): string => this.toJson(event);
    const written = async function* (): AsyncGenerator<Buffer> {
      for await (const event of events) yield Buffer.from(`data: ${toJson(event)}\n\n`);
    };
    await this.#sendStream(written(), false);
  }

  /** Answers without a body, for example 304. */
  sendNothing(status: number, headers: Record<string, string> = {}): void {
    if (this.signal.aborted) {
      return;
    }
    this.#request.resume();
    this.#response.writeHead(status, headers);
    this.#response.end();
  }

  /** Answers 200 with a body whose length is not known beforehand, part by part as the client reads. */
  async sendParts(headers: Record<string, string>, parts: AsyncIterable<Buffer>): Promise<void> {
    this.#response.writeHead(200, headers);
    for await (const part of parts) {
      if (this.signal.aborted) {
        return;
      }
      if (!this.#response.write(part)) {
        await this.#drained();
      }
    }
    this.#response.end();
  }

  /**
   * Answers with a stream of server-sent events that are written out already. Compressed where the client asked for
   * it, each part at once, so that nothing waits for more.
   */
  async sendEventStream(parts: AsyncIterable<Buffer>): Promise<void> {
    await this.#sendStream(
      parts,
      this.#response.readOnTheWay !== true && /\bgzip\b/.test(this.headers['accept-encoding'] ?? ''),
    );
  }

  async #sendStream(parts: AsyncIterable<Buffer>, zipped: boolean): Promise<void> {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      ...this.#wrongDate(),
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    });
    const gzip = zipped ? createGzip({ level: 1, flush: constants.Z_SYNC_FLUSH }) : undefined;
    gzip?.pipe(this.#response);
    const target: Writable = gzip ?? this.#response;
    target.on('error', () => undefined); // The response's own events tell that the client has gone.
    // The first bytes make the client see that it is connected although nothing has happened yet.
    target.write(': connected\n\n');
    const beat = setInterval(() => target.write(': still here\n\n'), 15_000);
    try {
      for await (const part of parts) {
        if (this.signal.aborted) {
          return;
        }
        if (!target.write(part)) {
          await this.#drained(target);
        }
      }
    } finally {
      clearInterval(beat);
      if (this.signal.aborted) {
        gzip?.destroy();
      }
    }
    target.end();
  }

  async #drained(target: Writable = this.#response): Promise<void> {
    try {
      await once(target, 'drain', { signal: this.signal });
    } catch (error) {
      if (!this.signal.aborted) {
        throw error;
      }
    }
  }

  async #readBody(): Promise<Buffer> {
    const body = await readWithin(this.#request as AsyncIterable<Buffer>, largestBody);
    if (body === undefined) {
      throw badRequest('The request body is larger than 256 MB.');
    }
    return body;
  }

  toJson(value: unknown): string {
    const skew = this.#clockSkew;
    // Field names tell which numbers are times, so no view has to know of a wrong clock.
    const shift = (key: string, field: unknown): unknown =>
      typeof field === 'number' && /(?:^|_)time(?:stamp)?_ms$|^eviction_deadline_ms$/.test(key) ? field + skew : field;
    return skew === 0 ? JSON.stringify(value) : JSON.stringify(value, shift);
  }

  #wrongDate(): Record<string, string> {
    return this.#clockSkew === 0 ? {} : { date: new Date(Date.now() + this.#clockSkew).toUTCString() };
  }

  #send(status: number, body: Buffer, headers: Record<string, string>): void {
    if (this.signal.aborted) {
      return;
    }
    // An unread body would keep the connection from being used again.
    this.#request.resume();
    this.#response.writeHead(status, { ...headers, ...this.#wrongDate(), 'content-length': String(body.length) });
    this.#response.end(this.method === 'HEAD' ? undefined : body);
  }
}
