import { commands, l10n, window, type QuickPickItem } from 'vscode';
import { oneLine } from '../../core/safeText';
import type { CommandId } from '../commandIds';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';
import { devboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import type { Sessions } from './sessions';

interface SessionsAndStore {
  readonly sessions: Sessions;
  readonly store: DevboxStore;
}

interface ActionItem extends QuickPickItem {
  readonly run: () => Thenable<unknown>;
}

/** Offers what can be done with the current session, and with the others of this window. */
export async function sessionActions({ sessions, store }: SessionsAndStore): Promise<void> {
  const all = sessions.all();
  const current = all.at(-1);
  if (current === undefined) {
    void window.showInformationMessage(l10n.t('This window is not attached to a devbox.'));
    return;
  }
  sessions.askForLook();
  const [id, runtime] = current;
  const action = (icon: string, label: string, command: CommandId): ActionItem => ({
    label: `$(${icon}) ${label}`,
    run: () => commands.executeCommand(command, id),
  });
  const others = all.slice(0, -1).map(([otherId]): ActionItem => ({
    label: `$(arrow-swap) ${l10n.t('Switch to {0}', labelOf({ sessions, store }, otherId))}`,
    run: () => {
      sessions.turnTo(otherId);
      return Promise.resolve();
    },
  }));
  const items = [
    action('vscode', l10n.t('Open VS Code'), 'runloop.openVscode'),
    action('run', l10n.t('Run as Agent Action…'), 'runloop.runAgentAction'),
    action('link', l10n.t('Copy VS Code Link'), 'runloop.copyVscodeLink'),
    action('output', l10n.t('Show Output'), 'runloop.showOutput'),
    action('list-flat', l10n.t('Open Log'), 'runloop.openLog'),
    action('copy', l10n.t('Copy Devbox ID'), 'runloop.copyDevboxId'),
    action('debug-pause', l10n.t('Suspend'), 'runloop.suspendDevbox'),
    action('debug-disconnect', l10n.t('Detach'), 'runloop.detachDevbox'),
    action('trash', l10n.t('Shut Down'), 'runloop.shutDownDevbox'),
    ...others,
  ];
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Session: {0}', runtime.devbox === undefined ? oneLine(id, 16) : labelOf({ sessions, store }, id)),
    placeHolder: l10n.t('Select an action for this devbox'),
  });
  await picked?.run();
}

/** Detaches from a devbox; it goes on running. */
export async function detachDevbox(
  { account, store, sessions }: DevboxSources & SessionsAndStore,
  argument: unknown,
): Promise<void> {
  const devbox = await devboxFor({ account, store }, argument, {
    placeHolder: l10n.t('Select a devbox to detach from'),
  });
  if (devbox !== undefined) sessions.detach(devbox.id);
}

function labelOf({ sessions, store }: SessionsAndStore, devboxId: string): string {
  const devbox = store.get(devboxId) ?? sessions.get(devboxId)?.devbox;
  return (devbox === undefined ? oneLine(devboxId, 16) : devboxLabel(devbox)).replaceAll('$(', '$ (');
}
