import { l10n, ProgressLocation, window, type QuickPickItem } from 'vscode';
import { deadline } from '../../ground/deadline';
import type { Prices } from '../../core/cost/prices';
import { isAborted } from '../../core/errors';
import { findForgotten, type ForgottenDevbox, type ForgottenReason } from '../../core/cost/forgotten';
import type { Devbox } from '../../core/platform/devbox';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { accountMark } from '../../core/start/notes/startNote';
import type { Account, SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { readSettings } from '../account/settings';
import { agoText, costText, devboxLabel, endingText, hourlyCost } from '../devboxes/devboxText';
import { plainLabel } from '../devboxes/pickDevbox';
import { devboxesWith, forEach, namesOf, orGone } from '../devboxes/severalDevboxes';
import { withSignal } from '../messages/cancellation';
import { listText } from '../messages/listText';
import { showFailure } from '../messages/showFailure';
import { listLimitMs, whenSlow } from '../messages/whenSlow';
import { askAndShutDown, type EndServices } from '../session/askAndShutDown';
import type { StartedHere } from './startedHere';

/** What finding forgotten devboxes takes, and ending them. */
export interface ForgottenServices extends EndServices {
  readonly account: Account;
  readonly startedHere: StartedHere;
  readonly devboxUse: { toldAt(devboxId: string): number | undefined };
  readonly tree: { follow(devboxId: string): void; refresh(): Promise<void> };
}

const hourMs = 3_600_000;

function reasonText(reason: ForgottenReason, oldHours: number): string {
  switch (reason) {
    case 'old':
      return l10n.t('older than {0} h', oldHours);
    case 'unbounded':
      return l10n.t('no known lifetime or idle rule');
    case 'window_closed':
      return l10n.t('its window is closed');
    case 'not_opened':
      return l10n.t('started here but never opened');
  }
}

/** Lists running devboxes that may have been forgotten, and acts on those that the user picks. Nothing acts by itself. */
export async function findForgottenDevboxes(services: ForgottenServices): Promise<void> {
  await review(services, new Set());
}

async function review(services: ForgottenServices, ofClosedWindows: ReadonlySet<string>): Promise<void> {
  const signedIn = await services.account.require();
  const { api } = signedIn;
  const running = await whenSlow((signal) => devboxesWith(api, ['running'], { signal, rule }), {
    limitMs: listLimitMs,
  });
  const oldHours = readSettings().forgottenAfterHours;
  const forgotten = findForgotten(running, {
    nowMs: api.clock.now(),
    oldMs: oldHours * hourMs,
    startedHere: services.startedHere.all(),
    ofClosedWindows,
  });
  if (forgotten.length === 0) {
    void window.showInformationMessage(l10n.t('No forgotten devboxes found.'));
    return;
  }
  const picked = await window.showQuickPick(
    forgotten.map((entry) =>
      item(entry, {
        oldHours,
        nowMs: api.clock.now(),
        prices: services.account.prices,
        last: lastUse(services, entry),
      }),
    ),
    {
      canPickMany: true,
      title: l10n.t('Forgotten Devboxes'),
      placeHolder: l10n.t(
        'Running devboxes that may have been forgotten: {0}. Select the ones to suspend or shut down.',
        forgotten.length,
      ),
    },
  );
  if (picked === undefined || picked.length === 0) return;
  mustStillBe(signedIn);
  await act(
    services,
    signedIn,
    picked.map(({ devbox }) => devbox),
  );
}

/** When this editor last saw somebody use a devbox, in Unix milliseconds; undefined if it never did. */
function lastUse(
  { startedHere, devboxUse }: Pick<ForgottenServices, 'startedHere' | 'devboxUse'>,
  { devbox: { id } }: ForgottenDevbox,
): number | undefined {
  const times = [startedHere.all().get(id)?.openedMs, devboxUse.toldAt(id)].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

interface ItemContext {
  readonly oldHours: number;
  /** Unix milliseconds by the server's clock. */
  readonly nowMs: number;
  readonly prices: Prices | undefined;
  /** Unix milliseconds by this computer's clock. */
  readonly last: number | undefined;
}

function item(
  { devbox, reasons }: ForgottenDevbox,
  { oldHours, nowMs, prices, last }: ItemContext,
): QuickPickItem & { readonly devbox: Devbox } {
  const cost = hourlyCost(devbox, prices);
  const facts = [
    devbox.createTimeMs === undefined ? undefined : l10n.t('started: {0}', agoText(devbox.createTimeMs, nowMs)),
    cost === undefined ? undefined : costText(cost),
    endingText(devbox, nowMs),
    last === undefined ? l10n.t('no use recorded here') : l10n.t('last used: {0}', agoText(last, Date.now())),
  ];
  return {
    label: plainLabel(devboxLabel(devbox)),
    description: facts.filter((fact) => fact !== undefined).join(' · '),
    detail: `${listText(reasons.map((reason) => reasonText(reason, oldHours)))} · ${devbox.id}`,
    devbox,
  };
}

async function act(
  services: Pick<ForgottenServices, keyof EndServices | 'tree'>,
  signedIn: SignedIn,
  devboxes: readonly Devbox[],
): Promise<void> {
  const { api } = signedIn;
  const suspend = l10n.t('Suspend');
  const shutDown = l10n.t('Shut Down');
  const action = await window.showQuickPick([suspend, shutDown, l10n.t('Keep')], {
    title: namesOf(devboxes),
    placeHolder: l10n.t('Suspending keeps the disk but ends all processes. Shutting down deletes everything.'),
  });
  if (action === shutDown) await askAndShutDown(services, signedIn, devboxes);
  if (action !== suspend) return;
  mustStillBe(signedIn);
  await window.withProgress(
    {
      location: ProgressLocation.Notification,
      cancellable: true,
      title: l10n.t('Suspending {0}…', namesOf(devboxes)),
    },
    (_progress, token) =>
      withSignal(token, (signal) =>
        forEach(devboxes, async ({ id }) => {
          const suspended = await api.devboxes.suspend(id, { signal: deadline(60_000, signal) });
          services.sessions.rest(id);
          if (signedIn.ended.aborted) return;
          services.store.update(suspended);
          services.tree.follow(id);
        }),
      ),
  );
  await services.tree.refresh();
}

/** Devboxes of closed windows that are looked up at the most. */
const mostLookUps = 20;

/**
 * Asks once about devboxes that a window which is closed by now had started and that still run. Those of another
 * account are left for a window that is signed in to it.
 */
export async function askAboutClosedWindows(services: ForgottenServices): Promise<void> {
  const account = await services.account.current();
  if (account === undefined) return;
  const mark = accountMark(account.api);
  const ids = services.startedHere.ofClosedWindows(mark).slice(-mostLookUps);
  const found = await Promise.all(ids.map(async (id) => (await orGone(account.api.devboxes.retrieve(id))) ?? []));
  // They belong to an account that this window has left: whoever comes back to it is asked.
  if (isAborted(account.ended)) return;
  // Looks may overlap; the first one asks.
  const unasked = new Set(services.startedHere.ofClosedWindows(mark));
  const known = found.flat().filter(({ id }) => unasked.has(id));
  // What this window is attached to, somebody has before their eyes.
  const left = known.filter(({ id, status }) => status === 'running' && !services.sessions.isAttached(id));
  await services.startedHere.asked(known.map(({ id }) => id));
  if (left.length === 0) return;
  const reviewThem = l10n.t('Review');
  const answer = await window.showInformationMessage(
    l10n.t('Devboxes started in a window that is now closed are still running: {0}.', listText(left.map(devboxLabel))),
    reviewThem,
    l10n.t('Keep Running'),
  );
  if (answer !== reviewThem) return;
  try {
    mustStillBe(account);
    await review(services, new Set(left.map(({ id }) => id)));
  } catch (error) {
    showFailure('Reviewing devboxes of closed windows', error, services.log, undefined, { account });
  }
}
