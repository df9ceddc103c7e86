import { env, l10n, ThemeIcon, Uri, window, type InputBox } from 'vscode';
import type { Disposable } from '../../core/events';
import { defaultBaseUrl } from '../../core/platform/client';
import { oneLine } from '../../core/safeText';
import type { Log } from '../messages/log';
import { failureText } from '../messages/showFailure';
import type { Account } from './account';

/** Where keys are made, as Runloop's own programs say. */
const keysPage = 'https://platform.runloop.ai/settings';

/**
 * Asks for an API key, checks it against the API, and keeps it. What is wrong with a key is said in the box itself,
 * where it can be corrected at once.
 */
export async function signIn({
  account,
  localPlatform,
  log,
}: {
  readonly account: Account;
  readonly localPlatform: () => Promise<{ leave(): Promise<void> }>;
  readonly log: Log;
}): Promise<void> {
  const host = new URL(account.baseUrl()).host;
  const box = window.createInputBox();
  box.title = l10n.t('Sign In to Runloop');
  box.prompt = l10n.t('API key for {0}. It is stored in the secret storage of this editor.', host);
  box.placeholder = 'ak_…';
  box.password = true;
  box.ignoreFocusOut = true;
  if (account.baseUrl() === defaultBaseUrl) {
    box.buttons = [
      { iconPath: new ThemeIcon('link-external'), tooltip: l10n.t('Create a Key in the Runloop Dashboard') },
    ];
    box.onDidTriggerButton(() => void env.openExternal(Uri.parse(keysPage, true)));
  }
  const accountName = await accepted(box, { account, log });
  if (accountName === undefined) return;
  // The window may have used the local platform until now.
  await (await localPlatform()).leave();
  const name = oneLine(accountName, 60);
  void window.showInformationMessage(
    name === '' ? l10n.t('Signed in to Runloop.') : l10n.t('Signed in to Runloop as {0}.', name),
  );
}

/** Shows the box until a key was accepted (the account's name) or the user left it (undefined). */
async function accepted(
  box: InputBox,
  { account, log }: { readonly account: Account; readonly log: Log },
): Promise<string | undefined> {
  const left = new AbortController();
  const subscriptions: Disposable[] = [box];
  try {
    return await new Promise<string | undefined>((resolve) => {
      const check = async (): Promise<void> => {
        if (box.busy || box.value.trim() === '') return;
        box.busy = true;
        box.enabled = false;
        box.validationMessage = undefined;
        try {
          resolve((await account.signIn(box.value, left.signal)).accountName);
        } catch (error) {
          if (left.signal.aborted) return;
          log.failure('Signing in', error);
          box.validationMessage = failureText(error);
        } finally {
          box.busy = false;
          box.enabled = true;
        }
      };
      subscriptions.push(
        box.onDidAccept(() => void check()),
        box.onDidChangeValue(() => {
          box.validationMessage = undefined;
        }),
        box.onDidHide(() => {
          left.abort();
          resolve(undefined);
        }),
      );
      box.show();
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

/**
 * Forgets the key of this window's account.
 *
 * @param stopLocalPlatform what signing out means where the local platform is the account: the account knows only how to
 *   join one
 */
export async function signOut(
  { account }: { readonly account: Account },
  stopLocalPlatform: () => Promise<void>,
): Promise<void> {
  if (account.usesLocal) {
    await stopLocalPlatform();
    return;
  }
  if ((await account.current()) === undefined) {
    void window.showInformationMessage(l10n.t('You are not signed in to Runloop.'));
    return;
  }
  await account.signOut();
  void window.showInformationMessage(l10n.t('Signed out of Runloop. Your devboxes keep running.'));
}
