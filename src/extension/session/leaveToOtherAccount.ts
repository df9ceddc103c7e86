import { l10n, window } from 'vscode';
import type { Devbox } from '../../core/platform/devbox';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';

/**
 * Somebody signed out or switched the account while a devbox started: the window has nothing to do with it any more, but
 * whoever pays must know that it runs.
 */
export function leaveToOtherAccount(store: DevboxStore, devbox: Devbox): void {
  store.remove(devbox.id);
  void window.showWarningMessage(
    l10n.t('Devbox {0} is ready and running in the account that this window used before.', devboxLabel(devbox)),
  );
}
