import { l10n, type TreeView } from 'vscode';
import type { Disposable } from '../../core/events';
import { defaultBaseUrl } from '../../core/platform/client';
import { oneLine } from '../../core/plainText';
import type { Prices } from '../../core/cost/prices';
import type { Devbox } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import { costsNow } from '../devboxes/devboxStore';
import { costText, hourlyCost } from '../devboxes/devboxText';

export interface ViewFacts {
  readonly account: SignedIn | undefined;
  /** Whether that is a local platform. */
  readonly isLocal: boolean;
  readonly devboxes: readonly Devbox[];
  /** True if more run than were loaded. */
  readonly moreRun: boolean;
  readonly filter: string;
  readonly matching: number;
  /** Seconds for which the server asked us to stay away; 0: it did not. */
  readonly pauseSeconds: number;
  readonly prices: Prices | undefined;
  /** Entries of the list that could not be read. */
  readonly malformed: number;
  /** The list leads in a circle. */
  readonly isEndless: boolean;
}

/** Beside the view's title: which account, where that is not the usual one. */
function accountOfView({ account, isLocal }: ViewFacts): string {
  if (account === undefined) return '';
  if (isLocal) return l10n.t('Local platform');
  return account.baseUrl === defaultBaseUrl ? '' : new URL(account.baseUrl).host;
}

/** The line above the rows: the filter, a pause. Empty unless needed, as the editor shows no welcome text beside it. */
function messageOfView(facts: ViewFacts): string {
  const { account, devboxes, filter } = facts;
  const lines: string[] = [];
  if (account !== undefined && devboxes.length > 0 && filter.trim() !== '') {
    lines.push(l10n.t('Filter "{0}": {1} of {2}', oneLine(filter, 60), facts.matching, devboxes.length));
  }
  if (facts.pauseSeconds > 0) {
    lines.push(l10n.t('Runloop asked to wait: refreshing again in {0} s.', Math.ceil(facts.pauseSeconds)));
  }
  if (facts.malformed > 0) lines.push(l10n.t('Devboxes that could not be read: {0}', facts.malformed));
  if (facts.isEndless) lines.push(l10n.t('The list has no end: some devboxes may be missing.'));
  // The editor draws it as one paragraph.
  return lines.reverse().join(' · ');
}

/** What the view says beside its rows: the line above them and the number at its icon. */
export class ViewStatus<T> implements Disposable {
  readonly #view: TreeView<T>;
  readonly #facts: () => ViewFacts;
  #again: NodeJS.Timeout | undefined;

  constructor(view: TreeView<T>, facts: () => ViewFacts) {
    this.#view = view;
    this.#facts = facts;
  }

  /** Shows how things are now. A pause is counted down until it is over. */
  show(): void {
    const facts = this.#facts();
    const message = messageOfView(facts);
    if ((this.#view.message ?? '') !== message) this.#view.message = message;
    const description = accountOfView(facts);
    if ((this.#view.description ?? '') !== description) this.#view.description = description;
    setBadge(this.#view, facts);
    clearTimeout(this.#again);
    if (facts.pauseSeconds > 0) this.#again = setTimeout(() => this.show(), 1000);
  }

  dispose(): void {
    clearTimeout(this.#again);
  }
}

/** Shows how many devboxes cost money now, at the view's icon. */
function setBadge<T>(view: TreeView<T>, facts: Pick<ViewFacts, 'devboxes' | 'moreRun' | 'prices'>): void {
  const paid = facts.devboxes.filter(costsNow);
  if (paid.length === 0) {
    if (view.badge !== undefined) view.badge = undefined;
    return;
  }
  if (facts.prices === undefined) {
    const tooltip = facts.moreRun
      ? l10n.t('Devboxes that run: more than {0}', paid.length)
      : l10n.t('Devboxes that run: {0}', paid.length);
    if (view.badge?.value !== paid.length || view.badge.tooltip !== tooltip) {
      view.badge = { value: paid.length, tooltip };
    }
    return;
  }
  const dollars = paid.reduce((sum, devbox) => sum + (hourlyCost(devbox, facts.prices) ?? 0), 0);
  const tooltip = facts.moreRun
    ? l10n.t(
        'Devboxes that cost money now: more than {0} (over {1}); load more to count them all',
        paid.length,
        costText(dollars),
      )
    : l10n.t('Devboxes that cost money now: {0} ({1})', paid.length, costText(dollars));
  if (view.badge?.value !== paid.length || view.badge.tooltip !== tooltip) view.badge = { value: paid.length, tooltip };
}
