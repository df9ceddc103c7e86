import { l10n } from 'vscode';
import { hourlyPrice, suspendedHourlyPrice, type Prices } from '../../core/cost/prices';
import { oneLine } from '../../core/safeText';
import { hasEnded, lifetimeEnd, type Devbox, type IdleRule } from '../../core/platform/devbox';
import { escapeForEditor } from '../messages/escapeForEditor';
import { costsNow } from './devboxStore';

/** Characters of a name that is too long which are kept, of its begin and of its end. */
const keptOfName = { begin: 36, end: 23 } as const;

/**
 * The name a devbox goes by: its own, else the beginning of its id. One that is too long loses its middle, as names of one run
 * differ at their end.
 */
export function devboxName(devbox: Devbox): string {
  const characters = Array.from(oneLine(devbox.name ?? '', 1_000));
  if (characters.length === 0) return oneLine(devbox.id, 16);
  const { begin, end } = keptOfName;
  if (characters.length <= begin + 1 + end) return characters.join('');
  return `${characters.slice(0, begin).join('')}…${characters.slice(-end).join('')}`;
}

/** The same for messages and pickers. */
export function devboxLabel(devbox: Devbox): string {
  return escapeForEditor(devboxName(devbox));
}

/** The status as a word of the editor's language; one that is not known yet is shown as the API sent it. */
export function statusWord(status: string): string {
  switch (status) {
    case 'running':
      return l10n.t('running');
    case 'provisioning':
      return l10n.t('provisioning');
    case 'initializing':
      return l10n.t('initializing');
    case 'queued':
    case 'scheduled':
      return l10n.t('queued');
    case 'resuming':
      return l10n.t('resuming');
    case 'suspending':
      return l10n.t('suspending');
    case 'suspended':
      return l10n.t('suspended');
    case 'shutdown':
      return l10n.t('shut down');
    case 'failure':
      return l10n.t('failed');
    default:
      return oneLine(status, 40);
  }
}

/** A length of time in one or two short words. */
export function durationText(seconds: number): string {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  if (minutes < 60) return l10n.t('{0} min', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return l10n.t('{0} days', Math.floor(hours / 24));
  return minutes % 60 === 0 ? l10n.t('{0} h', hours) : l10n.t('{0} h {1} min', hours, minutes % 60);
}

/** How long ago a time in Unix milliseconds was: "5 min ago". */
export function agoText(atMs: number, nowMs: number): string {
  return nowMs - atMs < 60_000 ? l10n.t('just now') : l10n.t('{0} ago', durationText((nowMs - atMs) / 1000));
}

/** When a living devbox ends by itself: its idle rule, else the time left; undefined if the API told neither. */
export function endingText(devbox: Devbox, nowMs: number): string | undefined {
  if (hasEnded(devbox.status) || devbox.status === 'suspended' || devbox.status === 'suspending') return undefined;
  if (devbox.idleRule !== undefined) return idleText(devbox.idleRule);
  const ends = lifetimeEnd(devbox);
  if (ends === undefined) return undefined;
  return ends - nowMs < 60_000 ? l10n.t('ending') : l10n.t('{0} left', durationText((ends - nowMs) / 1000));
}

/** What happens to a running devbox that nobody uses. */
export function idleText({ action, seconds }: IdleRule): string {
  const idle = durationText(seconds);
  return action === 'suspend' ? l10n.t('suspends after {0} idle', idle) : l10n.t('shuts down after {0} idle', idle);
}

/** Milliseconds that a warning comes late at the most: the minutes that it is about are told, not the one less that is left. */
const lateMs = 5_000;

/** How long a time of the server's clock is off, in words: "under 1 min" at the end. */
export function remainingText(endsMs: number, nowMs: number): string {
  return endsMs - nowMs < 60_000 ? l10n.t('under 1 min') : durationText((endsMs - nowMs + lateMs) / 1000);
}

/** Estimated dollars that a devbox costs in an hour as it is now; undefined if nothing, or not known. */
export function hourlyCost(devbox: Devbox, prices: Prices | undefined): number | undefined {
  if (prices === undefined) return undefined;
  if (costsNow(devbox)) return hourlyPrice(devbox.size, devbox.customSize, prices);
  return devbox.status === 'suspended' ? suspendedHourlyPrice(devbox.size, devbox.customSize, prices) : undefined;
}

/**
 * A sum per hour; always said to be an estimate.
 * @param isLeast true if not all is known that costs
 */
export function costText(dollars: number, isLeast = false): string {
  if (isLeast) return l10n.t('est. ${0}+/h', dollars.toFixed(2));
  return dollars < 0.01 ? l10n.t('est. under $0.01/h') : l10n.t('est. ${0}/h', dollars.toFixed(2));
}

/** Dollars that a devbox has cost so far; callers say that it is an estimate. */
export function spentText(dollars: number): string {
  return dollars < 0.01 ? l10n.t('under $0.01') : `$${dollars.toFixed(2)}`;
}

/** The size in Runloop's word, or the numbers of a custom one. */
export function sizeText(devbox: Devbox): string | undefined {
  const { cpuCores, memoryGib } = devbox.customSize ?? {};
  if (devbox.size === 'CUSTOM_SIZE' && cpuCores !== undefined && memoryGib !== undefined) {
    return l10n.t('{0} CPU, {1} GiB', cpuCores, memoryGib);
  }
  return devbox.size === undefined ? undefined : oneLine(devbox.size, 30);
}
