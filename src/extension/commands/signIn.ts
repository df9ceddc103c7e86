import { l10n, ProgressLocation, window } from 'vscode';
import { oneLine } from '../../core/plainText';
import { withSignal } from '../cancellation';
import type { Services } from '../services';
import { showFailure } from '../showFailure';

/** Asks for an API key, checks it against the API, and keeps it. */
export async function signIn(services: Services): Promise<void> {
  const host = new URL(services.account.baseUrl()).host;
  const key = await window.showInputBox({
    title: l10n.t('Sign In to Runloop'),
    prompt: l10n.t('API key for {0}. It is kept in the secret storage of this editor.', host),
    placeHolder: 'ak_…',
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined || key.trim() === '') return;
  try {
    const title = l10n.t('Checking the API key…');
    const { accountName } = await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title },
      (_progress, token) => withSignal(token, (signal) => services.account.signIn(key, signal)),
    );
    const name = oneLine(accountName, 60);
    void window.showInformationMessage(
      name === '' ? l10n.t('Signed in to Runloop.') : l10n.t('Signed in to Runloop as {0}.', name),
    );
  } catch (error) {
    showFailure('Signing in', error, services.log, () => signIn(services));
  }
}

/** Forgets the key of this window's account. */
export async function signOut(services: Services): Promise<void> {
  await services.account.signOut();
  void window.showInformationMessage(l10n.t('Signed out of Runloop. Your devboxes go on running.'));
}
