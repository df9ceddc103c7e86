import { hasEnded, lifetimeEnd, type Devbox } from '../../../core/platform/devbox';
import { endTime } from '../../devboxes/devboxStore';
import type { Announced } from './news';

/** Why somebody should look at a devbox. */
export type Reason = 'evicting' | 'unknown_start' | 'ending' | 'failed' | 'open';

export interface Attention {
  readonly reason: Reason;
  /** What is remembered of it when somebody has seen it: an eviction is dismissed, not all that may come. */
  readonly mark: string;
  /** Since when, in Unix milliseconds. */
  readonly sinceMs: number;
}

export interface AttentionContext {
  /** Unix milliseconds by the server's clock. */
  readonly nowMs: number;
  /** Whether somebody has seen that already. */
  readonly isDismissed: (devboxId: string, mark: string) => boolean;
  /** What Runloop has announced to suspend. */
  readonly evictionOf?: (devboxId: string, nowMs: number) => Announced | undefined;
  /** Devboxes of starts that were broken off: nobody looks after them. */
  readonly unknownStarts: ReadonlySet<string>;
}

/** Milliseconds before its end from which a devbox needs attention. */
const endingMs = 10 * 60_000;

/** Why a devbox needs attention, the most pressing; undefined if it does not. */
function attentionOf(devbox: Devbox, context: AttentionContext): Attention | undefined {
  const { nowMs, isDismissed, evictionOf, unknownStarts } = context;
  const { id, status } = devbox;
  const found = (reason: Reason, sinceMs: number | undefined, mark: string = reason): Attention | undefined =>
    isDismissed(id, mark) ? undefined : { reason, mark, sinceMs: sinceMs ?? 0 };
  if (status === 'failure') return found('failed', endTime(devbox));
  if (hasEnded(status)) return undefined;
  const ends = status === 'running' ? lifetimeEnd(devbox) : undefined;
  const eviction = status === 'running' ? evictionOf?.(id, nowMs) : undefined;
  return (
    (eviction === undefined ? undefined : found('evicting', eviction.heardMs, `evicting ${eviction.deadlineMs}`)) ??
    (unknownStarts.has(id) ? found('unknown_start', devbox.createTimeMs) : undefined) ??
    (ends !== undefined && ends - nowMs <= endingMs ? found('ending', ends - endingMs) : undefined) ??
    (devbox.tunnel?.authMode === 'open' && status !== 'suspended' ? found('open', devbox.createTimeMs) : undefined)
  );
}

/** Those of some devboxes that need attention, the latest first. */
export function needingAttention(
  devboxes: readonly Devbox[],
  context: AttentionContext,
): ReadonlyMap<string, Attention> {
  const found: [string, Attention][] = [];
  for (const devbox of devboxes) {
    const attention = attentionOf(devbox, context);
    if (attention !== undefined) found.push([devbox.id, attention]);
  }
  return new Map(found.sort(([, a], [, b]) => b.sinceMs - a.sinceMs));
}

/** Whether two looks found the same. */
export function isSameAttention(a: ReadonlyMap<string, Attention>, b: ReadonlyMap<string, Attention>): boolean {
  if (a.size !== b.size) return false;
  const others = b.entries();
  return [...a].every(([id, { mark }]) => {
    const other = others.next().value;
    return other !== undefined && other[0] === id && other[1].mark === mark;
  });
}
