import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** Real time, also while the window's clock is the test's. */
const realTimeout = setTimeout;
const pause = (ms: number): Promise<void> => new Promise((resolve) => void realTimeout(resolve, ms));

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Opcodes of a WebSocket's frames. */
export const [binary, ping] = [2, 9];
const pong = 10;

/** A way to the platform, tunnels included, that counts what goes through it. */
export class IdleProxy {
  readonly seen = new Map<string, number>();
  /** Frames of WebSockets by their opcode, those from here and those that came back. */
  readonly sent = new Map<number, number>();
  readonly came = new Map<number, number>();
  readonly #sockets = new Set<Duplex>();
  readonly #server: Server;
  #open = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<IdleProxy> {
    const server = createServer((asked, answer) => proxy.#carry(port, asked, answer));
    const proxy = new IdleProxy(server);
    server.on('upgrade', (asked: IncomingMessage, socket: Duplex) => proxy.#join(port, asked, socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits until nothing is under way but what is held open, and whoever was answered has had turns to go on. */
  async quiet(): Promise<void> {
    // A busy computer gives this process its next turn late, when a pause is over whatever it has done in it.
    for (let turns = 0; turns < 3; turns += 1) {
      await pause(2);
      await nextTurn();
      const isBusy = this.#open > 0 || (this.sent.get(ping) ?? 0) > (this.came.get(pong) ?? 0);
      if (isBusy) turns = -1;
    }
  }

  /** Cuts all WebSockets. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  forget(): void {
    for (const counts of [this.seen, this.sent, this.came]) counts.clear();
  }

  stop(): void {
    this.cut();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #join(port: number, asked: IncomingMessage, socket: Duplex): void {
    this.#count(asked);
    const onward = connect(port, '127.0.0.1');
    this.#sockets.add(socket);
    const end = (): void => {
      this.#sockets.delete(socket);
      socket.destroy();
      onward.destroy();
    };
    for (const one of [socket, onward]) one.on('error', end).on('close', end);
    const lines = asked.rawHeaders.map((text, index) => (index % 2 === 0 ? `\r\n${text}: ` : text));
    onward.write(`GET ${asked.url ?? ''} HTTP/1.1${lines.join('')}\r\n\r\n`.replace(`:${this.port}`, `:${port}`));
    socket.on('data', framesInto(this.sent));
    socket.pipe(onward);
    let head = Buffer.alloc(0);
    const count = framesInto(this.came);
    onward.on('data', (bytes: Buffer) => {
      socket.write(bytes);
      if (head.includes('\r\n\r\n')) {
        count(bytes);
        return;
      }
      head = Buffer.concat([head, bytes]);
      const at = head.indexOf('\r\n\r\n');
      if (at >= 0) count(head.subarray(at + 4));
    });
  }

  #count(asked: IncomingMessage): string {
    const path =
      (asked.url ?? '')
        .split('?')[0]
        ?.replace(/\/dbx_[^/]+/, '/ID')
        .replace(/vscode-[\w-]+/, 'NAME') ?? '';
    const isTunnel = (asked.headers.host ?? '').includes('.tunnel.');
    const what = `${isTunnel ? 'tunnel ' : ''}${asked.method ?? ''} ${path}`;
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
    return path;
  }

  #carry(port: number, asked: IncomingMessage, answer: ServerResponse): void {
    const path = this.#count(asked);
    const isHeld = /\/(?:tail|watch|wait_for_status|stream_\w+)$/.test(path);
    if (!isHeld) {
      this.#open += 1;
      answer.once('close', () => (this.#open -= 1));
    }
    const host = (asked.headers.host ?? '').replace(/:\d+$/, `:${port}`);
    const onward = request(
      { host: '127.0.0.1', port, method: asked.method, path: asked.url, headers: { ...asked.headers, host } },
      (come) => {
        // The server's clock is the window's, also while that is the test's.
        answer.writeHead(come.statusCode ?? 502, { ...come.headers, date: new Date().toUTCString() });
        come.on('error', () => answer.destroy());
        come.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    answer.once('close', () => onward.destroy());
    asked.pipe(onward);
  }
}

/** Counts the frames in what it is given. */
function framesInto(counts: Map<number, number>): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const [first, second] = rest;
      if (first === undefined || second === undefined) return;
      const short = second & 127;
      const more = short === 126 ? 2 : short === 127 ? 8 : 0;
      const before = 2 + more + (second > 127 ? 4 : 0);
      if (rest.length < before) return;
      const length = more === 0 ? short : more === 2 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      if (rest.length < before + length) return;
      const opcode = first & 15;
      counts.set(opcode, (counts.get(opcode) ?? 0) + 1);
      rest = rest.subarray(before + length);
    }
  };
}
