import { l10n } from 'vscode';
import type { FileChange } from '../../../core/changes/compare';
import type { ReviewThread } from '../../../core/changes/review/reviewThread';
import { stripControls } from '../../../core/safeText';
import { isUnsent } from './reviewMemory';

/** Characters of comments that are shown beside a row. */
const mostShown = 2_000;

/** A file with comments that were not sent yet. */
export interface CommentedFile {
  readonly path: string;
  /** Whether one of them is about what is in the folder: the file itself shows it then. */
  readonly isWork: boolean;
  readonly threads: readonly ReviewThread[];
}

/** The comments on one repository that were not sent yet. */
export class UnsentComments {
  /** By the side of a file. */
  readonly #threads = new Map<string, ReviewThread[]>();

  constructor(all: readonly ReviewThread[], top: string) {
    for (const thread of all) {
      if (thread.top !== top || !isUnsent(thread)) continue;
      const side = sideOf(thread);
      this.#threads.set(side, [...(this.#threads.get(side) ?? []), thread]);
    }
  }

  get count(): number {
    return countOf([...this.#threads.values()].flat());
  }

  /** What a row says of those on a file that differs. */
  factsOf(change: FileChange): readonly string[] {
    return countFacts(countOf(sidesOf(change).flatMap((side) => this.#threads.get(side) ?? [])));
  }

  /** The files of those that are on none of these changes: no diff shows them. */
  besides(changes: Iterable<FileChange>): readonly CommentedFile[] {
    if (this.#threads.size === 0) return [];
    const left = new Map(this.#threads);
    for (const change of changes) for (const side of sidesOf(change)) left.delete(side);
    const files = new Map<string, ReviewThread[]>();
    for (const thread of [...left.values()].flat()) {
      files.set(thread.path, [...(files.get(thread.path) ?? []), thread]);
    }
    return [...files].map(([path, threads]) => ({ path, threads, isWork: threads.some(({ isWork }) => isWork) }));
  }
}

/** How many comments of some threads were not sent yet. */
export function countOf(threads: readonly ReviewThread[]): number {
  return threads.flatMap(({ comments }) => comments.filter(({ isSent }) => !isSent)).length;
}

/** The same in words, if there are any. */
export function countFacts(count: number): readonly string[] {
  if (count === 0) return [];
  return [count === 1 ? l10n.t('1 unsent comment') : l10n.t('{0} unsent comments', count.toLocaleString())];
}

/** What was said of a file, with the lines that it is about, as plain text. */
export function wordsOf({ threads }: CommentedFile): string {
  const parts = threads.map(({ anchor, comments }) =>
    [
      ...anchor.snippet.map((line) => `> ${stripControls(line)}`),
      ...comments.filter(({ isSent }) => !isSent).map(({ words }) => stripControls(words)),
    ].join('\n'),
  );
  const text = parts.join('\n\n');
  return text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
}

function sideOf({ path, isWork }: Pick<ReviewThread, 'path' | 'isWork'>): string {
  return `${isWork ? 'work' : 'before'} ${path}`;
}

/** Both sides of a change: what was there may have had another name. */
function sidesOf({ path, from = path }: FileChange): readonly string[] {
  return [sideOf({ path, isWork: true }), sideOf({ path: from, isWork: false })];
}
