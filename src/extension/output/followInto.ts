import { l10n, type LogOutputChannel } from 'vscode';
import type { Disposable } from '../../core/events';
import { followWhileShown, type Audience } from '../../core/logs/followWhileShown';
import { LineGroups, type LineGroup } from '../../core/logs/lineGroups';
import { oneLine } from '../../core/plainText';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { LineRedactor } from '../../core/secrets/lineRedactor';
import { readSettings } from '../account/settings';
import { noticeText } from '../messages/noticeText';
import { onExpectedOutput, type OutputReasons } from '../session/expectedOutput';
import type { KnownSecrets } from '../session/knownSecrets';

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
  const subscription = secrets.onDidAddOf(devbox.id, (values) => redactor.add(values));
  const groups = new LineGroups(redactor);
  const flush = (): void => groups.flush().forEach((group) => write(channel, group));
  const pauseAfterMs = (): number => readSettings().pauseOutputAfterMs;
  const lookNow = (listener: () => void): Disposable => onExpectedOutput(reasons, devbox.id, listener);
  // A traceback's lines come within moments of each other; what nothing follows is shown as it is.
  let timer: NodeJS.Timeout | undefined;
  try {
    redactor.add(await secrets.inOutputOf(api, devbox));
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
