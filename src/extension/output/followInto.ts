import { l10n, type LogOutputChannel } from 'vscode';
import type { Disposable } from '../../core/events';
import type { FollowNotice } from '../../core/logs/followDevbox';
import { followWhileShown, type Audience } from '../../core/logs/followWhileShown';
import { LineGroups, type LineGroup } from '../../core/logs/lineGroups';
import { oneLine } from '../../core/plainText';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { LineRedactor } from '../../core/redact';
import { readSettings } from '../account/settings';
import type { KnownSecrets } from '../session/knownSecrets';
import { onExpectedOutput, type OutputReasons } from './expectedOutput';

export interface FollowIntoOptions {
  readonly signal: AbortSignal;
  /** Whoever looks at the channel. */
  readonly audience: Audience;
  readonly secrets: KnownSecrets;
  /** What makes it likely that the devbox prints. */
  readonly reasons: OutputReasons;
}

/**
 * Writes a devbox's log into a channel while it happens, until the devbox has ended or the signal is aborted. Pauses
 * while nobody looks.
 *
 * @throws what following throws when it cannot go on
 */
export async function followInto(
  channel: LogOutputChannel,
  api: RunloopApi,
  devbox: Devbox,
  options: FollowIntoOptions,
): Promise<void> {
  const { signal, audience, secrets, reasons } = options;
  // Begun anew, the log comes from its first line again.
  channel.clear();
  const redactor = new LineRedactor();
  const subscription = secrets.onDidAddOf(devbox.id, (values) => redactor.know(values));
  const groups = new LineGroups(redactor);
  const flush = (): void => groups.flush().forEach((group) => write(channel, group));
  const pauseAfterMs = (): number => readSettings().pauseOutputAfterMs;
  const lookNow = (listener: () => void): Disposable => onExpectedOutput(reasons, devbox.id, listener);
  // A traceback's lines come within moments of each other; what nothing follows is shown as it is.
  let timer: NodeJS.Timeout | undefined;
  try {
    redactor.know(await secrets.inOutputOf(api, devbox));
    for await (const event of followWhileShown(api, devbox.id, { signal, audience, pauseAfterMs, lookNow })) {
      clearTimeout(timer);
      if (event.type === 'lines') {
        for (const group of groups.take(event.lines)) write(channel, group);
        timer = setTimeout(flush, 100);
        continue;
      }
      flush();
      const text = noticeText(event.notice);
      if (text !== undefined) channel.warn(text);
    }
  } finally {
    clearTimeout(timer);
    subscription.dispose();
    if (!signal.aborted) flush();
  }
  if (!signal.aborted) channel.info(l10n.t('The devbox has ended; this is its whole output.'));
}

/** What is said between the lines; undefined for what changes nothing for the reader. */
export function noticeText(notice: FollowNotice): string | undefined {
  switch (notice.kind) {
    case 'interrupted':
      return l10n.t('Connection lost, trying again: {0}', notice.why);
    case 'gap':
      return notice.missing === undefined
        ? l10n.t('Lines may be missing here: the platform no longer has all that was shown before.')
        : l10n.t('{0} lines are missing here: the platform did not send them.', notice.missing);
    case 'restarted':
      return l10n.t('The log of the devbox begins anew here; lines before this may be missing.');
    case 'suspended':
      return l10n.t('The devbox is suspended; its output goes on when it is resumed.');
    case 'polling':
      return l10n.t(
        'This platform does not stream logs: they are read again from time to time, and new lines can be up to a minute late.',
      );
    default:
      return undefined;
  }
}

function write(channel: LogOutputChannel, group: LineGroup): void {
  const source = group.source === '' ? '' : `[${oneLine(group.source, 40)}] `;
  const line = source + group.text;
  switch (group.level) {
    case 'error':
      channel.error(line);
      break;
    case 'warning':
      channel.warn(line);
      break;
    case 'debug':
      channel.debug(line);
      break;
    default:
      channel.info(line);
  }
}
