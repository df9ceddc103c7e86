import type { WebSocket } from 'ws';
import type { DevboxRun } from '../devbox/run/devboxRun';
import { type TerminalSize, DevboxTerminal } from '../devbox/run/terminal';

/** The shell has ended. */
const shellEnded = 4000;
/** The session was closed on request, or the client was too slow to be kept. */
const normalClosure = 1000;
/** The devbox is suspended or has ended. */
const goingAway = 1001;

/** Bytes on their way to a client above which the shell has to wait. */
const mostUnsent = 1024 * 1024;

/** One shell on a terminal, which outlives its client for a while. */
export class PtySession {
  readonly name: string;
  readonly run: DevboxRun;
  /** Settles when the shell has ended or was ended. */
  readonly ended: Promise<void>;
  readonly #terminal: DevboxTerminal;
  readonly #idleSeconds: number;
  #size: TerminalSize;
  #client: WebSocket | undefined;
  #closing = false;
  #idle: NodeJS.Timeout | undefined;

  /** @param idleSeconds how long the shell lives without a client */
  constructor(name: string, run: DevboxRun, size: TerminalSize, idleSeconds: number) {
    this.name = name;
    this.run = run;
    this.#size = size;
    this.#idleSeconds = idleSeconds;
    this.#terminal = new DevboxTerminal(run, { size });
    this.#terminal.output.on('data', (chunk: Buffer) => this.#show(chunk));
    this.ended = this.#terminal.exited.then(() => this.#end());
    this.#startIdle();
  }

  get attached(): boolean {
    return this.#client !== undefined;
  }

  get size(): TerminalSize {
    return this.#size;
  }

  /** Connects a client; only while there is none. */
  attach(client: WebSocket): void {
    clearTimeout(this.#idle);
    this.#client = client;
    client.on('message', (data) => {
      const bytes = Buffer.isBuffer(data)
        ? data
        : data instanceof ArrayBuffer
          ? Buffer.from(data)
          : Buffer.concat(data);
      if (!this.#terminal.write(bytes)) {
        client.pause();
        this.#terminal.drained(() => client.resume());
      }
    });
    // A broken connection is a closed one: 'close' follows.
    client.on('error', () => client.terminate());
    client.once('close', () => {
      if (this.#client === client) {
        this.#client = undefined;
        this.#terminal.output.resume();
        this.#startIdle();
      }
    });
  }

  /** Changes the terminal's size. */
  async resize(size: TerminalSize): Promise<void> {
    this.#size = size;
    await this.#terminal.resize(size);
  }

  /** Sends a signal to what runs in the foreground; false when nothing does. */
  signal(name: string): Promise<boolean> {
    return this.#terminal.signal(name);
  }

  /** Ends the shell. */
  close(): void {
    this.#closing = true;
    this.#terminal.close();
  }

  #show(chunk: Buffer): void {
    const client = this.#client;
    // Without a client the output is dropped: a client asks for a redraw when it comes back.
    if (client === undefined) {
      return;
    }
    const sent = (): void => {
      if (client.bufferedAmount < mostUnsent) {
        this.#terminal.output.resume();
      }
    };
    client.send(chunk, { binary: true }, sent);
    if (client.bufferedAmount >= mostUnsent) {
      this.#terminal.output.pause();
    }
  }

  #startIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), this.#idleSeconds * 1_000);
    this.#idle.unref();
  }

  #end(): void {
    clearTimeout(this.#idle);
    if (this.run.signal.aborted) {
      this.#client?.close(goingAway, 'The devbox is suspended or has ended.');
    } else if (this.#closing) {
      this.#client?.close(normalClosure, 'The session was closed.');
    } else {
      this.#client?.close(shellEnded, 'The shell has ended.');
    }
  }
}
