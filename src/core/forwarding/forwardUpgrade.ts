import { ServerResponse, type ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerHead, upgradeHead } from './forwardHeaders';
import type { NoAnswer } from './forwarderPage';
import { answerDeadline, sendBody, watchUpstream, type Forwarding } from './forwardRequest';
import { isProxys, startUpstream } from './forwardTarget';
import { limitStalls } from './stalled';

/** Bytes that a browser may send before the devbox has agreed. */
const mostEarly = 256 * 1024;
/** Milliseconds that the other side has to take the rest and close, once one side has ended. */
const closingMs = 10_000;

/** Looks at what the browser sends over a connection, whose extensions the two sides have agreed on. */
export type WatchConnection = (extensions: string | undefined) => {
  readonly take: (chunk: Buffer) => void;
  readonly end: () => void;
};

/**
 * Carries a WebSocket, or whatever else a browser wants to change to, between a browser and a devbox. When one side is
 * gone, so is the other, also where the devbox had not answered yet.
 *
 * @param upgrade.head what the browser sent behind its request
 */
export function forwardUpgrade(
  {
    target,
    request,
    answerMs,
    ownOrigin,
    shared,
    watch,
    onAnswer,
    stalledMs,
  }: Forwarding & { readonly watch?: WatchConnection | undefined },
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  refuse: (response: ServerResponse, why: NoAnswer) => void,
): void {
  const refused = (why: NoAnswer): void => {
    if (!socket.destroyed) refuse(responseOn(socket, request), why);
  };
  let upstream: ClientRequest;
  try {
    upstream = startUpstream(target, request, { isUpgrade: true, ownOrigin });
  } catch {
    refused('refused');
    return;
  }
  let settled = false;
  const early = new EarlyBytes(socket, head, () => upstream.destroy());
  const settle = (): boolean => {
    const isFirst = !settled;
    settled = true;
    deadline.clear();
    if (isFirst) early.stop();
    return isFirst && !socket.destroyed;
  };
  const fail = (): void => {
    upstream.destroy();
    if (settle()) refused('unreachable');
  };
  const deadline = answerDeadline(request, answerMs, fail);
  socket.once('close', () => {
    settle();
    upstream.destroy();
  });
  watchUpstream(upstream, fail);
  upstream.on('response', (answer) => {
    // The devbox did not agree: an answer like any other.
    const told = answerHead(answer, { isEmbedded: false, target, ownOrigin, shared });
    if (told === undefined || isProxys(target, answer)) {
      fail();
      return;
    }
    if (!settle()) {
      answer.destroy();
      return;
    }
    onAnswer?.(answer);
    const response = responseOn(socket, request);
    response.writeHead(told.status, told.reason, told.headers);
    sendBody(answer, response, stalledMs);
  });
  upstream.on('upgrade', (answer, remote, first) => {
    remote.on('error', () => remote.destroy());
    if (!settle()) {
      remote.destroy();
      return;
    }
    onAnswer?.(answer);
    socket.write(upgradeHead(answer, shared), 'latin1');
    if (first.length > 0) socket.write(first);
    const watched = watch?.(answer.headers['sec-websocket-extensions']);
    for (const chunk of early.bytes) {
      remote.write(chunk);
      watched?.take(chunk);
    }
    if (watched !== undefined) {
      socket.on('data', watched.take);
      socket.once('close', watched.end);
    }
    tie(socket, remote, stalledMs);
  });
  upstream.end();
}

/** A response for a connection that its HTTP server has let go of. It closes the connection at its end. */
export function responseOn(socket: Duplex, request: Forwarding['request']): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.on('error', () => socket.destroy());
  // The type wants what a server's connections are.
  if (socket instanceof Socket) response.assignSocket(socket);
  else socket.destroy();
  response.once('finish', () => closeSoon(socket));
  return response;
}

/** Keeps what a browser sends before it was answered, and notices when it is gone: an unread stream does not tell. */
class EarlyBytes {
  readonly bytes: Buffer[] = [];
  readonly #socket: Duplex;
  readonly #take: (chunk: Buffer) => void;
  readonly #gone: () => void;

  constructor(socket: Duplex, head: Buffer, gone: () => void) {
    let size = head.length;
    if (size > 0) this.bytes.push(head);
    this.#socket = socket;
    this.#gone = () => {
      socket.destroy();
      gone();
    };
    this.#take = (chunk) => {
      size += chunk.length;
      this.bytes.push(chunk);
      if (size > mostEarly) this.#gone();
    };
    socket.on('data', this.#take);
    socket.on('end', this.#gone);
    socket.resume();
  }

  stop(): void {
    this.#socket.off('data', this.#take);
    this.#socket.off('end', this.#gone);
    this.#socket.pause();
  }
}

function tie(a: Duplex, b: Duplex, stalledMs: number | undefined): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    // While the other takes nothing, this one is not read, and its end is not noticed.
    from.pipe(to);
    limitStalls(from, to, stalledMs);
    // Half closed: the other may finish what it is sending, but not stay for ever.
    from.once('end', () => {
      closeLater(from);
      closeLater(to);
    });
    from.once('close', () => closeSoon(to));
  }
}

/** Sends the rest and closes; cuts what does not take the rest. */
function closeSoon(stream: Duplex): void {
  if (stream.destroyed) return;
  stream.end(() => stream.destroy());
  closeLater(stream);
}

function closeLater(stream: Duplex): void {
  const timer = setTimeout(() => stream.destroy(), closingMs);
  stream.once('close', () => clearTimeout(timer));
}
