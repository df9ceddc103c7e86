// Documents that are open, and comments beside their lines: what vscode.ts gives of them, and what a test does with them.
import type * as vscode from 'vscode';
import type { FakeEditor } from './fakeEditor';
import { CommentThreadCollapsibleState, Disposable, EventEmitter, Range, type MarkdownString } from './values';

/** A thread of comments, as far as it was shown. */
interface FakeThread extends vscode.CommentThread {
  isDisposed: boolean;
}

export interface FakeComments {
  readonly controller: vscode.CommentController;
  readonly threads: FakeThread[];
  /** The label and the plain text of each comment of threads that are shown, with the line that they are at. */
  shown(uri: vscode.Uri): string[];
}

interface Open {
  readonly documents: vscode.TextDocument[];
  readonly opened: EventEmitter<vscode.TextDocument>;
  readonly closed: EventEmitter<vscode.TextDocument>;
  readonly changed: EventEmitter<vscode.TextDocumentChangeEvent>;
  readonly scrolled: EventEmitter<vscode.TextEditorVisibleRangesChangeEvent>;
  comments: FakeComments | undefined;
  /** What the document that was shown last was to be opened at. */
  shownAt: vscode.Range | undefined;
}

const all = new WeakMap<FakeEditor, Open>();

export function openIn(editor: FakeEditor): Open {
  const known = all.get(editor) ?? {
    documents: [],
    opened: new EventEmitter<vscode.TextDocument>(),
    closed: new EventEmitter<vscode.TextDocument>(),
    changed: new EventEmitter<vscode.TextDocumentChangeEvent>(),
    scrolled: new EventEmitter<vscode.TextEditorVisibleRangesChangeEvent>(),
    comments: undefined,
    shownAt: undefined,
  };
  all.set(editor, known);
  return known;
}

interface OpenedDocument {
  readonly document: vscode.TextDocument;
  /** Types another text. */
  readonly change: (text: string) => void;
  readonly save: () => void;
  /** Shows what somebody else has written. */
  readonly reload: (text: string) => void;
  /** Reads the same bytes as another text. */
  readonly reopen: (encoding: string, text: string) => void;
  readonly close: () => void;
}

/** Opens a document of that text. @returns what a person, and others, do with it */
export function openDocument(editor: FakeEditor, uri: vscode.Uri, text: string, encoding = 'utf8'): OpenedDocument {
  const open = openIn(editor);
  const now = { text, encoding, isClosed: false, isDirty: false };
  const become = (later: string, isDirty: boolean): void => {
    const range = new Range(0, 0, document.lineCount, 0) as vscode.Range;
    const change = { range, rangeOffset: 0, rangeLength: now.text.length, text: later };
    Object.assign(now, { text: later, isDirty });
    open.changed.fire({ document, contentChanges: [change], reason: undefined });
  };
  const document = {
    uri,
    getText: () => now.text,
    get encoding() {
      return now.encoding;
    },
    get lineCount() {
      return now.text.split('\n').length;
    },
    get isClosed() {
      return now.isClosed;
    },
    get isDirty() {
      return now.isDirty;
    },
  } as vscode.TextDocument;
  open.documents.push(document);
  open.opened.fire(document);
  return {
    document,
    change: (later) => become(later, true),
    save: () => {
      now.isDirty = false;
      open.changed.fire({ document, contentChanges: [], reason: undefined });
    },
    reload: (later) => become(later, false),
    reopen: (other, later) => {
      now.encoding = other;
      become(later, false);
    },
    close: () => {
      now.isClosed = true;
      open.documents.splice(open.documents.indexOf(document), 1);
      open.closed.fire(document);
    },
  };
}

/** Reads bytes in the encodings that tests use; without one, by their mark or the zeros between their characters. */
export function decode(
  bytes: Uint8Array,
  options?: { readonly encoding: string } | { readonly uri: vscode.Uri },
): Promise<string> {
  const labels: Readonly<Record<string, string>> = { utf16le: 'utf-16le', utf16be: 'utf-16be', iso88591: 'latin1' };
  const begin = [...bytes.subarray(0, 512)];
  const zeros = (rest: number): boolean => begin.every((byte, at) => (byte === 0) === (at % 2 === rest));
  const isWide = begin.length > 1 && (zeros(1) || zeros(0));
  const mark = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  const told = mark === 'fffe' || zeros(1) ? 'utf16le' : mark === 'feff' || zeros(0) ? 'utf16be' : 'utf8';
  const encoding = options !== undefined && 'encoding' in options ? options.encoding : begin.length > 1 ? told : 'utf8';
  if (begin.includes(0) && !isWide && !encoding.startsWith('utf16')) {
    return Promise.reject(new Error('File seems to be binary and cannot be opened as text'));
  }
  return Promise.resolve(new TextDecoder(labels[encoding] ?? encoding, { ignoreBOM: true }).decode(bytes));
}

export function createController(editor: FakeEditor, id: string, label: string): vscode.CommentController {
  const threads: FakeThread[] = [];
  const controller: vscode.CommentController = {
    id,
    label,
    createCommentThread: (uri, range, comments) => {
      const thread: FakeThread = {
        uri,
        range,
        comments,
        collapsibleState: CommentThreadCollapsibleState.Collapsed,
        canReply: true,
        isDisposed: false,
        dispose: () => {
          thread.isDisposed = true;
          const at = threads.indexOf(thread);
          if (at >= 0) threads.splice(at, 1);
        },
      };
      threads.push(thread);
      return thread;
    },
    dispose: () => {
      for (const thread of [...threads]) thread.dispose();
    },
  };
  const shown = (uri: vscode.Uri): string[] =>
    threads
      .filter((thread) => thread.uri.toString() === uri.toString())
      .flatMap(({ comments, range }) =>
        comments.map(({ body, label: word = '' }) => {
          const text = typeof body === 'string' ? body : (body as MarkdownString).value;
          return `${(range?.start.line ?? -1) + 1} ${word === '' ? '' : `(${word}) `}${text}`;
        }),
      );
  openIn(editor).comments = { controller, threads, shown };
  return controller;
}

export const nothing = new Disposable(() => undefined);
