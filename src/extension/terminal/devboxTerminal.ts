import { EventEmitter, l10n, type Pseudoterminal, type TerminalDimensions } from 'vscode';
import { oneLine } from '../../core/safeText';
import { hasEnded } from '../../core/platform/devbox';
import type { TerminalSize } from '../../core/terminal/ptyApi';
import { TerminalSession, type TerminalSessionOptions } from '../../core/terminal/terminalSession';
import type { TerminalState } from '../../core/terminal/terminalState';
import { durationText, statusWord } from '../devboxes/devboxText';
import { failureText } from '../messages/showFailure';
import { isOwnAnswer, withoutClipboard } from './ownAnswer';
import { Pacing } from './pacing';

/** Milliseconds after which a connection that is not there yet shows itself. */
const slowMs = 1_000;
/** Milliseconds between the closing of the tab and the end of its shell: a window that closes or reloads does not get that far. */
const closeMs = 1_500;
/**
 * Leaves what a program that is gone had switched on: the other screen (the cursor stays where it is if there was none), mouse, focus, bracketed and held-back output, its ways
 * of telling keys; then, softly, what is left: margins, other characters, the hidden cursor.
 */
const leaveProgram =
  '\u001b7\u001b[?1049l\u001b[?1000;1002;1003;1004;1006l\u001b[?2004;2026;9001l\u001b[=0u\u001b[!p\u001b[?7h\u001b[?25h';
/** Ctrl+C, Ctrl+\\ and Ctrl+Z. */
const interrupts: ReadonlySet<string> = new Set(['\u0003', '\u001c', '\u001a']);

export interface DevboxTerminalOptions extends Omit<
  TerminalSessionOptions,
  'onOutput' | 'onState' | 'onUnready' | 'onFailure' | 'isKnown'
> {
  /** True if this terminal was there before a reload of the window. */
  readonly isRestored: boolean;
  /** The name in the tab. */
  readonly title: string;
  /** A person has pressed a key. */
  readonly onKey: () => void;
  /** The terminal is gone for good: its shell has ended, or somebody has closed its tab. */
  readonly onGone: () => void;
  /** Its devbox has ended: the tab stays to say so, and none is wanted in its place after a reload. */
  readonly onDevboxEnded: () => void;
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
  /** No shell comes here any more. */
  #isOver = false;
  /** The tab is gone, or the window. */
  #isClosed = false;
  /** Why the window has left its account, until it is said in a tab that nobody has looked at. */
  #left: string | undefined;
  /** Something was said of a connection that is lost. */
  #isLossSaid = false;

  constructor(options: DevboxTerminalOptions) {
    this.#options = options;
    this.#session = new TerminalSession({
      ...options,
      isKnown: options.isRestored,
      onOutput: (text, isReplay) => this.#pacing.show(text, isReplay),
      onState: (state) => this.#changeTo(state),
      onUnready: () =>
        this.#print(
          l10n.t(
            'The shell shows no prompt yet: its start file may ask for something. Its folder and colours are set after that.',
          ),
        ),
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
    if (this.#left !== undefined) this.#print(this.#left);
    this.#left = undefined;
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
    const input = withoutClipboard(this.#pacing.withoutAnswers(data));
    const isAnswer = isOwnAnswer(input);
    // What was asked long ago has had its answer; and a program that asks and does not read has enough of them.
    if (input === '' || (isAnswer && (this.#pacing.isReplaying || this.#session.isBehind))) return;
    if (this.#session.write(input)) {
      if (interrupts.has(input)) this.#pacing.interrupt();
      if (!isAnswer) this.#options.onKey();
      return;
    }
    const { kind } = this.#state;
    if (input.includes('\r') && (kind === 'lost' || kind === 'taken' || kind === 'stopped' || kind === 'failed')) {
      this.#session.retry();
    }
  }

  /** The devbox runs again, or has ended: tries again if it waits, which says so where there is nothing to wait for any more. */
  retry(): void {
    const isOver = this.#state.kind === 'stopped' && hasEnded(this.#state.status);
    const waits = this.#state.kind === 'stopped' || this.#state.kind === 'lost';
    if (this.#isStarted && waits && !isOver) this.#session.retry();
  }

  /** The devbox goes from one state in which it does not run to another: the tab has the word for it. */
  rests(status: string): void {
    if (this.#state.kind !== 'stopped' || hasEnded(this.#state.status)) return;
    this.#state = { kind: 'stopped', status };
    this.#renamed.fire(`${this.#options.title} (${statusWord(status)})`);
  }

  /** Somebody has closed the tab: the shell ends. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOver = true;
    this.#pacing.dispose();
    clearTimeout(this.#slow);
    setTimeout(() => {
      this.#options.onGone();
      this.#session.end().catch((error: unknown) => this.#options.onFailure('Ending a shell', error));
    }, closeMs);
  }

  /**
   * The window goes, or leaves the account: the shell lives on for its idle time.
   *
   * @param line why the tab stays with nothing behind it
   */
  leave(line?: string): void {
    clearTimeout(this.#slow);
    this.#session.dispose();
    this.#pacing.dispose();
    if (line === undefined) this.#isClosed = true;
    else if (this.#isStarted && !this.#isOver) this.#print(line, true);
    else if (!this.#isOver) this.#left = line;
    this.#isOver = true;
  }

  #changeTo(state: TerminalState): void {
    const before = this.#state;
    this.#state = state;
    clearTimeout(this.#slow);
    if (state.kind === 'connecting') {
      const isLost = before.kind === 'open';
      const text = isLost ? l10n.t('Connection lost. Reconnecting…') : l10n.t('Connecting to the devbox…');
      this.#slow = setTimeout(() => {
        this.#isLossSaid ||= isLost;
        this.#print(text);
      }, slowMs);
      return;
    }
    const { title } = this.#options;
    this.#renamed.fire(state.kind === 'stopped' ? `${title} (${statusWord(state.status)})` : title);
    if (state.kind === 'open') {
      const line = openLine(state, this.#isLossSaid);
      this.#isLossSaid = false;
      if (line !== undefined) this.#print(line, state.isNew);
      return;
    }
    if (state.kind === 'ended') {
      this.#isOver = true;
      this.#session.dispose();
      this.#pacing.dispose();
      this.#options.onGone();
      this.#closed.fire(0);
      return;
    }
    this.#isLossSaid = true;
    // Said once, however often it is tried.
    if (!isSaid(before, state)) this.#print(waitLine(state), state.kind === 'stopped');
    if (state.kind === 'stopped' && hasEnded(state.status)) this.#options.onDevboxEnded();
  }

  /** A line of ours, dim, on a line of its own. */
  #print(line: string, isProgramGone = false): void {
    this.#pacing.print(`\u001b[0m${isProgramGone ? leaveProgram : ''}\r\n\u001b[2m${oneLine(line, 500)}\u001b[0m\r\n`);
  }
}

/** @param isLossSaid a line before it says that there is no connection */
function openLine(state: TerminalState & { readonly kind: 'open' }, isLossSaid: boolean): string | undefined {
  if (state.isNew) return state.wasKnown ? l10n.t('The earlier shell has ended. This is a new one.') : undefined;
  const { awayMs, filled } = state;
  if (filled === 'all' && !isLossSaid) return undefined;
  if (awayMs === 0) {
    if (filled === 'nothing') return l10n.t('This is the same shell as before. Earlier output is not shown.');
    return isLossSaid ? l10n.t('Connected.') : undefined;
  }
  const away = awayMs < 60_000 ? l10n.t('{0} s', Math.ceil(awayMs / 1000)) : durationText(awayMs / 1000);
  if (filled === 'all') return l10n.t('Reconnected after {0}.', away);
  return filled === 'end'
    ? l10n.t('Reconnected after {0}. Only the end of the output from that time is shown.', away)
    : l10n.t('Reconnected after {0}. Output from that time is not shown.', away);
}

/** A devbox that sleeps may end meanwhile. */
function isSaid(before: TerminalState, now: TerminalState): boolean {
  if (before.kind !== 'stopped' || now.kind !== 'stopped') return before.kind === now.kind;
  return hasEnded(before.status) === hasEnded(now.status);
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
      return hasEnded(state.status)
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
