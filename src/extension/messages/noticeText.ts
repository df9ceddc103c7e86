import { l10n } from 'vscode';
import type { FollowNotice } from '../../core/logs/followDevbox';
import { paramText } from '../../core/problems/problem';
import { inEditorsLanguage } from './editorsLanguage';

/** What is said between the lines of a log that is followed; undefined for what changes nothing for the reader. */
export function noticeText(notice: FollowNotice): string | undefined {
  switch (notice.kind) {
    case 'interrupted':
      return l10n.t('Connection lost. Retrying: {0}', paramText(notice.why, inEditorsLanguage));
    case 'gap':
      return notice.missing === undefined
        ? l10n.t('Lines may be missing here: the platform no longer has everything that was shown before.')
        : notice.missing === 1
          ? l10n.t('1 line is missing here: the platform did not send it.')
          : l10n.t('{0} lines are missing here: the platform did not send them.', notice.missing);
    case 'restarted':
      return l10n.t('The log of the devbox restarts here. Earlier lines may be missing.');
    case 'suspended':
      return l10n.t('The devbox is suspended. Its output continues when it is resumed.');
    case 'polling':
      return l10n.t(
        'This platform does not stream logs. They are read again periodically, so new lines can be up to a minute late.',
      );
    case 'held':
      return l10n.t(
        'Something between this computer and Runloop, perhaps a proxy, is holding back the log stream. The log is read again periodically, so new lines can be up to a minute late.',
      );
    case 'streamed':
      return l10n.t('The log is streaming again.');
    default:
      return undefined;
  }
}

/** What stands at the end of the log of a devbox that has ended. @param isEmpty whether nothing stands above it */
export function endText(isEmpty: boolean): string {
  return isEmpty
    ? l10n.t('The devbox has ended. There is no output.')
    : l10n.t('The devbox has ended. This is its complete output.');
}
