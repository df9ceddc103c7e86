import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { answerHead } from './forwardHeaders';
import type { NoAnswer } from './forwarderPage';
import type { SharedHost } from './reach';
import { isProxys, startUpstream, type ForwardTarget } from './forwardTarget';
import { limitStalls } from './stalled';

export interface Forwarding {
  readonly target: ForwardTarget;
  readonly request: IncomingMessage;
  /** Milliseconds that the devbox may take to begin its answer. */
  readonly answerMs: number;
  /** Milliseconds that what one side sends waits while the other takes nothing of it; ten minutes if absent. */
  readonly stalledMs?: number | undefined;
  /**
   * The origin under which browsers know the devbox. Where it is given, only pages of it are told to the devbox as its own, and
   * what the devbox says of its address is turned back into this one. Where it is not given, every page counts as the devbox's own, as nobody else knows the address.
   */
  readonly ownOrigin?: string | undefined;
  /** With whom it shares the host name that the browser asks. */
  readonly shared?: SharedHost;
  /** An answer for which the browser gets a page of ours, and why. */
  readonly instead?: ((answer: IncomingMessage) => NoAnswer | undefined) | undefined;
  /** Told of the devbox's answer, before it is sent on. */
  readonly onAnswer?: ((answer: IncomingMessage) => void) | undefined;
}

/** Interim answers (1xx) that are waited through: a devbox could send them for ever. */
const mostInterim = 20;

/**
 * Carries one request of a browser to the devbox and the answer back. Whatever the devbox answers, nothing is thrown:
 * either the browser gets all of the answer, or `refuse` is called before any of it was sent, or its connection is cut, so
 * that half an answer never looks like a whole one.
 */
export function forwardRequest(
  { target, request, answerMs, stalledMs, ownOrigin, shared, instead, onAnswer }: Forwarding,
  response: ServerResponse,
  refuse: (why: NoAnswer) => void,
): void {
  let upstream: ClientRequest;
  try {
    upstream = startUpstream(target, request, { isUpgrade: false, ownOrigin });
  } catch {
    // The reason names the devbox's address.
    refuse('refused');
    return;
  }
  const end = onceOnly(() => {
    upstream.destroy();
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) refuse('unreachable');
  });
  const deadline = answerDeadline(request, answerMs, end);
  upstream.on('response', (answer) => {
    deadline.clear();
    const head = answerHead(answer, {
      isEmbedded: request.headers['sec-fetch-dest'] === 'iframe',
      target,
      ownOrigin,
      shared,
    });
    if (head === undefined || isProxys(target, answer)) {
      end();
      return;
    }
    const why = instead?.(answer);
    if (why !== undefined) {
      refuse(why);
      upstream.destroy();
      return;
    }
    onAnswer?.(answer);
    response.writeHead(head.status, head.reason, head.headers);
    sendBody(answer, response, stalledMs);
  });
  watchUpstream(upstream, end);
  // Nobody asked for another protocol.
  upstream.on('upgrade', (_answer, socket) => {
    socket.on('error', () => socket.destroy());
    socket.destroy();
    end();
  });
  response.on('error', () => response.destroy());
  const gone = (): void => {
    request.socket.off('close', gone);
    deadline.clear();
    upstream.destroy();
    // Browsers look for the answer once they have sent everything: what the devbox did not want of it is thrown away.
    if (!request.complete) request.unpipe(upstream).resume();
  };
  response.once('close', gone);
  // A response that waits behind another one of the same connection is not told that this has ended.
  request.socket.once('close', gone);
  request.on('error', () => upstream.destroy());
  request.pipe(upstream);
  limitStalls(request, upstream, stalledMs);
}

/** Sends an answer's body on; one that breaks off, or is not taken any more, cuts the browser's connection. */
export function sendBody(answer: IncomingMessage, response: ServerResponse, stalledMs: number | undefined): void {
  pipeline(answer, response, () => {
    if (!answer.complete) response.destroy();
  });
  limitStalls(answer, response, stalledMs);
}

/** Calls `failed` for whatever ends a request without an answer. It may be called again later, for what comes after. */
export function watchUpstream(upstream: ClientRequest, failed: () => void): void {
  let interim = 0;
  let answered = false;
  upstream.on('information', () => {
    interim += 1;
    if (interim > mostInterim) failed();
  });
  upstream.on('response', () => (answered = true));
  upstream.on('upgrade', () => (answered = true));
  upstream.on('error', () => {
    // What comes behind a whole answer is no part of it.
    if (!answered) failed();
  });
  upstream.on('close', () => {
    if (!answered) failed();
  });
}

/** Calls `late` once an answer is overdue. While the browser still sends, as with a big upload, the time does not run. */
export function answerDeadline(request: IncomingMessage, ms: number, late: () => void): { clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  let cleared = false;
  const begin = (): void => {
    clearTimeout(timer);
    if (!cleared) timer = setTimeout(late, ms);
  };
  request.on('data', begin);
  begin();
  return {
    clear: () => {
      cleared = true;
      clearTimeout(timer);
      request.off('data', begin);
    },
  };
}

function onceOnly(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
