import { l10n, StatusBarAlignment, window, type StatusBarItem } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import type { Devbox } from '../../core/platform/devbox';
import type { CommandId } from '../commandIds';
import { devboxLabel } from '../devboxes/devboxText';
import { listText } from '../messages/listText';
import type { Log } from '../messages/log';

/** Milliseconds between two heartbeats; the shortest idle rule is longer. */
const everyMs = 60_000;

interface Kept {
  readonly label: string;
  readonly timer: NodeJS.Timeout;
}

/** Devboxes that this window keeps alive, because the user said so, and the status bar item that tells it. */
export class KeepAlive implements Disposable {
  readonly #log: Log;
  readonly #kept = new Map<string, Kept>();
  #item: StatusBarItem | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  isOn(devboxId: string): boolean {
    return this.#kept.has(devboxId);
  }

  /**
   * Begins to send heartbeats, the first one now.
   *
   * @param ended aborted when the devbox's account is no longer this window's: then nothing is begun
   * @throws RuntimeError if the first one is refused; then nothing was begun
   */
  async on(devbox: Devbox, ended: AbortSignal, heartbeat: () => Promise<void>): Promise<void> {
    await heartbeat();
    if (ended.aborted) return;
    this.off(devbox.id);
    const timer = setInterval(() => {
      heartbeat().catch((error: unknown) => {
        this.#log.failure(`Keeping ${devbox.id} alive`, error);
        // Gone or not ours any more: there is nothing to keep. Other failures may pass.
        if (RuntimeError.is(error, 'not_found') || (RuntimeError.is(error) && error.status === 400)) {
          this.off(devbox.id);
        }
      });
    }, everyMs);
    this.#kept.set(devbox.id, { label: devboxLabel(devbox), timer });
    this.#show();
  }

  off(devboxId: string): void {
    clearInterval(this.#kept.get(devboxId)?.timer);
    if (this.#kept.delete(devboxId)) this.#show();
  }

  allOff(): void {
    for (const devboxId of [...this.#kept.keys()]) this.off(devboxId);
  }

  dispose(): void {
    this.allOff();
    this.#item?.dispose();
  }

  #show(): void {
    const names = [...this.#kept.values()].map(({ label }) => label);
    if (names.length === 0) {
      this.#item?.hide();
      return;
    }
    const command: CommandId = 'runloop.toggleKeepAlive';
    this.#item ??= window.createStatusBarItem('runloop.keepAlive', StatusBarAlignment.Left);
    this.#item.name = l10n.t('Runloop: Devboxes Kept Alive');
    this.#item.text = `$(heart-filled) ${names.length === 1 ? (names[0] ?? '') : String(names.length)}`;
    this.#item.tooltip = l10n.t('Kept alive by this window: {0}. Click to change.', listText(names));
    this.#item.accessibilityInformation = { label: l10n.t('Kept alive by this window: {0}', listText(names)) };
    this.#item.command = command;
    this.#item.show();
  }
}
