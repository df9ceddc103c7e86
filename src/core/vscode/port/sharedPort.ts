import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { heldBytes } from '../../forwarding/forwardTarget';
import { askHolder, takeQuestion, type Answer, type Question } from './askHolder';
import type { Sealed } from './sealed';

/** Where windows keep which port is for what. */
export interface PortNotes {
  /** The port that this was served on last, by whichever window. */
  port(name: string): Promise<number | undefined>;
  /**
   * Notes a port.
   *
   * @param instead the one that it takes the place of; nothing is noted if another one is noted by now
   * @returns the port that is noted then
   */
  note(name: string, port: number, instead: number | undefined): Promise<number>;
}

export interface SharedPortOptions {
  /** What it is for; the same in all windows. */
  readonly name: string;
  readonly notes: PortNotes | undefined;
  readonly sealed: Sealed;
  /** Answers other windows while this one listens. */
  readonly reply: (question: Question) => Answer;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** Told when somebody else has taken the port, so that what browsers have open leads nowhere. */
  readonly onMoved: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** Milliseconds for which a port is waited for that an ending process may still hold. */
const waitMs = 2_000;
const againMs = 100;
/** Milliseconds in which another window takes a port over that was let go of for it. */
const yieldMs = 500;

/**
 * A port on 127.0.0.1 that all windows of an editor share: one of them listens, the others wait on a connection to it, and
 * when that ends, one of them takes over. It does not keep the process alive.
 */
export class SharedPort {
  readonly server: Server;
  readonly #options: SharedPortOptions;
  readonly #waiting = new Set<ServerResponse>();
  #coming: Promise<number> | undefined;
  #endWait: (() => void) | undefined;
  #isClosed = false;
  #port: number | undefined;

  constructor(options: SharedPortOptions) {
    this.#options = options;
    this.server = createServer({ highWaterMark: heldBytes }, (request, response) => {
      const { sealed, name } = options;
      const isQuestion = takeQuestion(sealed, { name, request, response }, (question) => {
        if (question.kind === 'wait') this.#keep(response);
        return options.reply(question);
      });
      if (!isQuestion) options.onRequest(request, response);
    });
    // Trouble of a server that listens, such as too many open files, concerns one connection only.
    this.server.on('error', () => undefined);
  }

  /** The port, if it is known by now. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Whether this window listens. */
  get isHolder(): boolean {
    return this.server.listening;
  }

  /** Whether another window waits for this one to let go of the port. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Listens, or waits behind the window that does. @returns the port */
  async open(): Promise<number> {
    this.#coming ??= this.#come().catch((error: unknown) => {
      this.#coming = undefined;
      throw error;
    });
    return this.#coming;
  }

  /** Asks the window that listens; undefined if there is none, or it does not answer. */
  async ask(question: Question): Promise<Answer | undefined> {
    const port = await this.open();
    if (this.isHolder) return undefined;
    const { sealed, name } = this.#options;
    return (await askHolder(sealed, { port, name, question }))?.answer;
  }

  /** Becomes the window that listens, where the one that does serves nobody. */
  async takeOver(): Promise<void> {
    const answer = await this.ask({ kind: 'yield' });
    if (answer?.['yields'] !== true) return;
    for (let end = Date.now() + waitMs; !this.isHolder && !this.#isClosed && Date.now() < end;) await sleep(20);
  }

  /** Lets another window listen, if there is one that waits, and waits behind it. */
  letGo(): void {
    if (!this.isAwaited || this.#isClosed) return;
    this.#stopListening();
    this.#coming = sleep(yieldMs).then(() => this.#come());
    this.#coming.catch((error: unknown) => this.#options.onFailure(error));
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#endWait?.();
  }

  #stopListening(): void {
    if (this.server.listening) this.server.close();
    for (const response of this.#waiting) response.destroy();
  }

  #keep(response: ServerResponse): void {
    this.#waiting.add(response);
    response.once('close', () => this.#waiting.delete(response));
  }

  async #come(): Promise<number> {
    const { name, notes, onMoved } = this.#options;
    const before = this.#port;
    let wanted = await notes?.port(name);
    for (let end = Date.now() + waitMs; wanted !== undefined && !this.#isClosed && Date.now() < end;) {
      if ((await this.#listen(wanted)) || (await this.#waitBehind(wanted))) return this.#have(wanted, before);
      await sleep(againMs);
      // Another window may have found it taken before.
      wanted = await notes?.port(name);
    }
    if (this.#isClosed) return this.#port ?? 0;
    if (!(await this.#listen(0))) throw new Error('no port is free');
    const port = (this.server.address() as AddressInfo).port;
    const noted = (await notes?.note(name, port, wanted)) ?? port;
    if (noted !== port) {
      this.#stopListening();
      return this.#come();
    }
    if (wanted !== undefined) onMoved();
    return this.#have(port, port);
  }

  #have(port: number, before: number | undefined): number {
    this.#port = port;
    if (before !== undefined && before !== port) this.#options.onMoved();
    return port;
  }

  async #listen(port: number): Promise<boolean> {
    const { server } = this;
    return new Promise((resolve) => {
      const failed = (): void => {
        server.off('listening', listening);
        resolve(false);
      };
      const listening = (): void => {
        server.off('error', failed);
        server.unref();
        if (this.#isClosed) server.close();
        resolve(true);
      };
      server.once('error', failed);
      server.once('listening', listening);
      server.listen(port, '127.0.0.1');
    });
  }

  async #waitBehind(port: number): Promise<boolean> {
    const { sealed, name, onFailure } = this.#options;
    const asked = await askHolder(sealed, { port, name, question: { kind: 'wait' } }, () => {
      this.#endWait = undefined;
      if (this.#isClosed) return;
      this.#coming = this.#come();
      this.#coming.catch(onFailure);
    });
    this.#endWait = asked?.end;
    if (this.#isClosed) asked?.end();
    return asked !== undefined;
  }
}
