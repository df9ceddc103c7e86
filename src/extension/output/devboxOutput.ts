import { l10n, type Disposable, type LogOutputChannel } from 'vscode';
import { isAborted } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { contextKeys } from '../commandIds';
import { devboxLabel } from '../devboxes/devboxText';
import type { Log } from '../messages/log';
import { logChannel } from '../messages/outputChannels';
import type { OutputReasons } from '../session/expectedOutput';
import type { KnownSecrets } from '../session/knownSecrets';
import { setContext } from '../setContext';
import { quietChannels } from './quietChannels';
import { ShownChannel } from './shownChannel';

interface Followed {
  readonly audience: ShownChannel;
  readonly channel: LogOutputChannel;
  stop: AbortController | undefined;
  /** True once the channel has the whole log of a devbox that has ended: no more will come. */
  isWhole: boolean;
}

/** One output channel per devbox, with the lines of its log while they happen. */
export class DevboxOutput implements Disposable {
  readonly #log: Log;
  readonly #secrets: KnownSecrets;
  readonly #reasons: OutputReasons;
  readonly #followed = new Map<string, Followed>();

  /**
   * @param secrets what is known of a devbox is removed from every line
   * @param reasons what makes it likely that a devbox prints
   */
  constructor(log: Log, secrets: KnownSecrets, reasons: OutputReasons) {
    this.#reasons = reasons;
    this.#log = log;
    this.#secrets = secrets;
  }

  /** Starts following a devbox, without showing anything; does nothing if it is followed already, or read to its end. */
  follow(api: RunloopApi, devbox: Devbox): void {
    const followed = this.#open(devbox);
    // One that was stopped may take a moment to end.
    if (followed.stop?.signal.aborted === false || followed.isWhole) return;
    const stop = new AbortController();
    followed.stop = stop;
    this.#run(api, devbox, followed, stop.signal)
      .then(() => {
        followed.isWhole = !isAborted(stop.signal);
      })
      .catch((error: unknown) => {
        if (isAborted(stop.signal)) return;
        followed.channel.error(l10n.t('The output can no longer be followed. Show it again to retry.'));
        this.#log.failure(`Following the output of ${devbox.id}`, error);
      })
      .finally(() => {
        if (followed.stop === stop) followed.stop = undefined;
        this.#prune();
      });
  }

  /** Brings the channel of a devbox into view; the keyboard focus stays where it is. */
  show(devbox: Devbox): void {
    this.#open(devbox).channel.show(true);
    setContext(contextKeys.hasShownOutput, true).then(undefined, (error: unknown) =>
      this.#log.failure('Telling the editor that output was shown', error),
    );
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
      followed = {
        channel: logChannel(title),
        audience: new ShownChannel(title),
        stop: undefined,
        isWhole: false,
      };
      this.#prune();
    }
    // The one that was used last stands last.
    this.#followed.delete(devbox.id);
    this.#followed.set(devbox.id, followed);
    return followed;
  }

  /** Lets channels go that nobody needs: an account has thousands of devboxes in a year. */
  #prune(): void {
    const states = [...this.#followed].map(
      ([id, { stop, audience }]) => [id, { isFollowed: stop !== undefined, isShown: audience.isShown }] as const,
    );
    for (const id of quietChannels(new Map(states))) {
      this.#followed.get(id)?.channel.dispose();
      this.#followed.delete(id);
    }
  }

  async #run(api: RunloopApi, devbox: Devbox, { channel, audience }: Followed, signal: AbortSignal): Promise<void> {
    const { followInto } = await import('./followInto');
    await followInto(channel, api, devbox, { signal, audience, secrets: this.#secrets, reasons: this.#reasons });
  }
}
