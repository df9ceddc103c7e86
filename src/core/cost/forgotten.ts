import type { Devbox } from '../platform/devbox';

/** Why a devbox may have been forgotten. */
export type ForgottenReason = 'old' | 'no_idle_rule' | 'not_opened';

export interface ForgottenDevbox {
  readonly devbox: Devbox;
  /** At least one. */
  readonly reasons: readonly ForgottenReason[];
}

export interface ForgottenOptions {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Milliseconds after which a running devbox counts as old. */
  readonly oldMs: number;
  /** Devboxes that were started from this editor, and whether they were opened since. */
  readonly startedHere: ReadonlyMap<string, { readonly opened: boolean }>;
}

/**
 * Running devboxes that somebody may have forgotten, the oldest first: older than the set age, without an idle rule,
 * or started here and not opened since.
 */
export function findForgotten(devboxes: readonly Devbox[], options: ForgottenOptions): readonly ForgottenDevbox[] {
  return devboxes
    .filter(({ status }) => status === 'running')
    .map((devbox): ForgottenDevbox => {
      const reasons: ForgottenReason[] = [];
      if (options.nowMs - (devbox.createTimeMs ?? options.nowMs) >= options.oldMs) reasons.push('old');
      if (devbox.idleRule === undefined) reasons.push('no_idle_rule');
      if (options.startedHere.get(devbox.id)?.opened === false) reasons.push('not_opened');
      return { devbox, reasons };
    })
    .filter(({ reasons }) => reasons.length > 0)
    .sort((a, b) => (a.devbox.createTimeMs ?? 0) - (b.devbox.createTimeMs ?? 0));
}
