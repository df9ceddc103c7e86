import { l10n, window, type Disposable, type LogOutputChannel } from 'vscode';
import { isAborted } from '../../core/errors';
import { followEvents, type FollowNotice } from '../../core/logs/followDevbox';
import { LineGroups, type LineGroup } from '../../core/logs/lineGroups';
import { oneLine } from '../../core/plainText';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { LineRedactor } from '../../core/redact';
import { devboxLabel } from '../devboxTree/devboxItem';
import type { Log } from '../log';

interface Followed {
  readonly channel: LogOutputChannel;
  stop: AbortController | undefined;
}

/** One output channel per devbox, with the lines of its log while they happen. */
export class DevboxOutput implements Disposable {
  readonly #log: Log;
  readonly #sessionKey: (devboxId: string) => Promise<string | undefined>;
  readonly #followed = new Map<string, Followed>();

  /** @param sessionKey the key of a devbox's action server, if this editor knows it: it is removed from every line */
  constructor(log: Log, sessionKey: (devboxId: string) => Promise<string | undefined>) {
    this.#log = log;
    this.#sessionKey = sessionKey;
  }

  /** Starts following a devbox, without showing anything; does nothing if it is followed already. */
  follow(api: RunloopApi, devbox: Devbox): void {
    const followed = this.#open(devbox);
    if (followed.stop !== undefined) return;
    const stop = new AbortController();
    followed.stop = stop;
    this.#run(api, devbox, followed, stop.signal)
      .catch((error: unknown) => {
        if (isAborted(stop.signal)) return;
        followed.channel.error(l10n.t('The output cannot be followed any more; show it again to retry.'));
        this.#log.failure(`Following the output of ${devbox.id}`, error);
      })
      .finally(() => {
        followed.stop = undefined;
      });
  }

  /** Brings the channel of a devbox into view; the keyboard focus stays where it is. */
  show(devbox: Devbox): void {
    this.#open(devbox).channel.show(true);
  }

  /** Stops following, for example after signing out; the channels keep what they have. */
  stopAll(): void {
    for (const { stop } of this.#followed.values()) stop?.abort();
  }

  dispose(): void {
    for (const { channel, stop } of this.#followed.values()) {
      stop?.abort();
      channel.dispose();
    }
    this.#followed.clear();
  }

  #open(devbox: Devbox): Followed {
    let followed = this.#followed.get(devbox.id);
    if (followed === undefined) {
      // The id's tail keeps devboxes of one name apart.
      const title = `Runloop: ${devboxLabel(devbox)} (${oneLine(devbox.id, 64).slice(-6)})`;
      followed = { channel: window.createOutputChannel(title, { log: true }), stop: undefined };
      this.#followed.set(devbox.id, followed);
    }
    return followed;
  }

  async #run(api: RunloopApi, devbox: Devbox, followed: Followed, signal: AbortSignal): Promise<void> {
    const { channel } = followed;
    // Begun anew, the log comes from its first line again.
    channel.clear();
    // What we gave to this devbox or use for it: a program in it may print any of these.
    const known = [devbox.tunnel?.authToken, await this.#sessionKey(devbox.id), api.authorization.replace(/^Bearer /, '')];
    const groups = new LineGroups(new LineRedactor(known.filter((value) => value !== undefined)));
    const flush = (): void => groups.flush().forEach((group) => write(channel, group));
    // A traceback's lines come within moments of each other; what nothing follows is shown as it is.
    let timer: NodeJS.Timeout | undefined;
    try {
      for await (const event of followEvents(api, devbox.id, { signal })) {
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
      if (!signal.aborted) flush();
    }
    channel.info(l10n.t('The devbox has ended; this is its whole output.'));
  }
}

/** What is said between the lines; undefined for what changes nothing for the reader. */
function noticeText(notice: FollowNotice): string | undefined {
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
