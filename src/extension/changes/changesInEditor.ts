import { window, type Memento, type Uri } from 'vscode';
import { hasGit, type FileChange } from '../../core/changes/compare';
import type { Disposable } from '../../core/events';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import { ChangeDocuments } from './changeDocuments';
import type { DevboxLook, DevboxState } from './devboxLook';
import { GutterMarks } from './gutterMarks';
import { ReviewMemory } from './review/reviewMemory';
import { ReviewThreads } from './review/reviewThreads';
import { reviewedFile, type ReviewedFile } from './review/reviewedFile';
import { SourceControls } from './sourceControl/sourceControls';

export interface InEditorContext {
  /** What was looked at, by devbox; undefined for what was not, or not yet. */
  readonly looks: () => Iterable<readonly [string, { readonly look: DevboxLook | undefined }]>;
  readonly lookOf: (devboxId: string) => DevboxLook | undefined;
  readonly store: Pick<DevboxStore, 'get' | 'onDidChange'>;
  readonly globalState: Memento;
  /** Another part of what is known is on screen. */
  readonly onLookedAt: () => void;
  /** Something else was said of changes, or sent. */
  readonly onReviewed: () => void;
  readonly log: Log;
}

/** What the editor shows of changes beside their rows: both sides, comments, marks at lines, and its Source Control. */
export class ChangesInEditor implements Disposable {
  readonly documents: ChangeDocuments;
  readonly reviewMemory: ReviewMemory;
  readonly review: ReviewThreads;
  readonly sourceControls: SourceControls;
  readonly #gutter: GutterMarks;
  readonly #front: Disposable;
  readonly #fail: Log['failure'];

  constructor({ looks, lookOf, store, globalState, onLookedAt, onReviewed, log }: InEditorContext) {
    const stateOf = (devboxId: string): DevboxState | undefined => lookOf(devboxId)?.state;
    const fileOf = (uri: Uri): ReviewedFile | undefined =>
      reviewedFile(
        uri,
        [...looks()].map(([devboxId, { look }]) => ({ devboxId, state: look?.state })),
      );
    const again = (): void => {
      this.#gutter.again();
      onLookedAt();
    };
    this.#front = window.onDidChangeWindowState(again);
    this.#fail = (doing, error) => log.failure(doing, error);
    this.documents = new ChangeDocuments(lookOf);
    this.reviewMemory = new ReviewMemory(globalState);
    this.reviewMemory.onDidChange(onReviewed);
    this.review = new ReviewThreads({
      memory: this.reviewMemory,
      fileOf,
      fail: (error) => log.failure('Showing comments on changes', error),
    });
    this.sourceControls = new SourceControls({
      store,
      stateOf,
      fileOf,
      isText: (uri) => this.documents.isText(uri),
      onOpened: again,
      fail: (error) => log.failure('Comparing a file in Source Control', error),
    });
    this.#gutter = new GutterMarks({
      fileOf,
      committed: (file) => committed(stateOf(file.devboxId), file),
      original: (file) => this.documents.original(file),
      isMarked: (file) => this.sourceControls.has(file),
      fail: (error) => log.failure('Marking changed lines', error),
    });
  }

  /** Devboxes of which something depends on their changes that is on screen, and is neither a row nor a side. */
  get lookedAt(): readonly string[] {
    return [...this.sourceControls.lookedAt, ...this.#gutter.lookedAt];
  }

  /** What is known of a devbox is different. */
  again(devboxId: string): void {
    this.review.again();
    this.sourceControls
      .again(devboxId)
      .catch((error: unknown) => this.#fail('Showing a repository in Source Control', error));
    this.#gutter.again();
  }

  /** A devbox was looked at, whether or not anything is different. */
  looked(): void {
    this.#gutter.looked();
  }

  clear(): void {
    this.review.clear();
    this.sourceControls.clear();
    this.#gutter.clear();
  }

  dispose(): void {
    this.#front.dispose();
    this.documents.dispose();
    this.review.dispose();
    this.reviewMemory.dispose();
    this.sourceControls.dispose();
    this.#gutter.dispose();
  }
}

/** The commit that is checked out where a file is, and how the file differs from it. */
function committed(
  state: DevboxState | undefined,
  { top, path }: ReviewedFile,
): { readonly head: string; readonly change: FileChange | undefined } | undefined {
  const of = state?.repositories.find((one) => one.top === top);
  if (of === undefined || !('found' in of) || !hasGit(of.found.report)) return undefined;
  const change = of.found.groups.uncommitted.find((one) => one.path === path);
  return { head: of.found.report.head, change };
}
