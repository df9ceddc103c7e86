import { l10n, Range, Selection, TextEditorRevealType, window, type TextDocument, type TextEditor } from 'vscode';
import type { Disposable } from '../../core/events';
import { hidesNothing, showEverything, type LogFilter } from '../../core/logs/logFilter';
import type { LogRecords } from '../../core/logs/logRecords';
import type { Log } from '../messages/log';
import { showFailure } from '../messages/showFailure';
import { DocumentPump } from './documentPump';
import { LogReader, type LogServices, type ReaderState } from './logReader';

/** Milliseconds after which a log that nobody looks at is not followed any more. */
const restAfterMs = 5 * 60_000;

/** Milliseconds until the window of a document that was written anew rests. */
const settleMs = 500;

/** One log as a read-only document: what is read of it, what of that is shown, and where the reader is. */
export class LogDocument implements Disposable {
  readonly document: TextDocument;
  readonly #log: Log;
  readonly #reader: LogReader;
  readonly #pump: DocumentPump;
  readonly #onChange: (log: LogDocument) => void;
  #isFollowing = false;
  /** A line of the log that is to be shown once it is there. */
  #wantedLine: number | undefined;
  /** A record that is to stay at the top of the window, of so many lines, when the document is written anew. */
  #wantedTop: { readonly record: number; readonly height: number } | undefined;
  #isNew = true;
  #isVisible = false;
  #isRewritten = false;
  #rewrittenMs = -Infinity;
  #rest: NodeJS.Timeout | undefined;
  readonly #tops = new WeakMap<TextEditor, number>();

  /** @param onChange told when what is said about the document is different */
  constructor(services: LogServices, document: TextDocument, devboxId: string, onChange: (log: LogDocument) => void) {
    this.document = document;
    this.#log = services.log;
    this.#onChange = onChange;
    this.#reader = new LogReader(services, devboxId, () => {
      this.#pump.wake();
      onChange(this);
    });
    this.#pump = new DocumentPump(document, this.#reader.records, {
      written: () => this.#written(),
      empty: () => emptyText(this.#reader),
    });
  }

  /** Lets the document show what is read. */
  start(): void {
    this.#pump.run().catch((error: unknown) => showFailure(`Showing the log of ${this.devboxId}`, error, this.#log));
  }

  get devboxId(): string {
    return this.#reader.devboxId;
  }

  get records(): LogRecords {
    return this.#reader.records;
  }

  /** True while there is no connection; reading goes on by itself. */
  get isCut(): boolean {
    return this.#reader.isCut;
  }

  get state(): ReaderState {
    return this.#reader.state;
  }

  get filter(): LogFilter {
    return this.#pump.filter;
  }

  /** Lines of the log that are in the document. */
  get linesShown(): number {
    return this.#pump.lines;
  }

  /** True when the document shows all that has been read and is to be shown. */
  get isComplete(): boolean {
    return this.#pump.isComplete;
  }

  /** True while so much has been read that is not in the document yet that one has to wait for it. */
  get isLoading(): boolean {
    return this.#pump.recordsLeft > 1_000;
  }

  /** Whether the end is kept in view. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  follow(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    if (isFollowing) {
      this.#wantedLine = undefined;
      this.#showEnd();
    }
    this.#onChange(this);
  }

  /** Shows what the filter shows; what was at the top of the window stays there as far as it can. */
  setFilter(filter: LogFilter): void {
    const [editor] = this.#editors();
    const window_ = editor?.visibleRanges[0];
    if (!this.#isFollowing && window_ !== undefined) {
      const { start, end } = window_;
      this.#wantedTop = { record: this.records.recordAt(start.line, this.filter), height: end.line - start.line };
    }
    this.#isRewritten = true;
    this.#pump.show(filter);
    this.#onChange(this);
  }

  /** Shows a line of the log (its number from 0, our own remarks not counted), once it is there. */
  showLine(line: number): void {
    this.#isFollowing = false;
    this.#wantedLine = line;
    if (hidesNothing(this.filter)) {
      this.#showWanted();
    } else {
      this.#isRewritten = true;
      this.#pump.show(showEverything);
    }
    this.#onChange(this);
  }

  /**
   * Tells whether somebody looks: if not, the log is followed for some minutes more.
   *
   * @param isOpen false if no tab has it any more
   */
  onVisibilityChanged(isVisible: boolean, isOpen: boolean): void {
    const isBack = isVisible && !this.#isVisible;
    this.#isVisible = isVisible;
    if (isVisible) {
      clearTimeout(this.#rest);
      this.#rest = undefined;
      if (isBack) this.#reader.lookNow();
      this.#reader.start();
    } else if (!isOpen) {
      this.#reader.rest();
    } else {
      this.#rest ??= setTimeout(() => this.#reader.rest(), restAfterMs);
    }
  }

  /** The window of an editor has moved; who moves up while following wants to read there. */
  scrolled(editor: TextEditor): void {
    const range = editor.visibleRanges.at(-1);
    const top = editor.visibleRanges[0]?.start.line;
    if (range === undefined || top === undefined) return;
    const before = this.#tops.get(editor);
    this.#tops.set(editor, top);
    const isUp = before !== undefined && top < before && range.end.line < this.document.lineCount - 2;
    // Written anew, the window goes up by itself, and one learns of it a moment later.
    const settles = this.#isRewritten || performance.now() - this.#rewrittenMs < settleMs;
    if (this.#isFollowing && isUp && !settles) this.follow(false);
  }

  /** Stops reading; the text stays. */
  rest(): void {
    this.#reader.rest();
  }

  dispose(): void {
    clearTimeout(this.#rest);
    this.#reader.dispose();
    this.#pump.dispose();
  }

  #editors(): TextEditor[] {
    return window.visibleTextEditors.filter(({ document }) => document === this.document);
  }

  #written(): void {
    const isRewritten = this.#isRewritten && this.isComplete;
    if (isRewritten) {
      this.#isRewritten = false;
      this.#rewrittenMs = performance.now();
    }
    if (this.#isFollowing) this.#showEnd(isRewritten);
    else if (this.#wantedLine !== undefined) this.#showWanted();
    else if (this.#wantedTop !== undefined) this.#showTop(this.#wantedTop);
    else if (this.#isNew && this.linesShown > 0) this.#showBeginning();
    if (this.linesShown > 0) this.#isNew = false;
    this.#onChange(this);
  }

  /** What is written at the cursor of an empty document takes the cursor along. */
  #showBeginning(): void {
    for (const editor of this.#editors()) editor.selection = new Selection(0, 0, 0, 0);
  }

  /** @param isRewritten true for a document that is whole again: a short one would stay above the window otherwise */
  #showEnd(isRewritten = false): void {
    const end = this.document.lineAt(this.document.lineCount - 1).range;
    for (const editor of this.#editors()) {
      if (isRewritten) editor.revealRange(new Range(0, 0, 0, 0), TextEditorRevealType.Default);
      editor.revealRange(end, TextEditorRevealType.Default);
    }
  }

  #showWanted(): void {
    if (this.#wantedLine === undefined || !hidesNothing(this.filter)) return;
    const line = this.records.lineWithNotices(this.#wantedLine);
    const editors = this.#editors();
    if (line === undefined || line >= this.linesShown || editors.length === 0) return;
    this.#wantedLine = undefined;
    const { range } = this.document.lineAt(line);
    for (const editor of editors) {
      editor.selection = new Selection(range.start, range.start);
      editor.revealRange(range, TextEditorRevealType.InCenter);
    }
  }

  #showTop({ record, height }: { readonly record: number; readonly height: number }): void {
    const line = this.records.linesShown(this.filter, record);
    if (line + height >= this.linesShown && !this.isComplete) return;
    this.#wantedTop = undefined;
    const at = Math.max(0, Math.min(line, this.document.lineCount - 1 - height));
    for (const editor of this.#editors()) editor.revealRange(new Range(at, 0, at, 0), TextEditorRevealType.AtTop);
  }
}

/** What stands in a log of which nothing is to be shown. */
function emptyText({ records, isCut, isQuiet }: LogReader): string {
  if (records.lineCount > 0) return l10n.t('No line of this log passes the filter.');
  if (isCut) return l10n.t('There is no connection. Retrying…');
  return isQuiet ? l10n.t('The log is empty so far.') : '';
}
