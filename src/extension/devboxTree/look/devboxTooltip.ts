import { l10n } from 'vscode';
import { actionServerPort, vscodePort } from '../../../core/actionServer/startupCommand';
import { capacityOf } from '../../../core/cost/prices';
import { spentByTimes } from '../../../core/cost/spentByTimes';
import { oneLine } from '../../../core/safeText';
import { containerNameKey, hasEnded, lifetimeEnd, type Devbox } from '../../../core/platform/devbox';
import { endTime } from '../../devboxes/devboxStore';
import {
  costText,
  durationText,
  endingText,
  hourlyCost,
  idleText,
  sizeText,
  spentText,
  statusWord,
} from '../../devboxes/devboxText';
import { reasonText } from '../../devboxes/endReason';
import { ownMetadata } from '../order/ownMetadata';
import { isServerDown, suspendedSince, type RowContext } from './rowText';
import { timeText } from '../../messages/editorsLanguage';

/** Metadata entries that a tooltip shows. */
const metadataLines = 8;

/** What a tooltip tells beside the devbox and what its row depends on. */
export interface TooltipContext extends RowContext {
  readonly blueprintName: string | undefined;
  /** Whether it was started from this editor. */
  readonly isStartedHere: boolean;
}

/** Everything about a devbox, as plain text: names and metadata come from outside and must not be drawn as Markdown. */
export function devboxTooltip(devbox: Devbox, context: TooltipContext): string {
  const { nowMs, prices } = context;
  const ended = endTime(devbox);
  const suspended = devbox.status === 'suspended' ? suspendedSince(devbox) : undefined;
  const cost = hourlyCost(devbox, prices);
  const spent = prices === undefined ? undefined : spentByTimes(devbox, prices, nowMs);
  const reason = reasonText(devbox, context.ender);
  const size = sizeLine(devbox);
  const blueprint = context.blueprintName ?? devbox.blueprintId;
  const metadata = ownMetadata(devbox).map(([key, value]) => `${oneLine(key, 60)} = ${oneLine(value, 100)}`);
  const lines: readonly (string | undefined)[] = [
    devbox.name === undefined || devbox.name === '' ? undefined : oneLine(devbox.name, 200),
    oneLine(devbox.id, 60),
    '',
    l10n.t('Status: {0}', statusWord(devbox.status)),
    sessionLine(devbox, context),
    devbox.createTimeMs === undefined ? undefined : l10n.t('Started: {0}', timeText(devbox.createTimeMs)),
    suspended === undefined ? undefined : l10n.t('Suspended: {0}', timeText(suspended)),
    ended === undefined ? undefined : l10n.t('Ended: {0}', timeText(ended)),
    reason === undefined ? undefined : l10n.t('Reason: {0}', reason),
    endLine(devbox, context),
    evictionLine(devbox, context),
    size === undefined ? undefined : l10n.t('Size: {0}', size),
    cost === undefined ? undefined : l10n.t('Cost: {0}', costText(cost)),
    spent === undefined ? undefined : l10n.t('Estimated cost so far: {0}', spentText(spent)),
    portsLine(devbox),
    blueprint === undefined || blueprint === '' ? undefined : l10n.t('Blueprint: {0}', oneLine(blueprint, 80)),
    devbox.snapshotId === undefined ? undefined : l10n.t('From snapshot: {0}', oneLine(devbox.snapshotId, 60)),
    makerLine(devbox, context),
    ...(metadata.length === 0 ? [] : ['', ...metadata.slice(0, metadataLines)]),
    metadata.length > metadataLines ? l10n.t('… and {0} more', metadata.length - metadataLines) : undefined,
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

function sizeLine(devbox: Devbox): string | undefined {
  const capacity = capacityOf(devbox.size, devbox.customSize);
  if (capacity === undefined) return sizeText(devbox);
  const { cpuCores, memoryGib, diskGib } = capacity;
  const parts =
    diskGib === 0
      ? l10n.t('{0} CPU, {1} GiB memory', cpuCores, memoryGib)
      : l10n.t('{0} CPU, {1} GiB memory, {2} GiB disk', cpuCores, memoryGib, diskGib);
  return devbox.size === undefined || devbox.size === 'CUSTOM_SIZE' ? parts : `${oneLine(devbox.size, 30)} (${parts})`;
}

function sessionLine(devbox: Devbox, context: RowContext): string | undefined {
  if (devbox.status !== 'running') return undefined;
  if (!context.attached) return l10n.t('Session: this window is not attached');
  return isServerDown(devbox, context)
    ? l10n.t('Session: attached, action server not responding')
    : l10n.t('Session: this window is attached');
}

/** How it ends by itself. */
function endLine(devbox: Devbox, { nowMs }: RowContext): string | undefined {
  if (hasEnded(devbox.status)) return undefined;
  if (devbox.status === 'suspended' || devbox.status === 'suspending') return restingLine(devbox);
  if (devbox.idleRule !== undefined) {
    const idle = durationText(devbox.idleRule.seconds);
    return devbox.idleRule.action === 'suspend'
      ? l10n.t('End: suspends after {0} idle', idle)
      : l10n.t('End: shuts down after {0} idle', idle);
  }
  const ends = lifetimeEnd(devbox);
  if (ends === undefined) return l10n.t('End: not set');
  return l10n.t('End: {0} ({1})', timeText(ends), endingText(devbox, nowMs) ?? l10n.t('its lifetime'));
}

/**
 * The rule of one that is suspended, without a time: idle rules hold for what runs, and Runloop does not say whether a lifetime
 * goes on meanwhile (contract §2.3).
 */
function restingLine({ idleRule, keepAliveSeconds }: Devbox): string {
  if (idleRule !== undefined) return l10n.t('Once resumed: {0}', idleText(idleRule));
  return keepAliveSeconds === undefined
    ? l10n.t('End: not set')
    : l10n.t('Lifetime: {0}', durationText(keepAliveSeconds));
}

/** What Runloop has announced to do to it. */
function evictionLine({ status }: Devbox, { evictedAtMs }: RowContext): string | undefined {
  if (evictedAtMs === undefined) return undefined;
  if (status === 'suspended') {
    return l10n.t('Eviction: Runloop suspended it at {0}. Its disk is kept.', timeText(evictedAtMs));
  }
  if (status !== 'running') return undefined;
  return l10n.t('Eviction: Runloop suspends it at {0}. Its disk is kept.', timeText(evictedAtMs));
}

/** What of it can be reached from outside; what listens beyond that, nobody outside knows. */
function portsLine(devbox: Devbox): string | undefined {
  const { tunnel } = devbox;
  if (hasEnded(devbox.status)) return undefined;
  if (tunnel === undefined) return l10n.t('Ports: no tunnel');
  const access = tunnel.authMode === 'open' ? l10n.t('open to anyone with the address') : l10n.t('token required');
  return devbox.metadata[containerNameKey] === undefined
    ? l10n.t('Ports: tunnel, {0}', access)
    : l10n.t('Ports: VS Code {0}, action server {1}; {2}', vscodePort, actionServerPort, access);
}

function makerLine(devbox: Devbox, { isStartedHere }: TooltipContext): string | undefined {
  if (isStartedHere) return l10n.t('Created by: this editor');
  const said = [devbox.initiatorType, devbox.initiatorId].filter((part) => part !== undefined && part !== '').join(' ');
  return said === '' ? undefined : l10n.t('Created by: {0}', oneLine(said, 80));
}
