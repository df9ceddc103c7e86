import type { IncomingHttpHeaders } from 'node:http';
import { readFrames } from './webSocketFrames';

/**
 * What VS Code's page sends when somebody types in a terminal, edits, moves the cursor, or does a command. Seen with VS Code
 * 1.139: a tab that nobody touched for seven minutes sent none of these, but heartbeats, answers, and pings.
 */
const inputWords = [
  '$input',
  '$acceptTerminalInteraction',
  '$acceptModelChanged',
  '$acceptModelSaved',
  '$acceptEditorPropertiesChanged',
  '$executeContributedCommand',
  'workbenchActionExecuted',
];
/** VS Code's own word for whether somebody uses its window: no longer a minute or so after the last key or click. */
const activeWord = '$onDidChangeWindowActive';
/** Characters behind it in which its value stands. */
const valueWithin = 16;

/** One page's connection, as far as it has told whether somebody uses its window. */
export interface WatchedConnection {
  /** Takes what the browser sends. */
  readonly take: (chunk: Buffer) => void;
  readonly end: () => void;
}

/**
 * Tells when a person does something in the pages of one devbox, by what the pages send: a page that is opened or loaded anew
 * by hand, and what VS Code sends for keys and clicks. An untouched page sends a lot as well, also words for input, as when a
 * program changes a file that is open: so none counts once VS Code has told that nobody uses its window.
 */
export class PageInput {
  readonly #onInput: () => void;
  /** Of the connections that have told it. */
  readonly #active = new Map<object, boolean>();
  /** What the last of them told, for those that came in its place. */
  #lastActive: boolean | undefined;

  constructor(onInput: () => void) {
    this.#onInput = onInput;
  }

  /** A request has come. */
  requested(method: string | undefined, headers: IncomingHttpHeaders): void {
    // Browsers send this for what a person has opened, and for no page that loads itself again.
    if (method !== 'GET' || headers['sec-fetch-user'] !== '?1' || headers['sec-fetch-mode'] !== 'navigate') return;
    this.#lastActive = undefined;
    this.#onInput();
  }

  /**
   * A WebSocket has been opened.
   *
   * @param extensions what its two sides have agreed on, by the answer's header
   */
  connected(extensions: string | undefined): WatchedConnection {
    const key = {};
    const reader = readFrames(extensions, (message) => this.#read(key, message));
    return {
      take: reader.take,
      end: () => {
        reader.end();
        this.#lastActive = this.#active.get(key) ?? this.#lastActive;
        this.#active.delete(key);
      },
    };
  }

  #read(key: object, message: Buffer): void {
    const at = message.indexOf(activeWord);
    if (at >= 0) {
      const value = message.toString('latin1', at + activeWord.length, at + activeWord.length + valueWithin);
      const isActive = value.includes('true');
      this.#active.set(key, isActive);
      if (isActive) this.#onInput();
      return;
    }
    if (this.#isUsed() && inputWords.some((word) => message.includes(word))) this.#onInput();
  }

  /** Unless VS Code has told that nobody uses it. */
  #isUsed(): boolean {
    return this.#active.size === 0 ? this.#lastActive !== false : [...this.#active.values()].includes(true);
  }
}
