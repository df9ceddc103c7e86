import { deadline, linkSignals, whenEnded } from '../../ground/deadline';
import { isTransient, RuntimeError } from '../errors';
import type { Disposable } from '../events';
import type { WebSocketEnd, WebSocketLink } from '../http/webSocket';
import { terminalProblem } from '../problems/terminal';
import type { RunloopApi } from '../platform/runloopApi';
import { attachPty, controlPty, openPtyTunnel, readyPty, type PtyTunnel, type TerminalSize } from './ptyApi';
import { ShellSetUp } from './shellSetUp';
import { ShownOutput, type Filled } from './shownOutput';
import { TerminalResize } from './terminalResize';
import type { TerminalState } from './terminalState';
import { TriesPace } from './triesPace';

export interface TerminalSessionOptions {
  readonly api: RunloopApi;
  readonly devboxId: string;
  /** Of letters, digits, `-` and `_`; the shell goes by it. */
  readonly name: string;
  /** True if a shell of this name was there: one that is made now is then another one. */
  readonly isKnown: boolean;
  /** Where a new shell begins. */
  readonly folder: string | undefined;
  readonly tunnelUrlTemplate: string | undefined;
  /** Ends with the account. */
  readonly ended: AbortSignal;
  /** `isReplay`: it was printed earlier; what the terminal answers to it must not be sent. */
  readonly onOutput: (text: string, isReplay: boolean) => void;
  readonly onState: (state: TerminalState) => void;
  /** A new shell does not wait for a command yet, and is shown as it is: its start file may ask for something. */
  readonly onUnready?: (() => void) | undefined;
  /** Told of what goes wrong beside the way and changes nothing. */
  readonly onFailure: (error: unknown) => void;
}

/** A shell that ended says so by this code (contract §4.1). */
const shellEnded = 4000;
/** Somebody has closed the session. */
const normalEnd = 1000;
/** Nobody has closed it. */
const cut = 1006;
/** Bytes that one frame of input has at the most. */
const frameBytes = 64 * 1024;
/** Tries, some seconds in all, in which a devbox that says that it runs, and refuses all the same, may say something else. */
const triesOfGoing = 5;
/** Milliseconds that one request about the devbox or the terminal may take. */
const requestMs = 20_000;

/** One shell in a devbox, found again after a lost connection for as long as it lives there. */
export class TerminalSession implements Disposable {
  readonly #options: TerminalSessionOptions;
  readonly #stop = new AbortController();
  #size: TerminalSize = { cols: 80, rows: 24 };
  #tunnel: PtyTunnel | undefined;
  #link: WebSocketLink | undefined;
  #isKnown: boolean;
  #connecting = false;
  #isOver = false;
  #isPaused = false;
  readonly #shown: ShownOutput;
  #setUp: ShellSetUp | undefined;
  #lostAtMs: number | undefined;
  readonly #sizes: TerminalResize;
  readonly #pace = new TriesPace();

  constructor(options: TerminalSessionOptions) {
    this.#options = options;
    this.#isKnown = options.isKnown;
    this.#shown = new ShownOutput(options.name, (text, isReplay) => {
      options.onOutput(text, isReplay);
      this.#setUp?.saw(text);
    });
    const tell = async (size: TerminalSize, signal: AbortSignal): Promise<void> => {
      if (this.#tunnel === undefined || this.#link === undefined) return;
      await controlPty(this.#tunnel, options.name, { action: 'resize', ...size }, signal);
    };
    const onFailure = (error: unknown): void => {
      // What cuts it off while the shell is set up cuts the connection as well, and it is told again.
      if (!this.#shown.isBeginning || !isTransient(error)) options.onFailure(error);
    };
    this.#sizes = new TerminalResize({ tell, now: () => this.#size, onFailure });
  }

  /** Connects; what becomes of it is told as a state. */
  start(size: TerminalSize): void {
    this.#size = size;
    whenEnded(this.#options.ended, () => this.dispose(), this.#stop.signal);
    this.#connect();
  }

  /** Tries again, for example after the devbox was resumed. */
  retry(): void {
    this.#pace.reset();
    this.#connect();
  }

  /** Sends keys. Without a connection they are dropped: typed into what cannot be seen, they would do harm later. */
  write(text: string): boolean {
    if (this.#link === undefined) return false;
    if (this.#setUp?.typed(text) !== true) this.#send(text);
    return true;
  }

  /** Whether what was written before has not gone out: nobody reads it, or the network does not carry it. */
  get isBehind(): boolean {
    return (this.#link?.unsentBytes ?? 0) > frameBytes;
  }

  #send(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length; at += frameBytes) this.#link?.send(bytes.subarray(at, at + frameBytes));
  }

  /** Tells the shell its size: one request at a time, the latest size wins. */
  resize(size: TerminalSize): void {
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#size = size;
    if (this.#link === undefined) return;
    this.#sizes.tell();
  }

  /** Takes no output for now: the program in the devbox has to wait. */
  pause(): void {
    this.#isPaused = true;
    this.#link?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#link?.resume();
  }

  /** Ends the shell, and this. @throws RuntimeError if it could not be told; it ends by itself after its idle time. */
  async end(): Promise<void> {
    try {
      if (this.#tunnel !== undefined && this.#link !== undefined) {
        await controlPty(this.#tunnel, this.#options.name, { action: 'close' }, deadline(requestMs));
      }
    } finally {
      this.dispose();
    }
  }

  /** Lets go of the shell, which lives on for its idle time. */
  dispose(): void {
    this.#stop.abort();
    this.#setUp?.dispose();
    this.#link?.close();
    this.#link = undefined;
  }

  #connect(): void {
    if (this.#link !== undefined || this.#stop.signal.aborted) return;
    // Where it sleeps, that is said at once: the way to its shell is tried for seconds before it is given up.
    const onFailure = (error: unknown): unknown => this.#stop.signal.aborted || this.#options.onFailure(error);
    if (this.#lostAtMs !== undefined) this.#hasStopped(this.#stop.signal).catch(onFailure);
    if (this.#connecting) return;
    this.#connecting = true;
    const both = linkSignals(this.#stop.signal, this.#options.ended);
    this.#tryUntilOpen(both.signal)
      .catch((error: unknown) => {
        if (!both.signal.aborted) this.#options.onState({ kind: 'failed', error });
      })
      .finally(() => {
        both.dispose();
        this.#connecting = false;
      });
  }

  async #tryUntilOpen(signal: AbortSignal): Promise<void> {
    this.#options.onState({ kind: 'connecting' });
    if (this.#pace.beforeMs > 0) await this.#pace.wait(this.#pace.beforeMs, signal);
    for (let refusals = 0; ;) {
      try {
        const opened = await this.#open(signal);
        if (opened === 'done') return;
        if (opened === 'taken') this.#options.onState({ kind: 'taken' });
      } catch (error) {
        if (signal.aborted) throw error;
        // A way that leads nowhere any more; the next one is new.
        this.#tunnel = undefined;
        if (await this.#hasStopped(signal)) return;
        if (isTransient(error)) this.#options.onState({ kind: 'lost', error });
        // A devbox that goes cuts its shells off, and refuses them, before it is said not to run.
        else if (this.#lostAtMs === undefined || (refusals += 1) > triesOfGoing) throw error;
      }
      await this.#pace.wait(this.#pace.failed(), signal);
    }
  }

  /** @returns `taken` if somebody else is connected to the shell; `lost` if it was connected, and is not any more */
  async #open(signal: AbortSignal): Promise<'done' | 'taken' | 'lost'> {
    const { api, devboxId, name, tunnelUrlTemplate: template } = this.#options;
    const tunnel = (this.#tunnel ??= await openPtyTunnel(api, devboxId, { template, signal }));
    let ready = await readyPty(tunnel, name, this.#size, signal);
    if (ready.attached) return 'taken';
    if (!ready.created && this.#shown.isBeginning) {
      // Nobody can tell whether it has its first line; nobody has seen anything of it either.
      await controlPty(tunnel, name, { action: 'close' }, signal);
      ready = await readyPty(tunnel, name, this.#size, signal);
      this.#isKnown = this.#options.isKnown;
    }
    this.#setUp = ready.created ? this.#newSetUp() : undefined;
    if (!ready.created) this.#shown.hold();
    const listener = {
      onMessage: (data: Buffer) => {
        this.#shown.take(data);
        // It waits for what comes before it; the shell waits, too.
        if (this.#shown.isFull) this.#link?.pause();
      },
      onEnd: (end: WebSocketEnd) => this.#closed(end),
    };
    const link = await attachPty(tunnel, ready.connectPath, listener, signal);
    if (link === undefined) return 'taken';
    if (signal.aborted) {
      link.close();
      return 'done';
    }
    this.#link = link;
    this.#pace.opened();
    if (this.#isPaused) link.pause();
    const wasKnown = this.#isKnown;
    this.#isKnown = true;
    if (this.#setUp === undefined) {
      const filled = await this.#fill(signal);
      // Reading what was missed takes a while, in which a connection may go like any other.
      if (this.#link !== link) return this.#isOver ? 'done' : 'lost';
      const awayMs = this.#lostAtMs === undefined ? 0 : Date.now() - this.#lostAtMs;
      this.#lostAtMs = undefined;
      this.#options.onState({ kind: 'open', isNew: false, awayMs, filled });
      // A change of its size makes a program draw itself anew, a shell its prompt, without a key that would do something.
      this.#sizes.redraw();
      return 'done';
    }
    this.#lostAtMs = undefined;
    this.#options.onState({ kind: 'open', isNew: true, wasKnown });
    this.#setUp.run();
    return 'done';
  }

  #newSetUp(): ShellSetUp {
    const { name, folder, onUnready, onFailure } = this.#options;
    const send = (text: string): void => this.#send(text);
    const redraw = (): void => this.#sizes.redraw();
    return new ShellSetUp({ shown: this.#shown, name, folder, send, redraw, onUnready, onFailure });
  }

  /** What cannot be read is not shown, which is said; the shell is there all the same. */
  async #fill(signal: AbortSignal): Promise<Filled> {
    try {
      const isLost = (): boolean => this.#link === undefined;
      return await this.#shown.fill(this.#options.api, { devboxId: this.#options.devboxId, isLost, signal });
    } catch (error) {
      if (!signal.aborted) this.#options.onFailure(error);
      return 'nothing';
    } finally {
      if (!this.#isPaused) this.#link?.resume();
    }
  }

  #closed({ code }: WebSocketEnd): void {
    this.#link = undefined;
    this.#sizes.disconnected();
    this.#setUp?.dispose();
    if (this.#stop.signal.aborted) return;
    this.#pace.closed(code === cut);
    if (code === shellEnded || code === normalEnd) {
      this.#isOver = this.#shown.end() && this.#setUp?.isUnused !== true;
      const { onState, devboxId } = this.#options;
      const error = new RuntimeError({ problem: terminalProblem('terminal_ended_at_once'), devboxId });
      onState(this.#isOver ? { kind: 'ended' } : { kind: 'failed', error });
      return;
    }
    this.#lostAtMs ??= Date.now();
    this.#connect();
  }

  /** Looks whether the devbox runs. Where nobody can tell, it may. @throws RuntimeError where there is none in this account */
  async #hasStopped(signal: AbortSignal): Promise<boolean> {
    try {
      const { status } = await this.#options.api.devboxes.retrieve(this.#options.devboxId, {
        signal: deadline(requestMs, signal),
      });
      if (status === 'running' || this.#link !== undefined) return false;
      this.#options.onState({ kind: 'stopped', status });
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!RuntimeError.is(error, 'not_found')) return false;
      // It may be another account's: that it has ended is not known.
      const { devboxId } = this.#options;
      throw new RuntimeError({ problem: terminalProblem('terminal_devbox_unknown'), devboxId, cause: error });
    }
  }
}
