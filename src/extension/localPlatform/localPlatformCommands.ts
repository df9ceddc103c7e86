import { commands, l10n, ProgressLocation, window } from 'vscode';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { hasEnded } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { Account } from '../account/account';
import type { CommandId } from '../commandIds';
import { withSignal } from '../messages/cancellation';
import type { Log } from '../messages/log';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { LocalPlatform } from './localPlatform';

interface PlatformServices {
  readonly account: Account;
  readonly localPlatform: () => Promise<LocalPlatform>;
}

/** Starts the local platform, or joins the one of another window, and turns this window to it. */
export async function tryLocally({
  account,
  localPlatform,
  log,
}: PlatformServices & { readonly log: Log }): Promise<void> {
  if (process.platform !== 'linux') {
    void window.showInformationMessage(
      l10n.t('The local platform runs only on Linux. Sign in to use the devboxes of a Runloop account.'),
    );
    return;
  }
  if ((await account.current())?.source === 'local') {
    void window.showInformationMessage(l10n.t('This window already uses the local platform.'));
    return;
  }
  const local = await localPlatform();
  const title = l10n.t('Starting the local platform…');
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (_progress, token) =>
    withSignal(token, (signal) => local.start(signal)),
  );
  await account.useLocal(true);
  await account.current();
  const start = l10n.t('Start Devbox');
  const startCommand: CommandId = 'runloop.startDevbox';
  const vscode = await local.devboxVscode();
  const ready = l10n.t('The local platform is ready. Devboxes run on this computer, with no account and at no cost.');
  const without = l10n.t('No VS Code server was found for them, so everything except Open VS Code works.');
  window.showInformationMessage(vscode === undefined ? `${ready} ${without}` : ready, start).then(
    async (chosen) => {
      if (chosen === start) await commands.executeCommand(startCommand);
    },
    (error: unknown) => log.failure('Offering the first devbox', error),
  );
}

/**
 * Ends the use of the local platform in this window. Devboxes that run are shut down only after a yes; without any the
 * platform ends by itself.
 */
export async function stopLocalPlatform({ account, localPlatform }: PlatformServices): Promise<void> {
  const current = await account.current();
  if (current?.source !== 'local') {
    void window.showInformationMessage(l10n.t('This window does not use the local platform.'));
    return;
  }
  const local = await localPlatform();
  const active = await whenSlow((signal) => countActive(current.api, signal), { limitMs: lookUpLimitMs });
  if (active > 0) {
    const shutDown = l10n.t('Shut Down All');
    const keep = l10n.t('Keep Running');
    const answer = await window.showWarningMessage(
      l10n.t('Stop using the local platform? Its devboxes that have not ended: {0}.', active),
      {
        modal: true,
        detail: l10n.t(
          'If you shut them down, their disks and everything in the workspace are permanently lost, for all windows. If you keep them running, they run until they end automatically, and "Try Without an Account" brings you back to them.',
        ),
      },
      keep,
      shutDown,
    );
    if (answer === undefined) return;
    if (answer === keep) await local.leave();
    else await stopAll(local);
  } else {
    await local.leave();
  }
  await account.useLocal(false);
  await account.current();
  void window.showInformationMessage(l10n.t('This window no longer uses the local platform.'));
}

/** Devboxes that have not ended, and those of which nobody can tell. */
async function countActive(api: RunloopApi, signal: AbortSignal): Promise<number> {
  let active = 0;
  const onMalformed = (count: number): void => void (active += count);
  for await (const { status } of api.devboxes.list({}, { signal, rule, onMalformed })) {
    if (!hasEnded(status)) active += 1;
  }
  return active;
}

async function stopAll(localPlatform: LocalPlatform): Promise<void> {
  const title = l10n.t('Shutting down the local platform…');
  await window.withProgress({ location: ProgressLocation.Notification, title }, () => localPlatform.stop());
}
