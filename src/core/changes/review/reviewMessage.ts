import { shownName } from '../../files/pathText';
import { stripControls } from '../../safeText';
import type { ReviewThread } from './reviewThread';

/** A thread that is sent, and where its lines are by now; undefined where they are gone. */
export interface SentThread {
  readonly thread: ReviewThread;
  readonly line: number | undefined;
}

/**
 * All that is said of a repository, as one text for an agent or a person: the file, the line, the lines themselves and the words.
 * Each line of code is quoted, so that none of it can pass for words.
 */
export function reviewMessage(
  { top, branch }: { readonly top: string; readonly branch: string },
  threads: readonly SentThread[],
): string {
  const on = branch === '' ? '' : ` (${shownName(branch)})`;
  const parts = [...threads]
    .sort((one, other) => order(one, other))
    .map(({ thread, line }, index) => {
      const { path, isWork, anchor, comments } = thread;
      const number = (line ?? anchor.line) + 1;
      const last = number + anchor.snippet.length - 1;
      const lines = anchor.snippet.length > 1 ? `lines ${number}-${last}` : `line ${number}`;
      const state = !isWork ? ' before the change' : line === undefined ? ', which changed since the comment' : '';
      const quoted = anchor.snippet.map((text) => `> ${stripControls(text)}`.trimEnd());
      const words = comments.filter(({ isSent }) => !isSent).map((comment) => stripControls(comment.words).trim());
      return [`${index + 1}. ${shownName(path)}, ${lines}${state}:`, ...quoted, '', words.join('\n\n')].join('\n');
    });
  return `${[`Review of ${shownName(top)}${on}, comments: ${threads.length}`, ...parts].join('\n\n')}\n`;
}

function order({ thread: one, line: first }: SentThread, { thread: other, line: second }: SentThread): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1;
  return (first ?? one.anchor.line) - (second ?? other.anchor.line);
}
