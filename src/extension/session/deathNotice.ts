import { commands, l10n, window } from 'vscode';
import { oneLine } from '../../core/plainText';
import type { Devbox } from '../../core/platform/devbox';
import type { CommandId } from '../commandIds';
import { devboxLabel } from '../devboxTree/devboxItem';
import { inertText } from '../inertText';
import type { Services } from '../services';

const outputCommand: CommandId = 'runloop.showOutput';
/** Offered where the extension has it. */
const explainCommand = 'runloop.whyDidItStop';

/** Tells that a devbox that this window was attached to has ended, with what helps to understand it. */
export async function tellOfDeath(services: Services, devbox: Devbox): Promise<void> {
  services.store.update(devbox);
  const actions: [title: string, command: string][] = [[l10n.t('Show Output'), outputCommand]];
  if ((await commands.getCommands(true)).includes(explainCommand)) {
    actions.unshift([l10n.t('Why did it stop?'), explainCommand]);
  }
  const text = l10n.t('The devbox {0} has ended: {1}.', devboxLabel(devbox), endReason(devbox));
  window.showWarningMessage(text, ...actions.map(([title]) => title)).then(
    async (chosen) => {
      const command = actions.find(([title]) => title === chosen)?.[1];
      if (command !== undefined) await commands.executeCommand(command, devbox.id);
    },
    (error: unknown) => services.log.failure('Telling of the end of a devbox', error),
  );
}

/** Why a devbox has ended, in a few words; reasons that are not known yet are shown as the API sent them. */
export function endReason({ failureReason, shutdownReason }: Devbox): string {
  const reason = failureReason ?? shutdownReason ?? '';
  switch (reason) {
    case 'api_shutdown':
      return l10n.t('it was shut down from elsewhere');
    case 'keep_alive_timeout':
      return l10n.t('its lifetime was over');
    case 'entrypoint_exit':
      return l10n.t('its entrypoint ended');
    case 'idle':
      return l10n.t('nobody used it for as long as its idle rule says');
    case 'out_of_memory':
      return l10n.t('it ran out of memory');
    case 'out_of_disk':
      return l10n.t('its disk was full');
    case 'execution_failed':
      return l10n.t('a command of its start failed');
    case '':
      return l10n.t('Runloop gives no reason');
    default:
      return inertText(oneLine(reason, 80));
  }
}
