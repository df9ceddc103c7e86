import { l10n, type Event, type TreeView } from 'vscode';
import type { Disposable } from '../../core/events';
import { defaultBaseUrl } from '../../core/platform/client';
import { oneLine } from '../../core/safeText';
import type { Devbox } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';

export interface ViewFacts {
  readonly account: SignedIn | undefined;
  /** Whether that is a local platform. */
  readonly isLocal: boolean;
  readonly devboxes: readonly Devbox[];
  /** True if more run than were loaded. */
  readonly moreRun: boolean;
  readonly filter: string;
  readonly matching: number;
  /** Devboxes that need attention. */
  readonly attention: number;
  /** Agents that need a person. */
  readonly agents: number;
  /** Seconds for which the server asked us to stay away; 0: it did not. */
  readonly pauseSeconds: number;
  /** Entries of the list that could not be read. */
  readonly malformed: number;
  /** The list leads in a circle. */
  readonly isEndless: boolean;
}

/** Which account, where that is not the usual one. */
function accountName({ account, isLocal }: ViewFacts): string | undefined {
  if (account === undefined) return undefined;
  if (isLocal) return l10n.t('Local platform');
  return account.baseUrl === defaultBaseUrl ? undefined : new URL(account.baseUrl).host;
}

/**
 * The line above the rows: the account, the filter, a pause. Empty unless needed, as the editor shows no welcome text in a
 * view that has a message.
 */
function messageOfView(facts: ViewFacts): string {
  const { account, devboxes, filter } = facts;
  const lines: string[] = [];
  const name = devboxes.length > 0 ? accountName(facts) : undefined;
  if (name !== undefined) lines.push(name);
  if (account !== undefined && devboxes.length > 0 && filter.trim() !== '') {
    lines.push(l10n.t('Filter "{0}": {1} of {2}', oneLine(filter, 60), facts.matching, devboxes.length));
  }
  if (facts.pauseSeconds > 0) {
    lines.push(l10n.t('Runloop is limiting requests. Refreshing again in {0} s.', Math.ceil(facts.pauseSeconds)));
  }
  if (facts.moreRun) lines.push(l10n.t('More devboxes are running than are loaded.'));
  if (facts.malformed > 0) lines.push(l10n.t('Devboxes that could not be read: {0}', facts.malformed));
  if (facts.isEndless) lines.push(l10n.t('The list is incomplete: some devboxes may be missing.'));
  // The editor draws it as one paragraph; it breaks behind a point, not before.
  return lines.join('\u00a0· ');
}

/** Milliseconds within which the editor has put the first rows where its welcome text was, as a rule. */
const drawnMs = 2_000;

/** What the view says beside its rows: the line above them, the number at its icon. */
export class ViewStatus<T> implements Disposable {
  readonly #view: TreeView<T>;
  readonly #facts: () => ViewFacts;
  readonly #subscription: Disposable;
  #again: NodeJS.Timeout | undefined;
  #measure: NodeJS.Timeout | undefined;

  /** @param changed rows are drawn again: what they say may be in the number as well */
  constructor(view: TreeView<T>, facts: () => ViewFacts, changed: Event<unknown>) {
    this.#view = view;
    this.#facts = facts;
    this.#subscription = changed(() => this.show());
  }

  /** Shows how things are now. A pause is counted down until it is over. */
  show(): void {
    const facts = this.#facts();
    const message = messageOfView(facts);
    const before = this.#view.message ?? '';
    if (before !== message) this.#view.message = message;
    if (before === '' && message !== '') this.#measureAgain(message);
    setBadge(this.#view, facts);
    clearTimeout(this.#again);
    if (facts.pauseSeconds > 0) this.#again = setTimeout(() => this.show(), 1000);
  }

  /**
   * Behind a welcome text the editor takes a message to have no height. The rows then reach out of the view, whose line is
   * scrolled away for good by the first menu that is closed; a message that is set again is measured again.
   */
  #measureAgain(message: string): void {
    clearTimeout(this.#measure);
    this.#measure = setTimeout(() => {
      if (this.#view.message === message) this.#view.message = message;
    }, drawnMs);
  }

  dispose(): void {
    this.#subscription.dispose();
    clearTimeout(this.#again);
    clearTimeout(this.#measure);
  }
}

/** Shows at the view's icon how many devboxes and agents need attention. */
function setBadge<T>(view: TreeView<T>, { attention, agents }: Pick<ViewFacts, 'attention' | 'agents'>): void {
  const tooltip = [
    ...(attention > 0 ? [l10n.t('Devboxes that need attention: {0}', attention)] : []),
    ...(agents > 0 ? [l10n.t('Agents that need you: {0}', agents)] : []),
  ].join(' · ');
  if ((view.badge?.tooltip ?? '') === tooltip) return;
  view.badge = tooltip === '' ? undefined : { value: attention + agents, tooltip };
}
