import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';

/** How a {@link FrontProxy} is started. */
export interface FrontProxyOptions {
  /** Port on 127.0.0.1 to listen on; 0 takes any free one. */
  readonly port: number;
  /** Where the key for the page's secrets is kept; made if it is not there. */
  readonly keyFile: string;
}

/** The port that was asked for cannot be listened on. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse';
}

const keyBytes = 32;

/**
 * Stands before the VS Code server at the address that is given to the user. The page encrypts the secrets of extensions
 * with a key that it asks of its own server; the bare VS Code server has none, and secrets would be lost at every reload.
 *
 * Requests that other web sites make are refused, since whoever can talk to a VS Code can run programs with it.
 */
export class FrontProxy {
  /** Port on 127.0.0.1 of the VS Code server; requests that come before it is known are answered with 502. */
  target: number | undefined;

  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    private readonly key: Buffer,
  ) {}

  /**
   * Starts listening.
   * @throws PortInUse if the port cannot be had
   */
  static async start(options: FrontProxyOptions): Promise<FrontProxy> {
    const server = createServer();
    const proxy = new FrontProxy(server, await loadKey(options.keyFile));
    server.on('request', (incoming, answer) => proxy.forward(incoming, answer));
    server.on('upgrade', (incoming, socket, head) => proxy.forwardUpgrade(incoming, socket, head));
    server.on('connection', (socket) => proxy.track(socket));
    // A workbench keeps connections open for as long as its page is there.
    server.requestTimeout = 0;
    server.listen(options.port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      throw isCode(error, 'EADDRINUSE', 'EACCES')
        ? new PortInUse(`Port ${options.port} on 127.0.0.1 cannot be used: ${error.message}.`, { cause: error })
        : error;
    }
    return proxy;
  }

  /** The address of the page, `http://127.0.0.1:<port>`. */
  get origin(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('The front proxy does not listen any more.');
    }
    return `http://127.0.0.1:${address.port}`;
  }

  /** Ends all connections and stops listening. */
  async dispose(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  private forward(incoming: IncomingMessage, answer: ServerResponse): void {
    if (!this.isOwn(incoming)) {
      answer.writeHead(403, { 'content-type': 'text/plain' }).end('This VS Code is for its own pages only.\n');
      return;
    }
    if (incoming.method === 'POST' && incoming.url?.split('?')[0] === '/mint-key') {
      incoming.resume();
      answer.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' }).end(this.key);
      return;
    }
    if (this.target === undefined) {
      answer.writeHead(502, { 'content-type': 'text/plain' }).end('VS Code is starting.\n');
      return;
    }
    const onward = request({
      host: '127.0.0.1',
      port: this.target,
      ...(incoming.method === undefined ? {} : { method: incoming.method }),
      ...(incoming.url === undefined ? {} : { path: incoming.url }),
      headers: incoming.rawHeaders,
      agent: false,
    });
    onward.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.statusMessage, response.rawHeaders);
      response.on('error', () => answer.destroy());
      response.pipe(answer);
    });
    onward.on('error', () => {
      if (answer.headersSent) {
        answer.destroy();
      } else {
        answer.writeHead(502, { 'content-type': 'text/plain' }).end('The VS Code server does not answer.\n');
      }
    });
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }

  private forwardUpgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.target === undefined || !this.isOwn(incoming)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    const onward = connect(this.target, '127.0.0.1');
    this.track(onward);
    onward.on('connect', () => {
      onward.write(
        `${incoming.method ?? 'GET'} ${incoming.url ?? '/'} HTTP/1.1\r\n${socketHeaderLines(incoming.rawHeaders)}\r\n`,
      );
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    const end = (): void => {
      socket.destroy();
      onward.destroy();
    };
    for (const side of [socket, onward]) {
      side.on('error', end);
      side.on('close', end);
    }
  }

  /**
   * A page of another site cannot set Host and Origin as it likes. Mere reading needs no Origin check: the browser keeps
   * the answers from other sites, and webviews, which are sandboxed, read with the Origin `null`.
   */
  private isOwn(incoming: IncomingMessage): boolean {
    const port = new URL(this.origin).port;
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    const { host, origin, upgrade } = incoming.headers;
    const reads = upgrade === undefined && (incoming.method === 'GET' || incoming.method === 'HEAD');
    return host !== undefined && hosts.includes(host) && (reads || origin === undefined || origin === `http://${host}`);
  }

  private track(socket: Duplex): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  }
}

async function loadKey(file: string): Promise<Buffer> {
  try {
    const key = await readFile(file);
    if (key.length === keyBytes) {
      return key;
    }
  } catch (error) {
    if (!isCode(error, 'ENOENT')) {
      throw error;
    }
  }
  const key = randomBytes(keyBytes);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, key, { mode: 0o600 });
  return key;
}

/** Without the offer to compress, which costs more than it saves on one computer: a tenth of the server's work at a page's start. */
function socketHeaderLines(raw: readonly string[]): string {
  let lines = '';
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (name.toLowerCase() !== 'sec-websocket-extensions') {
      lines += `${name}: ${raw[index + 1] ?? ''}\r\n`;
    }
  }
  return lines;
}

function isCode(error: unknown, ...codes: string[]): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
