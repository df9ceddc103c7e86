import { setTimeout as sleep } from 'node:timers/promises';
import { Range, workspace, WorkspaceEdit, type TextDocument } from 'vscode';
import type { Disposable } from '../../core/events';
import { showEverything, type LogFilter } from '../../core/logs/logFilter';
import type { LogRecords } from '../../core/logs/logRecords';

/** The first piece is small, so that there is something to read at once. */
const firstPiece = { lines: 400, characters: 1 << 17 };
/** What the extension host takes in some ten milliseconds when the editor tells it of the change. */
const usualPiece = { lines: 5_000, characters: 1 << 19 };
/** Milliseconds between pieces while lines come one by one. */
const restMs = 60;

/**
 * Writes a log into its read-only document, piece by piece.
 *
 * A document that a provider gives as one text is sent to the editor, and from there back to the extension host, as one
 * message: half a million lines hold the extension host up for a third of a second, and every line that is added costs
 * all of them again. The editor takes changes from an extension also where the user cannot make any, so a piece costs
 * what a piece is long. These changes never mark the document as changed by the user.
 */
export class DocumentPump implements Disposable {
  readonly #document: TextDocument;
  readonly #records: LogRecords;
  readonly #onWritten: () => void;
  readonly #whenEmpty: () => string;
  /** What stands in the document in the place of lines. */
  #word = '';
  #filter: LogFilter = showEverything;
  #next = 0;
  #lines = 0;
  #mustBegin = false;
  #isClosed = false;
  #wake: (() => void) | undefined;

  /**
   * @param on.written told after each piece
   * @param on.empty what is to be read in a document that has no lines to show
   */
  constructor(
    document: TextDocument,
    records: LogRecords,
    on: { readonly written: () => void; readonly empty: () => string },
  ) {
    this.#document = document;
    this.#records = records;
    this.#onWritten = on.written;
    this.#whenEmpty = on.empty;
  }

  /** Lines of the log that are in the document. */
  get lines(): number {
    return this.#mustBegin ? 0 : this.#lines;
  }

  /** How many records have not been looked at yet; each will be written or filtered out. */
  get recordsLeft(): number {
    return this.#records.count - (this.#mustBegin ? 0 : this.#next);
  }

  /** True when the document shows all that there is to show. */
  get isComplete(): boolean {
    return !this.#mustBegin && this.#next === this.#records.count;
  }

  get filter(): LogFilter {
    return this.#filter;
  }

  /** Writes the document anew, with what this filter shows. */
  show(filter: LogFilter): void {
    this.#filter = filter;
    this.#mustBegin = true;
    this.wake();
  }

  /** There is something new to write. */
  wake(): void {
    this.#wake?.();
  }

  /**
   * Writes until it is disposed or the document is closed.
   *
   * @throws Error if the editor does not take a change
   */
  async run(): Promise<void> {
    while (!this.#isOver()) {
      if (this.#mustBegin) {
        this.#mustBegin = false;
        this.#next = 0;
        this.#lines = 0;
        await this.#become('');
        continue;
      }
      const isFirst = this.#lines === 0;
      const { text, lines, next } = this.#records.read(this.#next, this.#filter, isFirst ? firstPiece : usualPiece);
      if (text !== '' && this.#word !== '') await this.#become('');
      if (text !== '') {
        const end = this.#document.lineAt(this.#document.lineCount - 1).range.end;
        await this.#change((edit) => edit.insert(this.#document.uri, end, text));
      }
      this.#next = next;
      this.#lines += lines;
      const word = this.#lines === 0 && this.isComplete ? this.#whenEmpty() : '';
      if (this.#lines === 0 && word !== this.#word) await this.#become(word);
      if (this.#isCurrent()) this.#onWritten();
      if (this.isComplete) await this.#waitForNews();
      else if (!isFirst && lines < usualPiece.lines / 2) await sleep(restMs);
    }
  }

  dispose(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** Gives the document another text, which is no line of the log. */
  async #become(word: string): Promise<void> {
    this.#word = word;
    const all = new Range(0, 0, this.#document.lineCount, 0);
    await this.#change((edit) => edit.replace(this.#document.uri, all, word));
  }

  /** In a function of its own, so that the compiler does not take an earlier answer for the present one. */
  #isOver(): boolean {
    return this.#isClosed || this.#document.isClosed;
  }

  /** What was written is part of what is to be shown; in a function for the same reason. */
  #isCurrent(): boolean {
    return !this.#mustBegin;
  }

  /** Waits for news, and then a moment for more of them. */
  async #waitForNews(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    if (!this.#isOver() && !this.#mustBegin) await sleep(restMs);
  }

  async #change(make: (edit: WorkspaceEdit) => void): Promise<void> {
    for (let tries = 1; !this.#isOver(); tries += 1) {
      const edit = new WorkspaceEdit();
      make(edit);
      if (await workspace.applyEdit(edit)) return;
      if (tries === 3) throw new Error('The editor does not take the text of the log.');
      await sleep(restMs);
    }
  }
}
