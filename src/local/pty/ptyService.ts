import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import * as z from 'zod';
import type { Devbox } from '../devbox/devbox';
import { newTunnelKey, newTunnelToken } from '../ids';
import type { TerminalSize } from '../devbox/run/terminal';
import { ApiError, badRequest } from '../http/apiError';
import { sameSecret } from '../../ground/sameSecret';
import { tunnelTokens } from '../http/auth';
import { optional, parseBody } from '../http/bodies';
import type { Exchange } from '../http/exchange';
import { PtySession } from './ptySession';

/** The port of a tunnel's host name that means the terminals of the devbox. */
export const ptyPort = 13;

const usualSize: TerminalSize = { cols: 80, rows: 24 };
/** PTY tunnels remembered per devbox; each terminal of a client asks for one. */
const keptTunnels = 100;

const signals = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGKILL',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTERM',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGWINCH',
] as const;
const controlFields = z.object({
  action: z.enum(['resize', 'signal', 'close']),
  cols: optional(z.number()),
  rows: optional(z.number()),
  signal: optional(z.string()),
});

/** The way to one devbox's terminals: always with a token, and apart from the devbox's own tunnel. */
export interface PtyTunnel {
  readonly key: string;
  readonly token: string;
  readonly devbox: Devbox;
}

/** Terminals in devboxes: made and controlled over HTTP, used over a WebSocket. */
export class PtyService {
  readonly #idleSeconds: number;
  readonly #tunnels = new Map<string, PtyTunnel>();
  readonly #sessions = new Map<string, PtySession>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.values().next().value ?? false,
  });

  /** @param idleSeconds how long a shell lives without a client */
  constructor(idleSeconds: number) {
    this.#idleSeconds = idleSeconds;
  }

  /**
   * Opens a way to a devbox's terminals.
   * @throws DevboxError `wrong_state` unless the devbox runs
   */
  openTunnel(devbox: Devbox): PtyTunnel {
    devbox.requireRunning();
    const older = [...this.#tunnels.values()].filter((tunnel) => tunnel.devbox === devbox);
    for (const tunnel of older.slice(0, Math.max(0, older.length - keptTunnels + 1))) {
      this.#tunnels.delete(tunnel.key);
    }
    const tunnel = { key: newTunnelKey(), token: newTunnelToken(), devbox };
    this.#tunnels.set(tunnel.key, tunnel);
    void devbox
      .waitFor(['shutdown', 'failure'], new AbortController().signal)
      .then(() => this.#tunnels.delete(tunnel.key));
    return tunnel;
  }

  /** The tunnel that has this key, if it is one of these. */
  find(key: string): PtyTunnel | undefined {
    return this.#tunnels.get(key);
  }

  /**
   * Answers a request below `/pty/`.
   * @throws ApiError when the token is wrong or the request makes no sense
   */
  async answer(exchange: Exchange, tunnel: PtyTunnel): Promise<void> {
    requireToken(tunnelTokens(exchange.headers), tunnel);
    const [, root, name = '', verb, ...more] = exchange.path.split('/');
    if (root !== 'pty' || more.length > 0) {
      throw new ApiError(404, 'not_found', `There is no ${exchange.path} on a terminal tunnel.`);
    }
    if (exchange.method === 'GET' && verb === undefined) {
      const { session, created } = this.#open(tunnel.devbox, name, exchange.query);
      const size = readSize(exchange.query.get('cols'), exchange.query.get('rows'));
      if (!created && size !== undefined) {
        await session.resize(size);
      }
      exchange.sendJson(200, {
        session_name: name,
        status: 'ready',
        protocol_version: '1',
        connect_url: `/pty/${name}/attach`,
        created,
        attached: session.attached,
        ...session.size,
        idle_ttl_seconds: this.#idleSeconds,
      });
      return;
    }
    if (exchange.method === 'POST' && verb === 'control') {
      await this.#control(exchange, tunnel.devbox, name);
      return;
    }
    throw new ApiError(404, 'not_found', `There is no ${exchange.method} ${exchange.path} on a terminal tunnel.`);
  }

  /**
   * Connects a WebSocket with a terminal.
   * @throws ApiError before anything was sent, when it cannot be connected
   */
  attach(request: IncomingMessage, socket: Duplex, head: Buffer, tunnel: PtyTunnel): void {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((word) => word.trim());
    requireToken([...tunnelTokens(request.headers), ...offered], tunnel);
    const [path = '', query] = (request.url ?? '').split('?');
    const name = /^\/pty\/([^/]+)\/attach$/.exec(path)?.[1];
    if (name === undefined) {
      throw new ApiError(404, 'not_found', `There is no WebSocket at ${path}.`);
    }
    const { session } = this.#open(tunnel.devbox, name, new URLSearchParams(query));
    if (session.attached) {
      throw new ApiError(
        409,
        'already_attached',
        `The terminal ${name} has a client already. Close that one first, or use another session name.`,
        false,
      );
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      if (session.attached) {
        client.close(1008, 'The terminal has a client already.');
      } else {
        session.attach(client);
      }
    });
  }

  /** Ends all terminals. */
  close(): void {
    for (const session of this.#sessions.values()) {
      session.close();
    }
  }

  #open(devbox: Devbox, name: string, query: URLSearchParams): { session: PtySession; created: boolean } {
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) {
      throw badRequest('A session name has 1 to 256 letters, digits, - and _ only.');
    }
    const size = readSize(query.get('cols'), query.get('rows'));
    const key = `${devbox.id} ${name}`;
    const existing = this.#sessions.get(key);
    const run = requireRun(devbox);
    if (existing?.run === run) {
      return { session: existing, created: false };
    }
    const session = new PtySession(name, run, size ?? usualSize, this.#idleSeconds);
    this.#sessions.set(key, session);
    void session.ended.then(() => {
      if (this.#sessions.get(key) === session) {
        this.#sessions.delete(key);
      }
    });
    return { session, created: true };
  }

  async #control(exchange: Exchange, devbox: Devbox, name: string): Promise<void> {
    const fields = parseBody(controlFields, await exchange.readObject());
    const session = this.#sessions.get(`${devbox.id} ${name}`);
    if (session === undefined) {
      throw new ApiError(404, 'not_found', `There is no terminal ${name} in devbox ${devbox.id}.`);
    }
    if (fields.action === 'close') {
      session.close();
      await session.ended;
    } else if (fields.action === 'resize') {
      const size = readSize(String(fields.cols ?? ''), String(fields.rows ?? ''));
      if (size === undefined) {
        throw badRequest('A resize needs cols and rows.');
      }
      await session.resize(size);
    } else {
      const signal = signals.find((known) => known === fields.signal);
      if (signal === undefined) {
        throw badRequest(
          `"${fields.signal ?? ''}" is not a signal that can be sent. Use one of ${signals.join(', ')}.`,
        );
      }
      if (!(await session.signal(signal.slice(3)))) {
        throw badRequest('Nothing runs in the foreground of this terminal.');
      }
    }
    exchange.sendJson(200, { session_name: name, status: fields.action === 'close' ? 'closed' : 'ok' });
  }
}

function requireToken(given: readonly string[], tunnel: PtyTunnel): void {
  if (!given.some((candidate) => sameSecret(candidate, tunnel.token))) {
    throw new ApiError(
      401,
      'unauthorized',
      'The terminal tunnel needs the auth_token of create_pty_tunnel, as Authorization: Bearer or as WebSocket subprotocol.',
    );
  }
}

function requireRun(devbox: Devbox): PtySession['run'] {
  if (devbox.status !== 'running') {
    throw new ApiError(
      503,
      'tunnel_service_not_ready',
      `Devbox ${devbox.id} is ${devbox.status}; it has terminals when it runs.`,
      true,
    );
  }
  return devbox.requireRun();
}

/** The size, or undefined where none is given. One side without the other, and sizes that no terminal has, are refused. */
function readSize(cols: string | null, rows: string | null): TerminalSize | undefined {
  const given = [cols ?? '', rows ?? ''].filter((text) => text !== '');
  const numbers = given.map(Number);
  if (numbers.some((number) => !Number.isInteger(number) || number < 1 || number > 1_000)) {
    throw badRequest('cols and rows must be whole numbers from 1 to 1000.');
  }
  const [first, second] = numbers;
  return first === undefined || second === undefined ? undefined : { cols: first, rows: second };
}
