import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestCounts } from './mochaRun';
import { parseSuiteMessage, type SuiteMessage } from './suiteProtocol';

/** Listens to the suite that runs inside an extension host, and knows whether it has come to its end. */
export class SuiteListener {
  private heard: TestCounts | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    /** For the suite's environment. */
    readonly socketPath: string,
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  /**
   * Starts listening.
   * @param onMessage receives everything that the suite says
   */
  static async start(onMessage: (message: SuiteMessage) => void): Promise<SuiteListener> {
    const folder = await mkdtemp(join(tmpdir(), 'runloop-suite-'));
    const server = createServer();
    const listener = new SuiteListener(join(folder, 'suite.sock'), folder, server);
    server.on('connection', (socket) => listener.listen(socket, onMessage));
    server.listen(listener.socketPath);
    await once(server, 'listening');
    return listener;
  }

  /** What the suite has counted, once it has come to its end. */
  get counts(): TestCounts | undefined {
    return this.heard;
  }

  /** Stops listening and removes the socket. */
  async dispose(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
    await closed;
    await rm(this.folder, { recursive: true, force: true });
  }

  private listen(socket: Socket, onMessage: (message: SuiteMessage) => void): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
      const message = parseSuiteMessage(line);
      if (message.type === 'end') {
        this.heard = message.counts;
      }
      onMessage(message);
    });
  }
}
