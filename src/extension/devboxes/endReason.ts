import { l10n } from 'vscode';
import { oneLine } from '../../core/safeText';
import type { Devbox } from '../../core/platform/devbox';

/** Who shut a devbox down, where it was somebody at this editor. */
export type Ender = 'you' | 'otherWindow';

/**
 * Why a devbox ended and who did it, as far as its own facts tell, in the editor's language; a reason that is not known yet is
 * shown as the API sent it.
 *
 * @param ender who shut it down, if that is known
 */
export function reasonText(devbox: Devbox, ender?: Ender): string | undefined {
  const reason = devbox.failureReason ?? devbox.shutdownReason;
  switch (reason) {
    case 'api_shutdown':
      if (ender === 'you') return l10n.t('you shut it down');
      if (ender === 'otherWindow') return l10n.t('you shut it down in another window');
      return l10n.t('it was shut down through the API');
    case 'keep_alive_timeout':
      return l10n.t('Runloop shut it down, as its lifetime was over');
    case 'entrypoint_exit':
      return l10n.t('its entrypoint ended');
    case 'idle':
      return l10n.t('Runloop shut it down, as it was idle');
    case 'ttl_expired':
      return l10n.t("Runloop shut it down, as it reached the platform's age limit");
    case 'execution_failed':
      return l10n.t('a start-up command failed');
    case 'health_check_failed':
      return l10n.t('it stopped responding');
    default:
      return shortReason(devbox, ender);
  }
}

/** The same in as few words as a narrow row has room for, behind the time of the end. */
export function shortReason(devbox: Devbox, ender?: Ender): string | undefined {
  const reason = devbox.failureReason ?? devbox.shutdownReason;
  switch (reason) {
    case undefined:
      return undefined;
    case 'api_shutdown':
      if (ender === 'you') return l10n.t('by you');
      return ender === 'otherWindow' ? l10n.t('by you, elsewhere') : l10n.t('by the API');
    case 'keep_alive_timeout':
      return l10n.t('lifetime over');
    case 'entrypoint_exit':
      return l10n.t('entrypoint ended');
    case 'idle':
      return l10n.t('was idle');
    case 'ttl_expired':
      return l10n.t('age limit');
    case 'out_of_memory':
      return l10n.t('out of memory');
    case 'out_of_disk':
      return l10n.t('out of disk space');
    case 'execution_failed':
      return l10n.t('start-up failed');
    case 'health_check_failed':
      return l10n.t('no response');
    default:
      return oneLine(reason, 60);
  }
}
