import { EventEmitter, l10n, type Pseudoterminal, type TerminalDimensions } from 'vscode';
import { oneLine } from '../../core/plainText';
import type { TerminalSize } from '../../core/terminal/ptyApi';
import { TerminalSession, type TerminalSessionOptions, type TerminalState } from '../../core/terminal/terminalSession';
import { durationText, statusWord } from '../devboxes/devboxText';
import { failureText } from '../messages/showFailure';
import { isOwnAnswer } from './ownAnswer';
import { Pacing } from './pacing';

/** Milliseconds after which a connection that is not there yet shows itself. */
const slowMs = 1_000;
/** Milliseconds between the closing of the tab and the end of its shell: a window that closes or reloads does not get that far. */
const closeMs = 1_500;
/** Leaves what a program that is gone had switched on: the other screen, mouse, bracketed paste, the hidden cursor. */
const leaveProgram = '\u001b[?1049l\u001b[?1000;1002;1003;1006l\u001b[?2004l\u001b[?25h';
/** Ctrl+C, Ctrl+\\ and Ctrl+Z. */
const interrupts: ReadonlySet<string> = new Set(['\u0003', '\u001c', '\u001a']);

export interface DevboxTerminalOptions extends Omit<
  TerminalSessionOptions,
  'onOutput' | 'onState' | 'onFailure' | 'isKnown'
> {
  /** True if this terminal was there before a reload of the window. */
  readonly isRestored: boolean;
  /** The name in the tab. */
  readonly title: string;
  /** A person has pressed a key. */
  readonly onKey: () => void;
  /** The terminal is gone for good: its shell has ended, or somebody has closed its tab. */
  readonly onGone: () => void;
  readonly onFailure: (doing: string, error: unknown) => void;
}

/** A terminal of the editor whose shell runs in a devbox. */
export class DevboxTerminal implements Pseudoterminal {
  readonly #written = new EventEmitter<string>();
  readonly onDidWrite = this.#written.event;
  readonly #closed = new EventEmitter<number>();
  readonly onDidClose = this.#closed.event;
  readonly #renamed = new EventEmitter<string>();
  readonly onDidChangeName = this.#renamed.event;
  readonly #options: DevboxTerminalOptions;
  readonly #session: TerminalSession;
  readonly #pacing: Pacing;
  #size: TerminalSize | undefined;
  #isStarted = false;
  #state: TerminalState = { kind: 'connecting' };
  #slow: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: DevboxTerminalOptions) {
    this.#options = options;
    this.#session = new TerminalSession({
      ...options,
      isKnown: options.isRestored,
      onOutput: (text, isReplay) => this.#pacing.show(text, isReplay),
      onState: (state) => this.#changeTo(state),
      onFailure: (error) => options.onFailure(`A terminal of ${options.devboxId}`, error),
    });
    this.#pacing = new Pacing({
      write: (text) => this.#written.fire(text),
      pause: () => this.#session.pause(),
      resume: () => this.#session.resume(),
    });
  }

  get devboxId(): string {
    return this.#options.devboxId;
  }

  /** The editor shows it, or made it to be shown later: one from before a reload connects when somebody looks at it. */
  open(dimensions: TerminalDimensions | undefined): void {
    this.#size = sizeOf(dimensions) ?? this.#size;
    if (!this.#options.isRestored) this.show();
  }

  /** Somebody looks at it. */
  show(): void {
    if (this.#isStarted || this.#isOver) return;
    this.#isStarted = true;
    this.#session.start(this.#size ?? { cols: 80, rows: 24 });
  }

  setDimensions(dimensions: TerminalDimensions): void {
    const size = sizeOf(dimensions);
    if (size === undefined) return;
    this.#size = size;
    // The true size comes when it is shown.
    if (this.#isStarted) this.#session.resize(size);
    else this.show();
  }

  handleInput(data: string): void {
    const input = this.#pacing.withoutAnswers(data);
    // What was asked long ago has had its answer.
    if (input === '' || (this.#pacing.isReplaying && isOwnAnswer(input))) return;
    if (this.#session.write(input)) {
      if (interrupts.has(input)) this.#pacing.interrupt();
      if (!isOwnAnswer(input)) this.#options.onKey();
      return;
    }
    const { kind } = this.#state;
    if (input.includes('\r') && (kind === 'lost' || kind === 'taken' || kind === 'stopped' || kind === 'failed')) {
      this.#session.retry();
    }
  }

  /** Tries again if it waits, for example for the devbox to run. */
  retry(): void {
    if (this.#isStarted && (this.#state.kind === 'stopped' || this.#state.kind === 'lost')) this.#session.retry();
  }

  /** Somebody has closed the tab: the shell ends. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#slow);
    setTimeout(() => {
      this.#options.onGone();
      this.#session.end().catch((error: unknown) => this.#options.onFailure('Ending a shell', error));
    }, closeMs);
  }

  /** The window goes, or leaves the account: the shell lives on for its idle time. */
  leave(line?: string): void {
    clearTimeout(this.#slow);
    this.#session.dispose();
    this.#pacing.dispose();
    if (line !== undefined && this.#isStarted && !this.#isOver) this.#say(line, true);
    this.#isOver = true;
  }

  #changeTo(state: TerminalState): void {
    const before = this.#state;
    this.#state = state;
    clearTimeout(this.#slow);
    if (state.kind === 'connecting') {
      const isLost = before.kind === 'open';
      const text = isLost ? l10n.t('Connection lost. Reconnecting…') : l10n.t('Connecting to the devbox…');
      this.#slow = setTimeout(() => this.#say(text), slowMs);
      return;
    }
    const { title } = this.#options;
    this.#renamed.fire(state.kind === 'stopped' ? `${title} (${statusWord(state.status)})` : title);
    if (state.kind === 'open') {
      const line = openLine(state);
      if (line !== undefined) this.#say(line, state.isNew);
      return;
    }
    if (state.kind === 'ended') {
      this.#isOver = true;
      this.#options.onGone();
      this.#closed.fire(0);
      return;
    }
    // Said once, however often it is tried.
    if (before.kind !== state.kind) this.#say(waitLine(state), state.kind === 'stopped');
  }

  /** A line of ours, dim, on a line of its own. */
  #say(line: string, isProgramGone = false): void {
    this.#written.fire(`\u001b[0m${isProgramGone ? leaveProgram : ''}\r\n\u001b[2m${oneLine(line, 500)}\u001b[0m\r\n`);
  }
}

function openLine(state: TerminalState & { readonly kind: 'open' }): string | undefined {
  if (state.isNew) return state.wasKnown ? l10n.t('The earlier shell has ended. This is a new one.') : undefined;
  const { awayMs, filled } = state;
  if (filled === 'all') return undefined;
  if (awayMs === 0) {
    return filled === 'end' ? undefined : l10n.t('This is the same shell as before. Earlier output is not shown.');
  }
  const away = awayMs < 60_000 ? l10n.t('{0} s', Math.ceil(awayMs / 1000)) : durationText(awayMs / 1000);
  return filled === 'end'
    ? l10n.t('Reconnected after {0}. Only the end of the output from that time is shown.', away)
    : l10n.t('Reconnected after {0}. Output from that time is not shown.', away);
}

function waitLine(state: TerminalState & { readonly kind: 'lost' | 'taken' | 'stopped' | 'failed' }): string {
  switch (state.kind) {
    case 'lost':
      return l10n.t('Connection lost: {0} Reconnecting…', failureText(state.error));
    case 'taken':
      return l10n.t('Another window or program is connected to this shell. Waiting until it disconnects…');
    case 'failed':
      return l10n.t('{0} Press Enter to try again.', failureText(state.error));
    case 'stopped':
      return state.status === 'shutdown' || state.status === 'failure'
        ? l10n.t('The devbox has ended, and so has this shell.')
        : l10n.t(
            'The devbox is not running: {0}. A new shell opens here once it runs again.',
            statusWord(state.status),
          );
  }
}

function sizeOf(dimensions: TerminalDimensions | undefined): TerminalSize | undefined {
  const { columns: cols = 0, rows = 0 } = dimensions ?? {};
  return cols < 1 || rows < 1 ? undefined : { cols: Math.min(cols, 1_000), rows: Math.min(rows, 1_000) };
}
