import { constants, Http2ServerResponse } from 'node:http2';
import { Duplex, Readable, Writable } from 'node:stream';
import type { RawRequest, RawResponse } from '../../http/exchange';

type Done = (error?: Error | null) => void;

/** A request whose client may have gone: what it said, to be answered by nobody's order later. */
export async function keptRequest(request: RawRequest): Promise<RawRequest> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) {
    parts.push(part);
  }
  const { method, url, headers, socket } = request;
  return Object.assign(Readable.from(parts), { method, url, headers, socket });
}

/**
 * Cuts a client off in the middle of whatever it was being told.
 * @param whole HTTP/2: the connection with all its requests, not only this request's stream
 */
export function cutOff(response: RawResponse, whole: boolean): void {
  if (response instanceof Http2ServerResponse) {
    if (whole) {
      response.stream.session?.destroy();
    } else {
      response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
    return;
  }
  response.destroy();
}

/** Takes an answer that the client never gets to see. */
export class UnsentResponse extends Writable implements RawResponse {
  headersSent = false;

  /** @param real when this closes, the client has gone; without it there is none from the beginning */
  constructor(real?: RawResponse) {
    super();
    real?.once('close', () => this.destroy());
  }

  writeHead(): void {
    this.headersSent = true;
  }

  flushHeaders(): void {
    // There is nobody to whom they could go.
  }

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    done();
  }
}

/** Keeps an answer back until it is let go. */
export class HeldResponse extends Writable implements RawResponse {
  headersSent = false;
  readonly #real: RawResponse;
  readonly #until: Promise<unknown>;
  #head: (() => void) | undefined;

  /** @param until settles when the answer may go */
  constructor(real: RawResponse, until: Promise<unknown>) {
    super();
    this.#real = real;
    this.#until = until;
    real.once('close', () => this.destroy());
  }

  writeHead(status: number, headers: Record<string, string>): void {
    this.headersSent = true;
    this.#head = () => this.#real.writeHead(status, headers);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    void this.#until.then(() => {
      this.#begin();
      this.#real.write(chunk, done);
    });
  }

  override _final(done: Done): void {
    void this.#until.then(() => {
      this.#begin();
      this.#real.end();
      done();
    });
  }

  #begin(): void {
    this.#head?.();
    this.#head = undefined;
  }
}

/** A client of an upgrade that sends nothing and gets to see nothing. */
export class UnseenClient extends Duplex {
  /** Settles when the first of the answer has come, or it is clear that none will. */
  readonly answered: Promise<void>;
  #mark: () => void = () => undefined;

  /** @param real when this closes, the client has gone */
  constructor(real: Duplex) {
    super();
    this.answered = new Promise((resolve) => (this.#mark = resolve));
    real.once('close', () => this.destroy());
    this.once('close', this.#mark);
  }

  override _read(): void {
    // Nothing is sent.
  }

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#mark();
    done();
  }
}

/** Lets some events of a stream through, then half of the next one, then cuts. Of any other answer half arrives. */
export class HalfResponse extends Writable implements RawResponse {
  readonly readOnTheWay = true;
  readonly #real: RawResponse;
  #events: number;
  #stream = false;
  #cut = false;
  #pending = Buffer.alloc(0);

  /** @param events that arrive whole */
  constructor(real: RawResponse, events: number) {
    super();
    this.#real = real;
    this.#events = events;
    real.once('close', () => this.destroy());
  }

  get headersSent(): boolean {
    return this.#real.headersSent;
  }

  writeHead(status: number, headers: Record<string, string>): void {
    this.#stream = headers['content-type']?.startsWith('text/event-stream') === true;
    this.#real.writeHead(status, headers);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#cut) {
      done();
      return;
    }
    if (!this.#stream) {
      this.#half(chunk, done);
      return;
    }
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const end = this.#pending.indexOf('\n\n');
      if (end === -1) {
        done();
        return;
      }
      const event = this.#pending.subarray(0, end + 2);
      this.#pending = this.#pending.subarray(end + 2);
      // A comment only keeps the connection open.
      if (event.toString('latin1', 0, 1) !== ':') {
        if (this.#events === 0) {
          this.#half(event, done);
          return;
        }
        this.#events -= 1;
      }
      this.#real.write(event);
    }
  }

  override _final(done: Done): void {
    if (!this.#cut) {
      this.#real.end();
    }
    done();
  }

  #half(part: Buffer, done: Done): void {
    this.#cut = true;
    this.#real.write(part.subarray(0, Math.ceil(part.length / 2)), () => {
      cutOff(this.#real, false);
      done();
    });
  }
}
