import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import { RuntimeError } from '../../../core/errors';
import { oneLine } from '../../../core/safeText';
import { hasEnded, type Devbox, containerNameKey } from '../../../core/platform/devbox';
import type { RunloopApi } from '../../../core/platform/runloopApi';
import { onceRule } from '../../../core/http/retryRules';
import { redact } from '../../../core/redact';
import type { Health } from '../../session/sessions';
import type { DetailRow } from '../rows';
import type { DevboxDetail } from './detailItem';
import { agoText } from '../../devboxes/devboxText';
import { reasonText, type Ender } from '../../devboxes/endReason';
import { failureText } from '../../messages/showFailure';
import type { RowFact } from '../treeServices';

export interface DetailsContext {
  readonly attached: boolean;
  /** How the action server was last seen, where this window is attached. */
  readonly health: Health | undefined;
  readonly nowMs: number;
  readonly lastError: string | undefined;
  /** What the devbox's row tells of what is below it. */
  readonly facts?: readonly RowFact[];
  /** What was listed last, by devbox; kept for the next time. */
  readonly listed: Map<string, Listed>;
  /** Who shut it down, if that is known. */
  readonly ender?: Ender | undefined;
  readonly signal: AbortSignal;
}

const snapshotsShown = 10;
/** Milliseconds for which a list of them may stand. */
const keptMs = 60_000;

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

/** The same as rows of the view. */
export async function devboxDetailRows(
  api: RunloopApi,
  devbox: Devbox,
  context: DetailsContext,
): Promise<readonly DetailRow[]> {
  const details = await devboxDetails(api, devbox, context);
  return details.map((detail) => ({ kind: 'detail', devboxId: devbox.id, detail }));
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
        description: isOpenHands ? l10n.t('not attached') : l10n.t('not attached; no known action server'),
        icon: new ThemeIcon('debug-disconnect'),
        command: 'runloop.attachDevbox',
      };
  return [detail];
}

/** What is known, and no more: a server that nobody may ask without counting as use may be gone. */
function shownHealth(health: 'answers' | 'runs'): string {
  return health === 'answers' ? l10n.t('attached, server up') : l10n.t('attached, not checked');
}

function attachedDetail(health: Health | undefined): DevboxDetail {
  const base = { key: 'session', label: l10n.t('Session') };
  return health === 'unreachable'
    ? {
        ...base,
        description: l10n.t('attached, server down'),
        icon: new ThemeIcon('warning', new ThemeColor('list.warningForeground')),
        command: 'runloop.showOutput',
      }
    : {
        ...base,
        description: health === undefined ? l10n.t('attached') : shownHealth(health),
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

/** Snapshots that were listed of a devbox, with what its row told then of what is below it. */
export interface Listed {
  readonly atMs: number;
  told: string;
  readonly details: DevboxDetail[];
}

/** The snapshots; not listed again for a row that is drawn anew since an agent changes files, each second perhaps. */
async function snapshots(api: RunloopApi, devbox: Devbox, context: DetailsContext): Promise<DevboxDetail[]> {
  const { facts = [], listed } = context;
  const told = facts.map(({ shown }) => shown).join();
  const known = listed.get(devbox.id);
  if (known !== undefined && known.told !== told && performance.now() - known.atMs < keptMs) {
    known.told = told;
    return known.details;
  }
  const details = await listSnapshots(api, devbox, context);
  listed.set(devbox.id, { atMs: performance.now(), told, details });
  return details;
}

async function listSnapshots(api: RunloopApi, devbox: Devbox, context: DetailsContext): Promise<DevboxDetail[]> {
  try {
    const found = await api.snapshots.ofDevbox(devbox.id, snapshotsShown, { signal: context.signal, rule: onceRule });
    return found.map((snapshot): DevboxDetail => {
      const age = snapshot.createTimeMs === undefined ? '' : agoText(snapshot.createTimeMs, context.nowMs);
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
