import { window, workspace, type TextEditor, type Uri } from 'vscode';
import type { Disposable } from '../../core/events';

/** Keeps the end of documents in view that grow, for as long as nobody scrolls up in them. */
export class FollowedEnds implements Disposable {
  readonly #scheme: string;
  /** Documents in which somebody reads further up. */
  readonly #left = new Set<string>();
  readonly #tops = new WeakMap<TextEditor, number>();
  readonly #subscriptions: readonly Disposable[];

  /** @param scheme of the documents */
  constructor(scheme: string) {
    this.#scheme = scheme;
    this.#subscriptions = [
      window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.#scrolled(textEditor)),
      workspace.onDidChangeTextDocument(({ document }) => this.#grown(document.uri)),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #scrolled(editor: TextEditor): void {
    const { uri, lineCount } = editor.document;
    const [top, bottom] = [editor.visibleRanges[0]?.start.line, editor.visibleRanges.at(-1)?.end.line];
    if (uri.scheme !== this.#scheme || top === undefined || bottom === undefined) return;
    const before = this.#tops.get(editor);
    this.#tops.set(editor, top);
    // One that has grown shows less than its end until that is brought into view.
    if (bottom >= lineCount - 2) this.#left.delete(uri.toString());
    else if (before !== undefined && top < before) this.#left.add(uri.toString());
  }

  #grown(uri: Uri): void {
    if (uri.scheme !== this.#scheme || this.#left.has(uri.toString())) return;
    for (const editor of window.visibleTextEditors) {
      const { document } = editor;
      if (document.uri.toString() === uri.toString()) editor.revealRange(document.lineAt(document.lineCount - 1).range);
    }
  }
}
