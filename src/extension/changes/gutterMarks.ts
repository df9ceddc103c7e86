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
import type { SideContent } from '../../core/changes/sides/sideContent';
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

/** What a document is compared with. */
interface Original {
  /** Of the state of the repository that it is from. */
  readonly word: string;
  /** Undefined where it is no text, or could not be read. */
  readonly text: string | undefined;
  /** Whether nothing differed: what the editor shows of the file is what the last commit has. */
  readonly isSame: boolean;
  readonly isRead: boolean;
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
  #isDue = false;
  #resting: AbortController | undefined;

  constructor(context: GutterContext) {
    this.#context = context;
    this.#owned = [
      window.onDidChangeVisibleTextEditors(() => this.again()),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document.uri.scheme !== filesScheme) return;
        // Read anew from the devbox: what was taken for the last commit's may be what was there before that.
        if (!document.isDirty && contentChanges.length > 0) this.#forget(document);
        this.#typed();
      }),
      workspace.onDidCloseTextDocument(({ uri }) => this.#originals.delete(uri.toString())),
    ];
  }

  /** Devboxes of which a file with marks, or one that could have some, is on screen in a window that is in front. */
  get lookedAt(): readonly string[] {
    if (!window.state.focused) return [];
    return window.visibleTextEditors.flatMap(({ document: { uri } }) => this.#fileOf(uri)?.devboxId ?? []);
  }

  /** What is known of devboxes is different. */
  again(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.#stop.signal.aborted) return;
      try {
        this.#draw();
      } catch (error) {
        this.#context.fail(error);
      }
    });
  }

  /** Devboxes were looked at, whether or not anything is different. */
  looked(): void {
    // What was saved, and still does not differ, is in no commit: git ignores it.
    for (const { document } of window.visibleTextEditors) if (!document.isDirty) this.#forget(document);
    this.again();
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

  #fileOf(uri: Uri): ReviewedFile | undefined {
    const file = uri.scheme === filesScheme ? this.#context.fileOf(uri) : undefined;
    return file === undefined || this.#context.committed(file) === undefined ? undefined : file;
  }

  /** Forgets what was taken from the editor, and what could not be read. */
  #forget({ uri }: TextDocument): void {
    const known = this.#originals.get(uri.toString());
    if (known?.isRead === true && (known.isSame || known.text === undefined)) this.#originals.delete(uri.toString());
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

  #draw(): void {
    for (const editor of window.visibleTextEditors) {
      const { document } = editor;
      const file = this.#fileOf(document.uri);
      const original = file === undefined || this.#context.isMarked(file) ? undefined : this.#original(document, file);
      this.#show(editor, original === undefined ? undefined : lineMarks(original, document.getText()));
    }
  }

  /** What a document is compared with; undefined where that is not known, not yet, or is no text. */
  #original(document: TextDocument, file: ReviewedFile): string | undefined {
    const committed = this.#context.committed(file);
    if (committed === undefined) return undefined;
    const { head, change } = committed;
    const key = document.uri.toString();
    const word = `${document.encoding} ${head} ${change?.before?.id ?? ''}`;
    const known = this.#originals.get(key);
    if (known?.word === word) return known.text;
    // What does not differ is what the editor shows, as long as nobody has typed.
    if (change === undefined && !document.isDirty) {
      const text = document.getText();
      this.#originals.set(key, { word, text, isSame: true, isRead: true });
      return text;
    }
    if (change !== undefined && change.before === undefined) {
      this.#originals.delete(key);
      return undefined;
    }
    // Until it is read, the marks stay that were there before. Nobody looks at a window that is not in front.
    if (window.state.focused) {
      const asked = { word, text: known?.text, isSame: change === undefined, isRead: false };
      this.#originals.set(key, asked);
      void this.#read(key, asked, { file, encoding: document.encoding });
    }
    return known?.text;
  }

  async #read(
    key: string,
    asked: Original,
    { file, encoding }: { readonly file: ReviewedFile; readonly encoding: string },
  ): Promise<void> {
    let text: string | undefined;
    try {
      const content = await this.#context.original(file);
      if (content?.kind === 'bytes') text = await textIn(encoding, content.bytes);
    } catch (error) {
      if (this.#originals.get(key) === asked) this.#context.fail(error);
    }
    // Closed, of another account or asked for anew by now.
    if (this.#originals.get(key) !== asked) return;
    this.#originals.set(key, { ...asked, text, isRead: true });
    this.again();
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

/** As the editor reads it: without the mark that some files begin with. Undefined for what is no text. */
async function textIn(encoding: string, bytes: Buffer): Promise<string | undefined> {
  // Text has zeros in these only.
  if (!encoding.startsWith('utf16') && isBinary(bytes)) return undefined;
  if (encoding === 'utf8' || encoding === 'utf8bom') return new TextDecoder().decode(bytes);
  return (await workspace.decode(bytes, { encoding })).replace(/^\ufeff/, '');
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
