import { l10n, window, type ExtensionTerminalOptions } from 'vscode';
import type { Devbox } from '../../core/platform/devbox';
import { mustStillBe } from '../account/accountChanged';
import { devboxLabel, statusWord } from '../devboxes/devboxText';
import { devboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import type { DevboxTerminals } from './terminals';

type OpenTerminalServices = DevboxSources & {
  readonly terminals: () => Promise<DevboxTerminals>;
  readonly devboxUse: { used(devboxId: string): void };
  readonly log: Log;
};

/** Opens a terminal in a devbox and turns to it. */
export async function openTerminal(services: OpenTerminalServices, argument: unknown): Promise<void> {
  const options = await terminalOptions(services, argument);
  if (options === undefined) return;
  const { devboxId, ...made } = options;
  window.createTerminal(made).show();
  services.devboxUse.used(devboxId);
}

/** What the editor makes a terminal of, in the devbox that is meant; it belongs to the account in which that was chosen. */
export async function terminalOptions(
  services: OpenTerminalServices,
  argument: unknown,
): Promise<(ExtensionTerminalOptions & { readonly devboxId: string }) | undefined> {
  const signedIn = await services.account.require();
  const devbox = await devboxForTerminal(services, argument);
  if (devbox === undefined) return undefined;
  const terminals = await services.terminals();
  mustStillBe(signedIn, devbox.id);
  return { ...terminals.options(signedIn, devbox), devboxId: devbox.id };
}

/** The running devbox that a terminal is wanted in; one that does not run is never woken for it. */
async function devboxForTerminal(
  { account, store, log }: OpenTerminalServices,
  argument: unknown,
): Promise<Devbox | undefined> {
  const placeHolder = l10n.t('Select a devbox to open a terminal in');
  const devbox = await devboxFor({ account, store }, argument, { placeHolder, runningOnly: true });
  if (devbox === undefined || devbox.status === 'running') return devbox;
  const text = l10n.t(
    '{0} is {1}. Terminals can be opened only in running devboxes.',
    devboxLabel(devbox),
    statusWord(devbox.status),
  );
  const resume = { title: l10n.t('Resume'), command: 'runloop.resumeDevbox', argument: devbox.id } as const;
  showActions('information', text, devbox.status === 'suspended' ? [resume] : [], log);
  return undefined;
}
