import { l10n, window, type CommentReply, type CommentThread } from 'vscode';
import { linesOf, lineOfAnchor } from '../../../core/changes/review/anchor';
import { reviewMessage, type SentThread } from '../../../core/changes/review/reviewMessage';
import type { ReviewThread } from '../../../core/changes/review/reviewThread';
import { RuntimeError } from '../../../core/errors';
import { asObject, asString } from '../../../core/parse';
import { accountChanged } from '../../account/accountChanged';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { lookUpLimitMs, whenSlow } from '../../messages/whenSlow';
import { meantNodes, type ChangeCommandServices } from '../changeCommands';
import { repositoryName } from '../changeNode';
import type { DevboxLook } from '../devboxLook';
import { inProgress } from '../inProgress';
import { isUnsent } from './reviewMemory';
import { usualReceivers } from './reviewReceivers';
import { ShownComment } from './shownComment';

/** Bytes up to which a file is read to find the lines of a comment. */
const mostBytes = 5 * 1024 * 1024;

/** Keeps what was typed below some lines. */
export async function addReviewComment(services: ChangeCommandServices, argument: unknown): Promise<void> {
  if (isReply(argument)) await (await services.changes()).inEditor.review.add(argument.thread, argument.text);
}

export async function deleteReviewComment(services: ChangeCommandServices, argument: unknown): Promise<void> {
  if (argument instanceof ShownComment) await (await services.changes()).inEditor.review.delete(argument);
}

/** Sends all comments on a repository that were not sent yet, as one message. */
export async function sendReview(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const changes = await services.changes();
  const [node] = meantNodes(argument, undefined);
  const top = node?.reviewed ?? node?.about?.repository.top;
  const ofThread = isThread(argument) ? changes.inEditor.review.repositoryOf(argument) : undefined;
  const of = node === undefined || top === undefined ? ofThread : { devboxId: node.devboxId, top };
  const look = of === undefined ? undefined : changes.lookOf(of.devboxId);
  if (of === undefined) {
    if (!isThread(argument)) return;
    await window.showInformationMessage(
      l10n.t(
        'The changes that this comment is on are not known in this window. Open "Changes" below its devbox, and send the review from the repository there.',
      ),
    );
    return;
  }
  if (look === undefined) throw accountChanged(of.devboxId);
  const name = repositoryName(of.top);
  const threads = changes.inEditor.reviewMemory.of(of.devboxId, of.top).filter(isUnsent);
  if (threads.length === 0) {
    await window.showInformationMessage(
      l10n.t('There are no unsent comments on {0}. Add one beside a line of a diff.', escapeForEditor(name)),
    );
    return;
  }
  const agents = await whenSlow(() => changes.receivers(of.devboxId), { limitMs: lookUpLimitMs });
  const receivers = [...agents, ...usualReceivers(look)];
  const placeHolder =
    threads.length === 1
      ? l10n.t('Send 1 review comment on {0} to', name)
      : l10n.t('Send {0} review comments on {1} to', threads.length, name);
  const items = receivers.map((receiver) => ({ ...receiver, receiver }));
  const chosen = await window.showQuickPick(items, { placeHolder });
  if (chosen === undefined) return;
  const said = await inProgress(l10n.t('Sending the review of {0}…', escapeForEditor(name)), look, async (signal) => {
    const found = look.state?.repositories.find(({ top }) => top === of.top);
    const branch = found !== undefined && 'found' in found ? found.found.report.branch : '';
    const message = reviewMessage({ top: of.top, branch }, await placedNow(look, threads, signal));
    return chosen.receiver.receive({ ...of, message }, signal);
  });
  await changes.inEditor.reviewMemory.markSent(threads);
  await window.showInformationMessage(said);
}

/** Where the lines of comments are by now in the devbox; those of what was there before stay where they were. */
async function placedNow(
  look: DevboxLook,
  threads: readonly ReviewThread[],
  signal: AbortSignal,
): Promise<readonly SentThread[]> {
  const paths = [...new Set(threads.filter(({ isWork }) => isWork).map(({ top, path }) => `${top}\0${path}`))];
  // All at once, as they are read together.
  const read = paths.map(async (key) => {
    const [top = '', path = ''] = key.split('\0');
    return [key, await workLines(look, { top, path, signal })] as const;
  });
  const texts = new Map(await Promise.all(read));
  return threads.map((thread) => {
    const lines = thread.isWork ? (texts.get(`${thread.top}\0${thread.path}`) ?? 'unknown') : 'unknown';
    return { thread, line: lines === 'unknown' ? thread.anchor.line : lineOfAnchor(thread.anchor, lines) };
  });
}

/** The lines of a file; none of what is no text. */
async function workLines(
  look: DevboxLook,
  { top, path, signal }: { readonly top: string; readonly path: string; readonly signal: AbortSignal },
): Promise<readonly string[] | 'unknown'> {
  const side = { mode: '100644', id: '', isWork: true };
  const of = { top, report: { format: 'sha1', common: '' } } as const;
  try {
    const content = await look.changes.content(of, { path, side }, { most: mostBytes, signal });
    return content.kind === 'bytes' ? linesOf(content.bytes.toString('utf8')) : [];
  } catch (error) {
    // A devbox that is suspended keeps nobody from copying what was said of it.
    if (RuntimeError.is(error) && !signal.aborted) return 'unknown';
    throw error;
  }
}

function isReply(value: unknown): value is CommentReply {
  const view = asObject(value);
  return asString(view?.['text']) !== undefined && isThread(view?.['thread']);
}

function isThread(value: unknown): value is CommentThread {
  const view = asObject(value);
  return asObject(view?.['uri']) !== undefined && Array.isArray(view?.['comments']);
}
