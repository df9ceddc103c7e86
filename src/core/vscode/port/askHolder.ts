import { randomBytes } from 'node:crypto';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { asString } from '../../parse';
import type { Sealed } from './sealed';

/** What a window asks the one that listens on a port which both of them use. */
export type Question =
  /** Tell me when you let go of the port: the answer stays open until then. */
  | { readonly kind: 'wait' }
  /** I can serve the devbox. Do you, or may I? */
  | { readonly kind: 'yield' }
  /** Lead whoever asks for an address to this page, once. */
  | { readonly kind: 'hide'; readonly first: string; readonly later: string };

export type Answer = Readonly<Record<string, unknown>>;

const path = '/runloop-port';
const mostBytes = 64 * 1024;
/** Milliseconds in which a window answers another. */
const answerMs = 2_000;

/**
 * Asks whoever listens on a port of this computer.
 *
 * @param name of what the port is for: no window answers for another port of its
 * @param onEnd told, once an answer has come, when its connection ends
 * @returns undefined if it is none of our windows, or does not answer
 */
export async function askHolder(
  sealed: Sealed,
  { port, name, question }: { readonly port: number; readonly name: string; readonly question: Question },
  onEnd?: () => void,
): Promise<{ readonly answer: Answer; readonly end: () => void } | undefined> {
  return new Promise((resolve) => {
    const nonce = randomBytes(16).toString('hex');
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false });
    const timer = setTimeout(() => sent.destroy(), answerMs);
    let isAnswered = false;
    sent.on('socket', (socket) => socket.unref());
    sent.on('error', () => undefined);
    sent.once('close', () => {
      clearTimeout(timer);
      if (isAnswered) onEnd?.();
      else resolve(undefined);
    });
    sent.once('response', (response: IncomingMessage) => {
      let text = '';
      response.on('error', () => undefined);
      response.on('data', (chunk: Buffer) => {
        if (isAnswered) return;
        text += chunk.toString('latin1');
        const end = text.indexOf('\n');
        const answer = end < 0 ? undefined : sealed.open(text.slice(0, end));
        if (answer !== undefined && answer['to'] === nonce) {
          isAnswered = true;
          clearTimeout(timer);
          resolve({ answer, end: () => sent.destroy() });
          if (onEnd === undefined) sent.destroy();
        } else if (end >= 0 || text.length > mostBytes) {
          sent.destroy();
        }
      });
    });
    // With its port, so that whoever has taken one can pass no question of it on to the window that listens on another.
    sent.end(sealed.seal({ ...question, name, port, nonce }));
  });
}

/**
 * Takes a request if it is a question of another window.
 *
 * @param reply gives the answer; the connection of one to `wait` stays open
 * @returns false if the request is anything else
 */
export function takeQuestion(
  sealed: Sealed,
  { name, request: asked, response }: { name: string; request: IncomingMessage; response: ServerResponse },
  reply: (question: Question) => Answer | undefined,
): boolean {
  if (asked.url !== path || asked.method !== 'POST') return false;
  let text = '';
  const refuse = (): void => void response.writeHead(404, { connection: 'close' }).end();
  response.on('error', () => response.destroy());
  asked.on('error', () => asked.destroy());
  asked.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (text.length > mostBytes) asked.destroy();
  });
  asked.once('end', () => {
    const message = sealed.open(text);
    const isMeant = message?.['name'] === name && message['port'] === asked.socket.localPort;
    const question = isMeant ? questionIn(message) : undefined;
    const answer = question === undefined ? undefined : reply(question);
    if (question === undefined || answer === undefined) {
      refuse();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store', connection: 'close' });
    response.write(`${sealed.seal({ ...answer, to: message?.['nonce'] })}\n`);
    if (question.kind !== 'wait') response.end();
  });
  return true;
}

function questionIn(message: Answer): Question | undefined {
  const [first, later] = [asString(message['first']), asString(message['later'])];
  switch (message['kind']) {
    case 'wait':
    case 'yield':
      return { kind: message['kind'] };
    case 'hide':
      return first === undefined || later === undefined ? undefined : { kind: 'hide', first, later };
    default:
      return undefined;
  }
}
