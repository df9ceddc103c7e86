import { l10n, type OutputChannel } from 'vscode';
import type { Disposable } from '../../core/events';
import { oneLine } from '../../core/safeText';
import { textChannel } from '../messages/outputChannels';

/** Channels of builds by blueprint name, made on their first line. */
export class BuildChannels implements Disposable {
  readonly #channels = new Map<string, OutputChannel>();

  /** The channel for the builds of a blueprint; what it had before is cleared. */
  of(name: string): OutputChannel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = textChannel(`Runloop: ${l10n.t('Build of {0}', oneLine(name, 60))}`);
      this.#channels.set(name, channel);
    } else {
      channel.clear();
    }
    return channel;
  }

  dispose(): void {
    for (const channel of this.#channels.values()) channel.dispose();
    this.#channels.clear();
  }
}
