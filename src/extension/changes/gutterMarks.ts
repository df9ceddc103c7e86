import { setTimeout as sleep } from 'node:timers/promises';
import {
  OverviewRulerLane,
  Range,
  ThemeColor,
  Uri,
  window,
  workspace,
  type TextDocument,
  type TextEditor,
  type TextEditorDecorationType,
} from 'vscode';
import type { FileChange } from '../../core/changes/compare';
import type { SideContent } from '../../core/changes/devboxChanges';
import { lineMarks, type LineMark } from '../../core/changes/lineMarks';
import type { Disposable } from '../../core/events';
import { filesScheme } from '../commandIds';
import { isBinary } from './changeDocuments';
import type { ReviewedFile } from './review/reviewedFile';

/** Milliseconds without a further change of a document after which its marks are drawn anew. */
const restMs = 150;

export interface GutterContext {
  readonly fileOf: (uri: Uri) => ReviewedFile | undefined;
  /** The commit that is checked out where a file is, and how the file differs from it; undefined where that is not known. */
  readonly committed: (
    file: ReviewedFile,
  ) => { readonly head: string; readonly change: FileChange | undefined } | undefined;
  /** What the last commit has of a file. */
  readonly original: (file: ReviewedFile) => Promise<SideContent | undefined>;
  /** Whether the editor marks its files by itself, as those of repositories in Source Control. */
  readonly isMarked: (file: ReviewedFile) => boolean;
  readonly fail: (error: unknown) => void;
}

/** What a document is compared with, and the state of the repository that it is from. */
interface Original {
  readonly word: string;
  readonly text: string;
}

/** Marks beside the lines of a devbox's files that differ from the last commit, where its changes have been looked at. */
export class GutterMarks implements Disposable {
  readonly #context: GutterContext;
  readonly #owned: readonly Disposable[];
  readonly #stop = new AbortController();
  /** By the address of the document. */
  readonly #originals = new Map<string, Original>();
  readonly #marked = new WeakSet<TextEditor>();
  #types: Readonly<Record<LineMark['kind'], TextEditorDecorationType>> | undefined;
  #drawing = Promise.resolve();
  #resting: AbortController | undefined;

  constructor(context: GutterContext) {
    this.#context = context;
    this.#owned = [
      window.onDidChangeVisibleTextEditors(() => this.again()),
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === filesScheme) this.#typed();
      }),
      workspace.onDidCloseTextDocument(({ uri }) => this.#originals.delete(uri.toString())),
    ];
  }

  /** Devboxes of which a file with marks, or one that could have some, is on screen. */
  get lookedAt(): readonly string[] {
    return this.#editors().map(({ file }) => file.devboxId);
  }

  /** What is known of devboxes is different. */
  again(): void {
    this.#drawing = this.#drawing.then(() => this.#draw()).catch((error: unknown) => this.#context.fail(error));
  }

  clear(): void {
    this.#originals.clear();
    this.again();
  }

  dispose(): void {
    this.#stop.abort();
    this.#resting?.abort();
    for (const one of this.#owned) one.dispose();
    for (const type of Object.values(this.#types ?? {})) type.dispose();
  }

  #editors(): readonly { readonly editor: TextEditor; readonly file: ReviewedFile }[] {
    return window.visibleTextEditors.flatMap((editor) => {
      const { uri } = editor.document;
      const file = uri.scheme === filesScheme ? this.#context.fileOf(uri) : undefined;
      return file === undefined || this.#context.committed(file) === undefined ? [] : [{ editor, file }];
    });
  }

  #typed(): void {
    this.#resting?.abort();
    const resting = new AbortController();
    this.#resting = resting;
    sleep(restMs, undefined, { signal: resting.signal }).then(
      () => this.again(),
      (error: unknown) => {
        if (!resting.signal.aborted) this.#context.fail(error);
      },
    );
  }

  async #draw(): Promise<void> {
    const known = new Map(this.#editors().map(({ editor, file }) => [editor, file]));
    for (const editor of window.visibleTextEditors) {
      if (this.#stop.signal.aborted) return;
      const file = known.get(editor);
      const original =
        file === undefined || this.#context.isMarked(file) ? undefined : await this.#original(editor.document, file);
      this.#show(editor, original === undefined ? undefined : lineMarks(original, editor.document.getText()));
    }
  }

  /** What a document is compared with; undefined where that is not known, or is no text. */
  async #original(document: TextDocument, file: ReviewedFile): Promise<string | undefined> {
    const committed = this.#context.committed(file);
    if (committed === undefined) return undefined;
    const { head, change } = committed;
    const key = document.uri.toString();
    const word = change === undefined ? head : `${head} ${change.before?.id ?? ''}`;
    const known = this.#originals.get(key);
    if (known?.word === word) return known.text;
    let text: string | undefined;
    // What does not differ is what the editor shows, as long as nobody has typed.
    if (change === undefined) {
      text = document.isDirty ? undefined : document.getText();
    } else if (change.before !== undefined) {
      const content = await this.#context.original(file);
      if (content?.kind === 'bytes' && !isBinary(content.bytes)) text = content.bytes.toString('utf8');
    }
    if (text === undefined) this.#originals.delete(key);
    else this.#originals.set(key, { word, text });
    return text;
  }

  #show(editor: TextEditor, marks: readonly LineMark[] | undefined): void {
    if (marks === undefined && !this.#marked.has(editor)) return;
    this.#marked.add(editor);
    const types = (this.#types ??= markTypes());
    for (const kind of ['added', 'changed', 'removed'] as const) {
      const those = (marks ?? []).filter((mark) => mark.kind === kind);
      editor.setDecorations(
        types[kind],
        those.map(({ from, to }) => new Range(from, 0, to, 0)),
      );
    }
  }
}

/** In the colours of the editor's own marks, which cannot be taken for a picture at the edge. */
function markTypes(): Readonly<Record<LineMark['kind'], TextEditorDecorationType>> {
  const bar = '<rect x="9" width="3" height="16"';
  return {
    added: markType(`${bar} fill="#2ea043"/>`, 'editorOverviewRuler.addedForeground'),
    changed: markType(`${bar} fill="#0078d4"/>`, 'editorOverviewRuler.modifiedForeground'),
    removed: markType('<path d="M9 11v5h5z" fill="#f85149"/>', 'editorOverviewRuler.deletedForeground'),
  };
}

function markType(shape: string, colour: string): TextEditorDecorationType {
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" preserveAspectRatio="none">${shape}</svg>`;
  return window.createTextEditorDecorationType({
    isWholeLine: true,
    gutterIconPath: Uri.parse(`data:image/svg+xml;base64,${Buffer.from(picture).toString('base64')}`),
    gutterIconSize: '100%',
    overviewRulerColor: new ThemeColor(colour),
    overviewRulerLane: OverviewRulerLane.Left,
  });
}
