import { l10n } from 'vscode';
import type { Devbox } from '../../core/platform/devbox';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';
import { reasonText } from '../devboxes/endReason';
import { escapeForEditor } from '../messages/escapeForEditor';
import type { Log } from '../messages/log';
import { showActions, type MessageAction } from '../messages/showActions';

interface NoticeServices {
  readonly store: DevboxStore;
  readonly log: Log;
}

/** Tells that a devbox that this window was attached to has ended, with what helps to understand it. */
export function notifyEnded(services: NoticeServices, devbox: Devbox): void {
  const text = l10n.t(
    'The devbox {0} has ended: {1}.',
    devboxLabel(devbox),
    escapeForEditor(reasonText(devbox) ?? l10n.t('Runloop gives no reason')),
  );
  tell(services, devbox, text, {
    title: l10n.t('Show Output'),
    command: 'runloop.showOutput',
    argument: devbox.id,
  });
}

/** Tells that a devbox that this window was attached to was suspended by somebody or something else. */
export function notifySuspended(services: NoticeServices, devbox: Devbox): void {
  tell(services, devbox, l10n.t('The devbox {0} was suspended.', devboxLabel(devbox)), {
    title: l10n.t('Resume'),
    command: 'runloop.resumeDevbox',
    argument: devbox.id,
  });
}

function tell({ store, log }: NoticeServices, devbox: Devbox, text: string, other: MessageAction): void {
  store.update(devbox);
  const why: MessageAction = {
    title: l10n.t('Why Did It Stop?'),
    command: 'runloop.whyDidItStop',
    argument: devbox.id,
  };
  showActions('warning', text, [why, other], log);
}
