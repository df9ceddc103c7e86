import { l10n, window, type QuickPickItem } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { asArray, asObject, asString } from '../../core/parse';
import { hasEnded, type Devbox, type KnownStatus } from '../../core/platform/devbox';
import { idInPath } from '../../core/platform/devboxId';
import type { CallOptions } from '../../core/platform/apiCalls';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import type { Account, SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { commandProblem } from '../messages/commandProblems';
import { listLimitMs, lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import { endTime, type DevboxStore } from './devboxStore';
import { agoText, devboxLabel, statusWord } from './devboxText';
import { sayThereIsNone, type LookedFor } from './noDevboxes';
import { devboxesWith, tellOfUnread } from './severalDevboxes';

/** What devboxes are found with. */
export interface DevboxSources {
  readonly account: Account;
  readonly store: DevboxStore;
}

export interface DevboxQuestion {
  /** What the command was called with: a row of the tree, a devbox's id, or nothing. */
  readonly argument: unknown;
  /** The selected rows, where several are selected. */
  readonly arguments?: unknown;
  readonly placeHolder: string;
  readonly runningOnly?: boolean;
  /** Ask among the suspended devboxes instead of the active ones. */
  readonly suspended?: boolean;
  /** Ask among those that do not run any more: failed, shut down or suspended, the newest of each. */
  readonly stopped?: boolean;
  /** Ask among those of the view, suspended and ended ones included. */
  readonly inAnyState?: boolean;
}

/** @throws RuntimeError for an id that cannot be one */
function idOf(argument: unknown): string | undefined {
  const id = asString(argument) ?? asString(asObject(argument)?.['id']);
  if (id?.startsWith('dbx_') !== true) return undefined;
  idInPath(id);
  return id;
}

/**
 * The devboxes that a command means: the selected rows or the id it was given, else the one that the user picks.
 *
 * @returns none if the user picks none
 * @throws RuntimeError if the list cannot be read; `account_changed` if they are not of this window's account any more
 */
export async function devboxesFor(
  { account, store }: DevboxSources,
  question: DevboxQuestion,
): Promise<readonly Devbox[]> {
  const signedIn = await account.require();
  const devboxes = await meant({ account, store }, signedIn, question);
  mustStillBe(signedIn);
  return devboxes;
}

async function meant(
  { account, store }: DevboxSources,
  { api }: SignedIn,
  question: DevboxQuestion,
): Promise<readonly Devbox[]> {
  const selected = asArray(question.arguments).flatMap((row) => idOf(row) ?? []);
  const single = idOf(question.argument);
  const named = selected.length > 0 ? selected : single === undefined ? [] : [single];
  // The editor goes on naming selected rows that have vanished from the view: who chose from what is seen did not mean those.
  const ids = named.length > 1 && store.loaded ? named.filter((id) => store.get(id) !== undefined) : named;
  if (ids.length === 0 && named.length > 0) {
    void window.showInformationMessage(l10n.t('The selected devboxes are no longer listed.'));
    return [];
  }
  if (ids.length > 0) {
    return whenSlow(
      (signal) => Promise.all(ids.map(async (id) => store.get(id) ?? api.devboxes.retrieve(id, { signal, rule }))),
      { limitMs: lookUpLimitMs },
    );
  }
  const asked =
    question.inAnyState === true
      ? await listedDevboxes({ account, store })
      : await whenSlow((signal) => candidates(api, question, { signal, rule }), { limitMs: listLimitMs });
  if (asked.length === 0) {
    await sayThereIsNone({ account, store }, lookedFor(question));
    return [];
  }
  const picked = await pick(asked, question.placeHolder, api.clock.now());
  return picked === undefined ? [] : [picked];
}

/** The one devbox that a command means, as with {@link devboxesFor}. */
export async function devboxFor(
  sources: DevboxSources,
  argument: unknown,
  options: Pick<DevboxQuestion, 'placeHolder' | 'runningOnly' | 'stopped' | 'inAnyState'>,
): Promise<Devbox | undefined> {
  const [devbox] = await devboxesFor(sources, { argument, ...options });
  return devbox;
}

/**
 * The one devbox that a command means, for what nobody can do with one that has ended: a row, a message or a link may be older.
 *
 * @throws RuntimeError `devbox_ended`, before anything is asked of the user or the devbox
 */
export async function livingDevboxFor(
  sources: DevboxSources,
  argument: unknown,
  options: Pick<DevboxQuestion, 'placeHolder' | 'runningOnly'>,
): Promise<Devbox | undefined> {
  const devbox = await devboxFor(sources, argument, options);
  if (devbox !== undefined) mustLive(devbox);
  return devbox;
}

/** @throws RuntimeError `devbox_ended` */
export function mustLive(devbox: Devbox): void {
  if (!hasEnded(devbox.status)) return;
  const problem = commandProblem('ended_already', { devbox: devboxLabel(devbox) });
  throw new RuntimeError({ problem, devboxId: devbox.id });
}

/** How many of the devboxes that ended are offered: an account may have tens of thousands. */
const offeredEnded = 100;

/** Devboxes that are asked for where the view has not listed them yet. */
const listed = 100;

/** The devboxes of the view in any state, newest first; read from the account if the view has not been looked at. */
export async function listedDevboxes({ account, store }: DevboxSources): Promise<readonly Devbox[]> {
  const { api } = await account.require();
  if (store.loaded) return store.devboxes;
  const page = await whenSlow((signal) => api.devboxes.listPage({ limit: listed }, { signal, rule }), {
    limitMs: lookUpLimitMs,
  });
  tellOfUnread(page.malformed);
  return page.devboxes;
}

async function candidates(api: RunloopApi, question: DevboxQuestion, call: CallOptions): Promise<readonly Devbox[]> {
  if (question.stopped === true) {
    const pages = await Promise.all(
      (['failure', 'shutdown', 'suspended'] as const).map((status) =>
        api.devboxes.listPage({ status, limit: offeredEnded }, call),
      ),
    );
    tellOfUnread(pages.reduce((sum, { malformed }) => sum + malformed, 0));
    return pages
      .flatMap(({ devboxes }) => devboxes)
      .sort((a, b) => (b.endTimeMs ?? b.createTimeMs ?? 0) - (a.endTimeMs ?? a.createTimeMs ?? 0));
  }
  const statuses: readonly KnownStatus[] =
    question.suspended === true
      ? ['suspended']
      : question.runningOnly === true
        ? ['running']
        : ['running', 'provisioning', 'initializing', 'queued', 'resuming'];
  const devboxes = await devboxesWith(api, statuses, call);
  return [...devboxes].sort((a, b) => (b.createTimeMs ?? 0) - (a.createTimeMs ?? 0));
}

function lookedFor({ inAnyState, stopped, suspended, runningOnly }: DevboxQuestion): LookedFor {
  if (inAnyState === true) return 'any';
  if (stopped === true) return 'stopped';
  if (suspended === true) return 'suspended';
  return runningOnly === true ? 'running' : 'active';
}

async function pick(devboxes: readonly Devbox[], placeHolder: string, nowMs: number): Promise<Devbox | undefined> {
  const picked = await window.showQuickPick(devboxItems(devboxes, nowMs), { placeHolder, matchOnDetail: true });
  return picked?.devbox;
}

/**
 * Devboxes as items of a quick pick.
 *
 * @param nowMs by the server's clock, as their times are
 */
export function devboxItems(
  devboxes: readonly Devbox[],
  nowMs: number,
): (QuickPickItem & { readonly devbox: Devbox })[] {
  return devboxes.map((devbox) => ({
    label: plainLabel(devboxLabel(devbox)),
    description: [statusWord(devbox.status), timeOf(devbox, nowMs)].filter((part) => part !== '').join(' · '),
    detail: devbox.id,
    devbox,
  }));
}

/** When it ended, where it has; else when it started: a bare time would read as what is left. */
function timeOf(devbox: Devbox, nowMs: number): string {
  const ended = endTime(devbox);
  if (ended !== undefined) return l10n.t('ended: {0}', agoText(ended, nowMs));
  return devbox.createTimeMs === undefined ? '' : l10n.t('started: {0}', agoText(devbox.createTimeMs, nowMs));
}

/** A label from outside for a quick pick, where `$(` would be drawn as an icon. */
export function plainLabel(label: string): string {
  return label.replaceAll('$(', '$ (');
}
