import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  comments,
  CommentThreadCollapsibleState,
  CommentThreadState,
  env,
  l10n,
  Range,
  window,
  workspace,
  type CommentController,
  type CommentThread,
  type TextDocument,
  type Uri,
} from 'vscode';
import { anchorOf, linesOf, lineOfAnchor } from '../../../core/changes/review/anchor';
import type { ReviewThread } from '../../../core/changes/review/reviewThread';
import type { Disposable } from '../../../core/events';
import { ShownComment } from './shownComment';
import type { ReviewedFile } from './reviewedFile';
import { mostThreads, type ReviewMemory } from './reviewMemory';

/** Milliseconds without a further change of a document after which its comments are looked for in it. */
const restMs = 200;

/** Comments as the editor shows them: in each open document that is a side of a change, where their lines are by now. */
export class ReviewThreads implements Disposable {
  readonly #memory: ReviewMemory;
  readonly #fileOf: (uri: Uri) => ReviewedFile | undefined;
  readonly #controller: CommentController;
  readonly #owned: readonly Disposable[];
  /** By document, then by id. */
  readonly #shown = new Map<string, Map<string, CommentThread>>();
  readonly #changing = new Map<string, AbortController>();
  readonly #fail: (error: unknown) => void;

  /** @param fileOf what a document shows, if it is one of a repository that was looked at */
  constructor({
    memory,
    fileOf,
    fail,
  }: {
    readonly memory: ReviewMemory;
    readonly fileOf: (uri: Uri) => ReviewedFile | undefined;
    readonly fail: (error: unknown) => void;
  }) {
    this.#memory = memory;
    this.#fileOf = fileOf;
    this.#fail = fail;
    this.#controller = comments.createCommentController('runloop.review', l10n.t('Review of Devbox Changes'));
    this.#controller.options = {
      prompt: l10n.t('Comment for the review…'),
      placeHolder: l10n.t('What should be different here?'),
    };
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: (document) => {
        const isOurs = this.#fileOf(document.uri) !== undefined;
        return isOurs ? [new Range(0, 0, Math.max(0, document.lineCount - 1), 0)] : [];
      },
    };
    this.#owned = [
      this.#controller,
      memory.onDidChange(() => this.again()),
      workspace.onDidOpenTextDocument(() => this.#share()),
      workspace.onDidCloseTextDocument(({ uri }) => {
        this.#drop(uri.toString());
        this.#share();
      }),
      workspace.onDidChangeTextDocument(({ document }) => this.#changed(document)),
      window.onDidChangeVisibleTextEditors(() => this.#share()),
    ];
  }

  /** What is known of devboxes, or of comments, is different. */
  again(): void {
    for (const document of workspace.textDocuments) this.#show(document);
  }

  /** Adds a comment to a thread of the editor, which is a new one or one of ours. */
  async add(thread: CommentThread, words: string): Promise<void> {
    const comment = { words: words.trim(), atMs: Date.now(), isSent: false };
    if (comment.words === '') return;
    const id = this.#idOf(thread);
    const known = this.#memory.all().find((one) => one.id === id);
    if (known !== undefined) {
      await this.#memory.put({ ...known, comments: [...known.comments, comment] });
      return;
    }
    const file = this.#fileOf(thread.uri);
    const document = workspace.textDocuments.find(({ uri }) => uri.toString() === thread.uri.toString());
    if (file === undefined || document === undefined) return;
    if (this.#memory.isFull) {
      await env.clipboard.writeText(words);
      const full = l10n.t(
        '{0} comments wait to be sent, no more are kept. Send or delete some first. What you wrote was copied.',
        mostThreads,
      );
      await window.showWarningMessage(full);
      return;
    }
    const first = thread.range?.start.line ?? 0;
    const anchor = anchorOf(linesOf(document.getText()), first, thread.range?.end.line ?? first);
    const made: ReviewThread = { id: randomUUID(), ...file, anchor, comments: [comment] };
    // Becomes ours, so that it stays open where it is.
    this.#ofDocument(thread.uri.toString()).set(made.id, thread);
    await this.#memory.put(made);
  }

  /** Takes a comment away; its thread with the last one. */
  async delete({ threadId, index }: ShownComment): Promise<void> {
    const thread = this.#memory.all().find(({ id }) => id === threadId);
    if (thread === undefined) return;
    const left = thread.comments.filter((_comment, at) => at !== index);
    await (left.length === 0 ? this.#memory.remove(threadId) : this.#memory.put({ ...thread, comments: left }));
  }

  /** The repository that a thread of the editor is about. */
  repositoryOf(thread: CommentThread): Pick<ReviewedFile, 'devboxId' | 'top'> | undefined {
    return this.#fileOf(thread.uri);
  }

  clear(): void {
    for (const uri of [...this.#shown.keys()]) this.#drop(uri);
  }

  dispose(): void {
    for (const changing of this.#changing.values()) changing.abort();
    for (const one of this.#owned) one.dispose();
  }

  #changed(document: TextDocument): void {
    const uri = document.uri.toString();
    if (!this.#shown.has(uri)) return;
    this.#changing.get(uri)?.abort();
    const changing = new AbortController();
    this.#changing.set(uri, changing);
    sleep(restMs, undefined, { signal: changing.signal })
      .then(() => {
        this.#changing.delete(uri);
        if (!document.isClosed) this.#show(document);
      })
      .catch((error: unknown) => {
        if (!changing.signal.aborted) this.#fail(error);
      });
  }

  /** Other documents are open, or on screen: a comment that stays where it is, is not drawn again, as somebody may type below it. */
  #share(): void {
    for (const document of workspace.textDocuments) this.#show(document, true);
  }

  /** Shows what there is to say of a document. @param isSame whether nothing of it is different but where it is shown */
  #show(document: TextDocument, isSame = false): void {
    const uri = document.uri.toString();
    const file = this.#fileOf(document.uri);
    const wanted = file === undefined ? [] : this.#memory.of(file.devboxId, file.top);
    const here = wanted.filter((thread) => isAt(thread, file) && this.#isBearer(document, thread));
    if (here.length === 0 && !this.#shown.has(uri)) return;
    const shown = this.#ofDocument(uri);
    const ids = new Set(here.map(({ id }) => id));
    if (isSame && ids.size === shown.size && here.every(({ id }) => shown.has(id))) return;
    for (const [id, thread] of shown) {
      if (ids.has(id)) continue;
      thread.dispose();
      shown.delete(id);
    }
    const lines = here.length === 0 ? [] : linesOf(document.getText());
    for (const thread of here) this.#draw(document.uri, shown, { thread, lines });
    if (shown.size === 0) this.#shown.delete(uri);
  }

  /**
   * Whether a document is to have a comment: a file and a side of a change may show the same, and the one that is left stays open
   * unseen for minutes. The editor lists what each of them has.
   */
  #isBearer(document: TextDocument, thread: ReviewThread): boolean {
    const same = workspace.textDocuments.filter(({ uri }) => isAt(thread, this.#fileOf(uri)));
    const seen = same.filter((one) => window.visibleTextEditors.some((editor) => editor.document === one));
    if (seen.length > 0) return seen.includes(document);
    return document === (same.find(({ uri }) => this.#shown.get(uri.toString())?.has(thread.id)) ?? same[0]);
  }

  #draw(
    uri: Uri,
    shown: Map<string, CommentThread>,
    { thread, lines }: { readonly thread: ReviewThread; readonly lines: readonly string[] },
  ): void {
    const { id, anchor, comments: all } = thread;
    const found = lineOfAnchor(anchor, lines);
    const isGone = found === undefined;
    const first = Math.min(found ?? anchor.line, Math.max(0, lines.length - 1));
    const last = isGone ? first : Math.min(first + Math.max(1, anchor.snippet.length) - 1, lines.length - 1);
    const range = new Range(first, 0, last, 0);
    const made = all.map((_comment, index) => new ShownComment(thread, index, isGone));
    const known = shown.get(id);
    const one = known ?? this.#controller.createCommentThread(uri, range, made);
    shown.set(id, one);
    if (known === undefined) one.collapsibleState = CommentThreadCollapsibleState.Expanded;
    one.range = range;
    one.comments = made;
    one.label = isGone ? l10n.t('Review: the code has changed since') : l10n.t('Review comment');
    one.contextValue = 'runloopReview';
    one.state = all.every(({ isSent }) => isSent) ? CommentThreadState.Resolved : CommentThreadState.Unresolved;
  }

  #ofDocument(uri: string): Map<string, CommentThread> {
    const shown = this.#shown.get(uri) ?? new Map<string, CommentThread>();
    this.#shown.set(uri, shown);
    return shown;
  }

  #idOf(thread: CommentThread): string | undefined {
    const shown = this.#shown.get(thread.uri.toString());
    return [...(shown ?? [])].find(([, one]) => one === thread)?.[0];
  }

  #drop(uri: string): void {
    this.#changing.get(uri)?.abort();
    this.#changing.delete(uri);
    for (const thread of this.#shown.get(uri)?.values() ?? []) thread.dispose();
    this.#shown.delete(uri);
  }
}

/** Whether a comment is on what a document shows. */
function isAt({ devboxId, top, path, isWork }: ReviewedFile, file: ReviewedFile | undefined): boolean {
  return devboxId === file?.devboxId && top === file.top && path === file.path && isWork === file.isWork;
}
