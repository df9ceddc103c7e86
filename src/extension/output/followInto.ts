import { l10n, type LogOutputChannel } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { readLog } from '../../core/logs/followDevbox';
import { followWhileShown, type Audience } from '../../core/logs/followWhileShown';
import type { LineGroup } from '../../core/logs/lineGroups';
import { pipeLines } from '../../core/logs/linePipeline';
import { groupText } from '../../core/logs/recordText';
import type { Devbox } from '../../core/platform/devbox';
import { OwnEntries } from '../../core/platform/ownExecutions';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { readSettings } from '../account/settings';
import { endText, noticeText } from '../messages/noticeText';
import { onExpectedOutput, type OutputReasons } from '../session/expectedOutput';
import type { KnownSecrets } from '../session/knownSecrets';

/** Milliseconds in which a log that has something shows something, as a rule. */
const quietMs = 1_500;

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
  const pauseAfterMs = (): number => readSettings().pauseOutputAfterMs;
  const lookNow = (listener: () => void): Disposable => onExpectedOutput(reasons, devbox.id, listener);
  let isEmpty = true;
  const isSilent = (): boolean => isEmpty && !signal.aborted;
  const sayIfEmpty = async (): Promise<void> => {
    if (!isSilent() || (await hasLines(api, devbox.id, signal))) return;
    if (isSilent()) channel.info(l10n.t('There is no output yet.'));
  };
  let saying = Promise.resolve();
  const quiet = setTimeout(() => {
    saying = sayIfEmpty();
    // Awaited below.
    saying.catch(() => undefined);
  }, quietMs);
  await pipeLines(followWhileShown(api, devbox.id, { signal, audience, pauseAfterMs, lookNow }), {
    secrets: secrets.forLines(api, devbox),
    show: (groups) => {
      isEmpty = false;
      if (!signal.aborted) for (const group of groups) write(channel, group);
    },
    onNotice: (notice) => {
      const text = noticeText(notice);
      if (text !== undefined) channel.warn(text);
    },
  }).finally(() => clearTimeout(quiet));
  await saying.catch((error: unknown) => {
    // What could not be read was told by who follows it; nobody knew then whether it was empty.
    if (!RuntimeError.is(error)) throw error;
  });
  if (!signal.aborted) channel.info(endText(isEmpty));
}

/** Whether a log has something to show: a stream that has brought nothing may only be late. */
async function hasLines(api: RunloopApi, devboxId: string, signal: AbortSignal): Promise<boolean> {
  const own = new OwnEntries();
  for await (const lines of readLog(api, devboxId, signal)) {
    if (lines.some((line) => !own.has(line))) return true;
  }
  return false;
}

function write(channel: LogOutputChannel, group: LineGroup): void {
  const line = groupText(group);
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
