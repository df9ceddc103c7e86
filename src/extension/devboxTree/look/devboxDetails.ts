import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import { RuntimeError } from '../../../core/errors';
import { oneLine } from '../../../core/plainText';
import { hasEnded, type Devbox, containerNameKey } from '../../../core/platform/devbox';
import type { RunloopApi } from '../../../core/platform/runloopApi';
import { onceRule } from '../../../core/http/retryRules';
import { redact } from '../../../core/redact';
import type { Health } from '../../session/sessions';
import type { DevboxDetail } from './detailItem';
import { ageText } from '../../devboxes/devboxText';
import { reasonText, type Ender } from '../../devboxes/endReason';
import { failureText } from '../../messages/showFailure';

export interface DetailsContext {
  readonly attached: boolean;
  /** How the action server was last seen, where this window is attached. */
  readonly health: Health | undefined;
  readonly nowMs: number;
  readonly lastError: string | undefined;
  /** Who shut it down, if that is known. */
  readonly ender?: Ender | undefined;
  readonly signal: AbortSignal;
}

const snapshotsShown = 10;

/**
 * What is known about a devbox beyond its row. Only asks the API, and only for snapshots: a look into the tunnel would
 * count as use of the devbox.
 */
export async function devboxDetails(api: RunloopApi, devbox: Devbox, context: DetailsContext): Promise<DevboxDetail[]> {
  return [
    ...lastErrors(devbox, context),
    ...session(devbox, context),
    ...tunnel(devbox),
    ...(await snapshots(api, devbox, context)),
  ];
}

function lastErrors(devbox: Devbox, context: DetailsContext): DevboxDetail[] {
  const reason = hasEnded(devbox.status) ? reasonText(devbox, context.ender) : undefined;
  const ended: DevboxDetail = {
    key: 'ended',
    label: devbox.status === 'failure' ? l10n.t('Failed') : l10n.t('Ended'),
    description: reason ?? l10n.t('no reason was given'),
    icon:
      devbox.status === 'failure'
        ? new ThemeIcon('error', new ThemeColor('list.errorForeground'))
        : new ThemeIcon('info'),
    command: 'runloop.whyDidItStop',
  };
  const failed = (text: string): DevboxDetail => ({
    key: 'error',
    label: l10n.t('Last error'),
    description: oneLine(redact(text), 200),
    icon: new ThemeIcon('warning', new ThemeColor('list.warningForeground')),
    command: 'runloop.showOutput',
  });
  return [
    ...(hasEnded(devbox.status) ? [ended] : []),
    ...(context.lastError === undefined ? [] : [failed(context.lastError)]),
  ];
}

function session(devbox: Devbox, context: DetailsContext): DevboxDetail[] {
  if (devbox.status !== 'running') return [];
  const isOpenHands = devbox.metadata[containerNameKey] !== undefined;
  const detail: DevboxDetail = context.attached
    ? attachedDetail(context.health)
    : {
        key: 'session',
        label: l10n.t('Session'),
        description: isOpenHands
          ? l10n.t('this window is not attached')
          : l10n.t('this window is not attached; no known action server'),
        icon: new ThemeIcon('debug-disconnect'),
        command: 'runloop.attachDevbox',
      };
  return [detail];
}

function attachedDetail(health: Health | undefined): DevboxDetail {
  const base = { key: 'session', label: l10n.t('Session') };
  return health === 'unreachable'
    ? {
        ...base,
        description: l10n.t('attached, action server is not responding'),
        icon: new ThemeIcon('warning', new ThemeColor('list.warningForeground')),
        command: 'runloop.showOutput',
      }
    : {
        ...base,
        description: health === 'runs' ? l10n.t('attached, running') : l10n.t('attached, action server is responding'),
        icon: new ThemeIcon('plug'),
      };
}

/** Who can use its ports once it runs; while it does, they have a row of their own. */
function tunnel({ tunnel: itsTunnel, status }: Devbox): DevboxDetail[] {
  if (itsTunnel === undefined || status === 'running' || hasEnded(status)) return [];
  const isOpen = itsTunnel.authMode === 'open';
  const description = isOpen ? l10n.t('open to anyone with the address') : l10n.t('token required');
  return [{ key: 'tunnel', label: l10n.t('Tunnel'), description, icon: new ThemeIcon(isOpen ? 'globe' : 'lock') }];
}

async function snapshots(api: RunloopApi, devbox: Devbox, context: DetailsContext): Promise<DevboxDetail[]> {
  try {
    const found = await api.snapshotsOf(devbox.id, snapshotsShown, { signal: context.signal, rule: onceRule });
    return found.map((snapshot): DevboxDetail => {
      const age = snapshot.createTimeMs === undefined ? '' : ageText(snapshot.createTimeMs, context.nowMs);
      const name = oneLine(snapshot.name ?? '', 60);
      return {
        key: `snapshot:${snapshot.id}`,
        label: l10n.t('Snapshot {0}', name === '' ? oneLine(snapshot.id, 30) : name),
        description: [age, oneLine(snapshot.commitMessage ?? '', 100)].filter((part) => part !== '').join(' · '),
        icon: new ThemeIcon('device-camera'),
      };
    });
  } catch (error) {
    // Not offered by this platform, or not allowed for this key: then there is nothing to show.
    if (RuntimeError.is(error) && [403, 404, 405, 501].includes(error.status ?? 0)) return [];
    if (RuntimeError.is(error, 'cancelled')) return [];
    const failed = l10n.t('The snapshots could not be listed');
    return [
      {
        key: 'snapshots',
        label: failed,
        description: failureText(error),
        icon: new ThemeIcon('warning'),
      },
    ];
  }
}
