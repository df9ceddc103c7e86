import { CommentMode, l10n, MarkdownString, type Comment, type CommentAuthorInformation } from 'vscode';
import { stripControls } from '../../../core/safeText';
import type { ReviewThread } from '../../../core/changes/review/reviewThread';

/** A comment as the editor shows it: plain text, whatever is in it. */
export class ShownComment implements Comment {
  readonly threadId: string;
  readonly index: number;
  readonly body: MarkdownString;
  readonly mode = CommentMode.Preview;
  readonly author: CommentAuthorInformation;
  readonly label: string;
  readonly timestamp: Date;
  readonly contextValue = 'runloopComment';

  /** @param isGone whether its lines are not in the document any more: they are shown with it then */
  constructor({ id, anchor, comments }: ReviewThread, index: number, isGone: boolean) {
    const { words = '', atMs = 0, isSent = false } = comments[index] ?? {};
    this.threadId = id;
    this.index = index;
    this.author = { name: l10n.t('You') };
    this.label = [isGone && index === 0 ? l10n.t('code changed') : '', isSent ? l10n.t('sent') : '']
      .filter((word) => word !== '')
      .join(' · ');
    this.timestamp = new Date(atMs);
    this.body = safeMarkdown(isGone && index === 0 ? anchor.snippet : [], words);
  }
}

/**
 * Words as Markdown that shows them as they are. The editor writes each space as `&nbsp;`, which its list of comments gives screen
 * readers as it is: those between words stay spaces, but for what would begin a list.
 */
function plainText(words: string): string {
  const parts = words.split(/(?<=\S)(?<!^\d+\.)( )(?=\S)|(&)(?=#?\w+;)/m);
  const written = (part = ''): string => (part === '&' ? '\\&' : new MarkdownString().appendText(part).value);
  return parts.map((part) => (part === ' ' ? part : written(part))).join('');
}

function safeMarkdown(snippet: readonly string[], words: string): MarkdownString {
  const body = new MarkdownString();
  body.isTrusted = false;
  body.supportHtml = false;
  body.supportThemeIcons = false;
  // First, as the editor's list of comments shows but the beginning.
  body.appendMarkdown(plainText(stripControls(words)));
  const code = snippet.map(stripControls);
  if (code.length > 0) {
    // Longer than any that it holds: nothing gets out of it.
    const longest = Math.max(2, ...code.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
    const fence = '`'.repeat(longest + 1);
    body.appendMarkdown(`\n\n${[fence, ...code, fence].join('\n')}\n`);
  }
  return body;
}
