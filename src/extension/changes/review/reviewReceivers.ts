import { env, l10n } from 'vscode';
import { writeReview } from '../../../core/changes/review/reviewFile';
import { shownName } from '../../../core/files/pathText';
import { escapeForEditor } from '../../messages/escapeForEditor';
import type { DevboxLook } from '../devboxLook';

/** What a review is about, and its text. */
interface SentReview {
  readonly devboxId: string;
  /** The folder of the repository. */
  readonly top: string;
  readonly message: string;
}

/** Something that takes a review: an agent's session, a file, the clipboard. */
export interface ReviewReceiver {
  /** As it is offered. */
  readonly label: string;
  readonly description: string;
  /**
   * Takes it, whole or not at all.
   *
   * @returns what the person is told then
   */
  receive(review: SentReview, signal: AbortSignal): Promise<string>;
}

/** The receivers that are always there. */
export function usualReceivers(look: DevboxLook): readonly ReviewReceiver[] {
  return [
    {
      label: l10n.t('File in the Devbox'),
      description: l10n.t('for an agent or a person in it, in the home folder'),
      receive: async ({ top, message }, signal) => {
        const name = `review-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.md`;
        const path = await writeReview(look.changes, { name, message, top, signal });
        await env.clipboard.writeText(path);
        return l10n.t('The review is in {0} of the devbox. The path was copied.', escapeForEditor(shownName(path)));
      },
    },
    {
      label: l10n.t('Clipboard'),
      description: l10n.t('to be pasted where the agent reads it'),
      receive: async ({ message }) => {
        await env.clipboard.writeText(message);
        return l10n.t('The review was copied.');
      },
    },
  ];
}
