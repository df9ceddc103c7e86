import { l10n } from 'vscode';
import type { Prices } from '../../../core/cost/prices';
import { hasEnded, lifetimeEnd, type Devbox } from '../../../core/platform/devbox';
import { endTime } from '../../devboxes/devboxStore';
import {
  agoText,
  devboxName,
  durationText,
  endingText,
  hourlyCost,
  sizeText,
  statusWord,
} from '../../devboxes/devboxText';
import { reasonText, shortReason, type Ender } from '../../devboxes/endReason';
import { listText } from '../../messages/listText';
import type { Reason } from '../order/attention';
import type { Health } from '../../session/sessions';
import type { RowFact } from '../treeServices';

/** What a row depends on beside its devbox. */
export interface RowContext {
  readonly attached: boolean;
  /** How the action server was last seen, where this window is attached. */
  readonly health: Health | undefined;
  /** Unix milliseconds by the server's clock. */
  readonly nowMs: number;
  readonly prices: Prices | undefined;
  /** When this window last told Runloop that the devbox is in use, in milliseconds before now. */
  readonly usedAgoMs: number | undefined;
  /** Why somebody should look at it. */
  readonly attention: Reason | undefined;
  readonly isPinned: boolean;
  /** When Runloop suspends it although nobody asked for it, in Unix milliseconds by the server's clock. */
  readonly evictedAtMs?: number | undefined;
  /** What is below it, as of the last look; nothing where nobody has looked. */
  readonly facts?: readonly RowFact[];
  /** Who shut it down, if that is known. */
  readonly ender?: Ender | undefined;
}

/** Milliseconds before an idle rule strikes from which that is more urgent than the price. */
const pressingMs = 10 * 60_000;

/** True where the window is attached and gets no answer. */
export function isServerDown(devbox: Devbox, { attached, health }: RowContext): boolean {
  return attached && health === 'unreachable' && devbox.status === 'running';
}

/**
 * What a row shows behind the name: facts only, the most pressing first. The state is the icon's and the group's, but for
 * those that an icon cannot tell apart.
 */
export function shownFacts(devbox: Devbox, context: RowContext): string {
  const { status } = devbox;
  const isLasting = status === 'running' || status === 'suspended' || hasEnded(status);
  const cost = hourlyCost(devbox, context.prices);
  // An evicted one will not come to its end.
  const end = status === 'running' && context.attention !== 'evicting' ? endFact(devbox, context) : undefined;
  const isPressing = isEndPressing(devbox, context);
  return [
    // The time that is left says it.
    context.attention === 'ending' ? undefined : shortAttention(context),
    isServerDown(devbox, context) ? l10n.t('action server down') : undefined,
    ...factsBelow(devbox, context).map(({ shown }) => shown),
    isLasting ? undefined : statusWord(status),
    isPressing ? end : undefined,
    ...(status === 'suspended' ? [evictedFact(context), sinceFact(devbox, context)] : []),
    // Why it failed is what one looks for; a narrow view cuts the rest off.
    ...(hasEnded(status) ? endedFacts(devbox, context) : []),
    cost === undefined ? undefined : shortCost(cost),
    isPressing ? undefined : end,
  ]
    .filter((fact) => fact !== undefined && fact !== '')
    .join(' · ');
}

/** What a screen reader says of a row: all that it shows, its icon and group as well, in words that make sense unseen. */
export function spokenFacts(devbox: Devbox, context: RowContext): string {
  const { status } = devbox;
  const ended = endTime(devbox);
  const since = ended ?? devbox.createTimeMs;
  const ago = since === undefined ? undefined : agoText(since, context.nowMs);
  const size = hasEnded(status) ? undefined : sizeText(devbox);
  const cost = hourlyCost(devbox, context.prices);
  const facts = [
    l10n.t('Devbox {0}', devboxName(devbox)),
    statusWord(status),
    attentionFact(context),
    context.attached ? l10n.t('attached') : undefined,
    context.isPinned ? l10n.t('pinned') : undefined,
    isServerDown(devbox, context) ? l10n.t('action server down') : undefined,
    ...factsBelow(devbox, context).map(({ spoken }) => spoken),
    ago === undefined ? undefined : ended === undefined ? l10n.t('started: {0}', ago) : l10n.t('ended: {0}', ago),
    ...(status === 'suspended' ? [suspendedAgo(devbox, context), evictedFact(context)] : []),
    spokenEnd(devbox, context),
    reasonText(devbox, context.ender),
    size === undefined ? undefined : l10n.t('size {0}', size),
    cost === undefined ? undefined : spokenCost(cost),
  ];
  return listText(facts.filter((fact) => fact !== undefined));
}

/** What somebody waits for first. */
function factsBelow({ status }: Devbox, { facts = [] }: RowContext): readonly RowFact[] {
  return status === 'running' ? [...facts].sort((a, b) => Number(b.isPressing) - Number(a.isPressing)) : [];
}

/** The same in as few words as a narrow row has room for. */
function shortAttention(context: RowContext): string | undefined {
  if (context.attention === 'open') return l10n.t('public');
  const left = context.attention === 'evicting' ? toEviction(context) : undefined;
  // The number first: a narrow view cuts the rest off.
  return left === undefined ? attentionFact(context) : l10n.t('{0} to eviction', left);
}

/** How long it is until Runloop suspends it; undefined if that is not known, or less than a minute. */
function toEviction({ evictedAtMs, nowMs }: RowContext): string | undefined {
  return evictedAtMs === undefined || evictedAtMs - nowMs < 60_000
    ? undefined
    : durationText((evictedAtMs - nowMs) / 1000);
}

/** What of it needs attention, where the other facts do not say so. */
function attentionFact(context: RowContext): string | undefined {
  switch (context.attention) {
    case 'evicting': {
      const left = toEviction(context);
      return left === undefined ? l10n.t('evicted soon') : l10n.t('evicted in {0}', left);
    }
    case 'unknown_start':
      return l10n.t('start interrupted');
    case 'open':
      return l10n.t('open to the public');
    case 'ending':
      return l10n.t('ends soon');
    case 'failed':
    case undefined:
      return undefined;
  }
}

/**
 * Dollars an hour, as short as a row wants it; the tooltip says that it is an estimate.
 * @param isLeast true if not all is known that costs
 */
export function shortCost(dollars: number, isLeast = false): string {
  if (isLeast) return l10n.t('${0}+/h', dollars.toFixed(2));
  return dollars < 0.01 ? l10n.t('<$0.01/h') : l10n.t('${0}/h', dollars.toFixed(2));
}

/** The same for a screen reader. */
export function spokenCost(dollars: number, isLeast = false): string {
  if (isLeast) return l10n.t('estimated ${0} or more an hour', dollars.toFixed(2));
  return dollars < 0.01
    ? l10n.t('estimated under $0.01 an hour')
    : l10n.t('estimated ${0} an hour', dollars.toFixed(2));
}

/** When it ends by itself: the time that is left, or what its idle rule waits for. */
function endFact(devbox: Devbox, context: RowContext): string {
  const idle = devbox.idleRule;
  if (idle !== undefined) {
    const left = idleLeft(devbox, context);
    return left === undefined
      ? l10n.t('after {0} idle', durationText(idle.seconds))
      : l10n.t('idle in {0}', durationText(left / 1000));
  }
  const ends = lifetimeEnd(devbox);
  if (ends === undefined) return l10n.t('no end');
  if (ends - context.nowMs < 60_000) return l10n.t('ending');
  const seconds = (ends - context.nowMs) / 1000;
  // Of half a day nobody wants the minutes, and the price has room.
  const left = durationText(seconds < 36_000 ? seconds : Math.floor(seconds / 3_600) * 3_600);
  return context.attention === 'ending' ? l10n.t('{0} left', left) : left;
}

/** False for an idle rule that will not strike in the next minutes: its words are long, and a narrow view would lose the price. */
function isEndPressing(devbox: Devbox, context: RowContext): boolean {
  return devbox.idleRule === undefined || (idleLeft(devbox, context) ?? Infinity) <= pressingMs;
}

/** The same for a screen reader. */
function spokenEnd(devbox: Devbox, context: RowContext): string | undefined {
  const { status } = devbox;
  const ending = endingText(devbox, context.nowMs);
  // Of one that runs, its row says that it has no end, and how long it may still be idle.
  const isShown = status === 'running' && (ending === undefined || idleLeft(devbox, context) !== undefined);
  return isShown ? endFact(devbox, context) : ending;
}

/** Milliseconds until its idle rule strikes at the earliest; undefined if this window cannot know. */
function idleLeft({ idleRule }: Devbox, { usedAgoMs }: RowContext): number | undefined {
  if (idleRule === undefined || usedAgoMs === undefined) return undefined;
  const left = idleRule.seconds * 1000 - usedAgoMs;
  return left < 60_000 ? undefined : left;
}

/** Since when it has been suspended, in Unix milliseconds; undefined if the API did not tell. */
export function suspendedSince({ transitions }: Devbox): number | undefined {
  return transitions.findLast(({ status }) => status === 'suspended')?.timeMs;
}

function suspendedAgo(devbox: Devbox, { nowMs }: RowContext): string | undefined {
  const since = suspendedSince(devbox);
  return since === undefined ? undefined : l10n.t('suspended: {0}', agoText(since, nowMs));
}

/** Runloop has suspended it, and nobody here. */
function evictedFact({ evictedAtMs }: RowContext): string | undefined {
  return evictedAtMs === undefined ? undefined : l10n.t('evicted by Runloop');
}

function sinceFact(devbox: Devbox, { nowMs }: RowContext): string | undefined {
  const since = suspendedSince(devbox);
  if (since === undefined) return undefined;
  return nowMs - since < 60_000 ? l10n.t('just now') : l10n.t('for {0}', durationText((nowMs - since) / 1000));
}

function endedFacts(devbox: Devbox, context: RowContext): readonly (string | undefined)[] {
  const facts = [endedFact(devbox, context), shortReason(devbox, context.ender)];
  return devbox.status === 'failure' ? facts.reverse() : facts;
}

function endedFact(devbox: Devbox, { nowMs }: RowContext): string | undefined {
  const ended = endTime(devbox);
  if (ended === undefined) return undefined;
  return agoText(ended, nowMs);
}
