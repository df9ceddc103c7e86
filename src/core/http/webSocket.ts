import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Receiver, Sender } from 'ws';
import { linkSignals, startDeadline } from '../../ground/deadline';
import { endedBy, RuntimeError } from '../errors';
import { httpProblem } from '../problems/http';
import { phrase } from '../problems/phrases';
import { refusalLimits, textOf, unpacked } from './answerBody';
import { refusalOnTheWay, requestError } from './httpRequest';
import { startRequest } from './network';

/** What makes an answer to a handshake one (RFC 6455 §4.2.2). */
const handshakeGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Bytes that one message may have. */
const mostMessageBytes = 4 * 1024 * 1024;
/** Milliseconds between two pings, and that the answer to one may take. */
const pingMs = 15_000;
/** Bytes that may wait to be sent while pings are answered. */
const mostUnsentPongs = 64 * 1024;
/** Milliseconds that the other side has to close in turn. */
const closingMs = 2_000;

/** How a connection ended; 1006 if neither side sent a close frame, 1002 if the other one sent what is no frame, or too large. */
export interface WebSocketEnd {
  readonly code: number;
  readonly reason: string;
}

export interface WebSocketListener {
  onMessage(data: Buffer): void;
  /** Called once, last. */
  onEnd(end: WebSocketEnd): void;
}

export interface WebSocketOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** The subprotocol that is offered, which the server must choose. Secret where it is a token. */
  readonly protocol: string;
  /** Milliseconds for the handshake. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly devboxId: string;
}

/** A server that does not agree to a WebSocket, with what it said. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/**
 * Opens a WebSocket the one way to the network.
 *
 * @returns the open connection, or the refusal of the server
 * @throws RuntimeError `cancelled`, `deadline`, `network` or `unexpected_answer`
 */
export async function openWebSocket(
  url: URL,
  options: WebSocketOptions,
  listener: WebSocketListener,
): Promise<WebSocketLink | Refusal> {
  const limit = startDeadline(options.timeoutMs);
  const either = linkSignals(limit.signal, options.signal);
  const key = randomBytes(16).toString('base64');
  try {
    const answer = await shakeHands(url, options, key, either.signal);
    if (!('socket' in answer)) {
      const refused = refusalOnTheWay(url, answer.response, options.devboxId);
      if (refused !== undefined) {
        answer.response.destroy();
        throw refused;
      }
      if (answer.response.statusCode === 101) {
        answer.response.destroy();
        throw noWebSocket(options.devboxId);
      }
      const body = await textOf(unpacked(answer.response), { ...refusalLimits, devboxId: options.devboxId });
      return { status: answer.response.statusCode ?? 0, body };
    }
    const { response, socket, head } = answer;
    const expected = createHash('sha1').update(`${key}${handshakeGuid}`).digest('base64');
    const { 'sec-websocket-accept': accepted, 'sec-websocket-protocol': protocol } = response.headers;
    const isOther = response.headers.upgrade?.toLowerCase() !== 'websocket';
    const hasExtension = response.headers['sec-websocket-extensions'] !== undefined;
    if (isOther || accepted !== expected || protocol !== options.protocol || hasExtension) {
      socket.destroy();
      throw noWebSocket(options.devboxId);
    }
    return new WebSocketLink(socket, head, listener);
  } catch (error) {
    if (options.signal?.aborted === true) throw endedBy(options.signal, options.devboxId);
    if (RuntimeError.is(error) && !limit.isOver) throw error;
    throw requestError(error, url, options, limit.isOver);
  } finally {
    either.dispose();
    limit.dispose();
  }
}

function noWebSocket(devboxId: string): RuntimeError {
  const whom = phrase('devbox {devbox}', { devbox: devboxId });
  return new RuntimeError({ problem: httpProblem('no_web_socket', { whom }), devboxId });
}

type Handshake =
  | { readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }
  | { readonly response: IncomingMessage };

async function shakeHands(
  url: URL,
  { headers, protocol }: WebSocketOptions,
  key: string,
  signal: AbortSignal,
): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const request = startRequest(url, {
      method: 'GET',
      headers: {
        ...headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': key,
        'sec-websocket-protocol': protocol,
      },
      signal,
    });
    request.once('upgrade', (response, socket, head) => resolve({ response, socket, head }));
    request.once('response', (response) => resolve({ response }));
    request.once('error', reject);
    request.end();
  });
}

/** An open WebSocket. It asks every 15 s whether the other side is still there, and ends if that one says nothing. */
export class WebSocketLink {
  readonly #socket: Duplex;
  readonly #sender: Sender;
  readonly #receiver = new Receiver({ isServer: false, maxPayload: mostMessageBytes });
  readonly #listener: WebSocketListener;
  readonly #pinging: NodeJS.Timeout;
  #answered = true;
  #end: WebSocketEnd = { code: 1006, reason: '' };

  constructor(socket: Duplex, head: Buffer, listener: WebSocketListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#sender = new Sender(socket);
    this.#receiver.on('message', (data: Buffer) => listener.onMessage(data));
    this.#receiver.on('ping', (data: Buffer) => {
      // To whoever asks and does not read, the answers would gather here.
      if (this.unsentBytes < mostUnsentPongs) this.#sender.pong(data, true);
    });
    this.#receiver.on('conclude', (code: number, reason: Buffer) => {
      this.#end = { code, reason: reason.toString('utf8') };
      socket.end();
    });
    // What is no frame, or too large: whoever sends that is not listened to any more.
    this.#receiver.on('error', () => {
      this.#end = { code: 1002, reason: '' };
      socket.destroy();
    });
    this.#receiver.on('drain', () => socket.resume());
    socket.on('data', (chunk: Buffer) => {
      // The answer to a ping, or anything else.
      this.#answered = true;
      if (!this.#receiver.write(chunk)) socket.pause();
    });
    // 'close' follows.
    socket.on('error', () => socket.destroy());
    socket.once('end', () => socket.end());
    socket.once('close', () => this.#closed());
    this.#pinging = setInterval(() => this.#ping(), pingMs);
    if (head.length > 0) this.#receiver.write(head);
  }

  /** Bytes that were given to {@link send} and are not on their way yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  send(data: Uint8Array): void {
    if (this.#socket.writable) this.#sender.send(data, { binary: true, fin: true, mask: true, compress: false });
  }

  /** Takes nothing more from the other side for now, which then has to wait. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#receiver.writableNeedDrain) this.#socket.resume();
  }

  /** Sends a close frame; `onEnd` follows, soon also if the other side does not answer. */
  close(): void {
    if (this.#socket.writable) this.#sender.close(1000, '', true);
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), closingMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #ping(): void {
    // A terminal that is paused hears no answer either.
    if (this.#socket.isPaused()) return;
    if (!this.#answered) {
      this.#socket.destroy();
      return;
    }
    this.#answered = false;
    if (this.#socket.writable) this.#sender.ping(new Uint8Array(0), true);
  }

  #closed(): void {
    clearInterval(this.#pinging);
    this.#receiver.destroy();
    this.#listener.onEnd(this.#end);
  }
}
