import { isTransient, RuntimeError } from '../errors';
import { requestText, type TextAnswer } from '../http/httpRequest';
import { retrying } from '../http/retry';
import type { RetryRule } from '../http/retryRules';
import { openWebSocket, type WebSocketLink, type WebSocketListener } from '../http/webSocket';
import { asBoolean, asObject, asString, parseJson } from '../parse';
import { oneLine } from '../safeText';
import { objectOf } from '../platform/answers';
import type { RunloopApi } from '../platform/runloopApi';
import { tunnelOrigin } from '../platform/tunnel';
import { phrase } from '../problems/phrases';
import { terminalProblem } from '../problems/terminal';
import { redact } from '../redact';

/** The "port" of a tunnel's host name that means the terminals of the devbox (contract §4.1). */
const ptyPort = 13;
/** Milliseconds that one request may take, and the handshake of the WebSocket. */
const requestMs = 15_000;
/** A new tunnel takes a moment until it leads somewhere; Runloop's own client waits 1.5 s and tries three times. */
const bootstrapRule: RetryRule = { tries: 5, delayMs: 400, factor: 2, maxDelayMs: 3_000, jitter: false };

export interface TerminalSize {
  /** 1 to 1000. */
  readonly cols: number;
  readonly rows: number;
}

/** The way to the terminals of one devbox. Both parts are secrets. */
export interface PtyTunnel {
  readonly origin: string;
  readonly token: string;
  readonly devboxId: string;
}

/** A shell that is there, before somebody connects to it. */
export interface PtyReady {
  /** False if it was there before. */
  readonly created: boolean;
  /** Whether somebody else is connected to it. */
  readonly attached: boolean;
  readonly connectPath: string;
}

/** Opens a way to the terminals of a devbox that runs. @throws RuntimeError */
export async function openPtyTunnel(
  api: RunloopApi,
  devboxId: string,
  options: { readonly template: string | undefined; readonly signal: AbortSignal },
): Promise<PtyTunnel> {
  const { template, signal } = options;
  const { key, token } = await api.tunnels.openPty(devboxId, { signal });
  return { origin: tunnelOrigin({ port: ptyPort, key, apiBaseUrl: api.baseUrl, template }), token, devboxId };
}

/** Makes a session's shell, or finds the one that is there. @throws RuntimeError */
export async function readyPty(
  tunnel: PtyTunnel,
  name: string,
  { cols, rows }: TerminalSize,
  signal: AbortSignal,
): Promise<PtyReady> {
  const answer = await retrying(() => ask(tunnel, 'GET', `/pty/${name}?cols=${cols}&rows=${rows}`, undefined, signal), {
    rule: bootstrapRule,
    signal,
    retryOn: isTransient,
  });
  const view = objectOf(parseJson(answer.body), 'a terminal connection', tunnel.devboxId);
  return {
    created: asBoolean(view['created']) !== false,
    attached: asBoolean(view['attached']) === true,
    connectPath: asString(view['connect_url']) ?? `/pty/${name}/attach`,
  };
}

/** Connects to a session's shell. @returns undefined if somebody else is connected to it. @throws RuntimeError */
export async function attachPty(
  tunnel: PtyTunnel,
  connectPath: string,
  listener: WebSocketListener,
  signal: AbortSignal,
): Promise<WebSocketLink | undefined> {
  const url = new URL(connectPath, tunnel.origin);
  // A devbox says where; it must not send the token elsewhere.
  if (url.origin !== new URL(tunnel.origin).origin) {
    throw new RuntimeError({ problem: terminalProblem('terminal_answer'), devboxId: tunnel.devboxId });
  }
  const { token: protocol, devboxId } = tunnel;
  const answer = await openWebSocket(url, { headers: {}, protocol, timeoutMs: requestMs, signal, devboxId }, listener);
  if (!('status' in answer)) return answer;
  if (answer.status === 409) return undefined;
  throw refusal(tunnel, answer);
}

/** Tells a session's shell something that keys cannot. @throws RuntimeError */
export async function controlPty(
  tunnel: PtyTunnel,
  name: string,
  action: { readonly action: 'close' } | ({ readonly action: 'resize' } & TerminalSize),
  signal: AbortSignal,
): Promise<void> {
  await ask(tunnel, 'POST', `/pty/${name}/control`, JSON.stringify(action), signal);
}

async function ask(
  tunnel: PtyTunnel,
  method: 'GET' | 'POST',
  path: string,
  body: string | undefined,
  signal: AbortSignal,
): Promise<TextAnswer> {
  const answer = await requestText(new URL(path, tunnel.origin), {
    method,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${tunnel.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
    timeoutMs: requestMs,
    signal,
    devboxId: tunnel.devboxId,
  });
  if (answer.status < 200 || answer.status >= 300) throw refusal(tunnel, answer);
  return answer;
}

function refusal({ devboxId }: PtyTunnel, { status, body }: Pick<TextAnswer, 'status' | 'body'>): RuntimeError {
  if (status === 404 || status === 501) {
    return new RuntimeError({ problem: terminalProblem('terminal_not_offered', { status }), devboxId, status });
  }
  const view = asObject(parseJson(body));
  const said = asString(view?.['message']) ?? asString(asObject(view?.['error'])?.['message']) ?? '';
  const problem = terminalProblem('terminal_refused', {
    status,
    said: said === '' ? phrase('no reason was given') : oneLine(redact(said), 200),
  });
  // Too many requests for the moment: nobody was refused for good.
  return new RuntimeError({ problem, devboxId, status, ...(status === 429 ? { shouldRetry: true } : {}) });
}
