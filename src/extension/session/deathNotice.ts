import { commands, l10n, window } from 'vscode';
import type { Devbox } from '../../core/platform/devbox';
import type { CommandId } from '../commandIds';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel, reasonText } from '../devboxes/devboxText';
import { inertText } from '../messages/inertText';
import type { Log } from '../messages/log';

interface NoticeServices {
  readonly store: DevboxStore;
  readonly log: Log;
}

/** Tells that a devbox that this window was attached to has ended, with what helps to understand it. */
export function tellOfDeath(services: NoticeServices, devbox: Devbox): void {
  const text = l10n.t(
    'The devbox {0} has ended: {1}.',
    devboxLabel(devbox),
    inertText(reasonText(devbox) ?? l10n.t('Runloop gives no reason')),
  );
  tell(services, devbox, text, [l10n.t('Show Output'), 'runloop.showOutput']);
}

/** Tells that a devbox that this window was attached to was suspended by somebody or something else. */
export function tellOfSuspension(services: NoticeServices, devbox: Devbox): void {
  tell(services, devbox, l10n.t('The devbox {0} was suspended.', devboxLabel(devbox)), [
    l10n.t('Resume'),
    'runloop.resumeDevbox',
  ]);
}

type Action = readonly [title: string, command: CommandId];

function tell({ store, log }: NoticeServices, devbox: Devbox, text: string, other: Action): void {
  store.update(devbox);
  const actions: readonly Action[] = [[l10n.t('Why did it stop?'), 'runloop.whyDidItStop'], other];
  window.showWarningMessage(text, ...actions.map(([title]) => title)).then(
    async (chosen) => {
      const command = actions.find(([title]) => title === chosen)?.[1];
      if (command !== undefined) await commands.executeCommand(command, devbox.id);
    },
    (error: unknown) => log.failure('Telling of the end of a devbox', error),
  );
}
