import { l10n, ProgressLocation, window, type QuickPickItem } from 'vscode';
import { deadline } from '../../ground/deadline';
import { findForgotten, type ForgottenDevbox, type ForgottenReason } from '../../core/cost/forgotten';
import type { Devbox } from '../../core/platform/devbox';
import { suspendDevbox } from '../../core/platform/lifeCycle';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import type { Account } from '../account/account';
import { readSettings } from '../account/settings';
import { ageText, devboxLabel } from '../devboxes/devboxText';
import { plainLabel } from '../devboxes/pickDevbox';
import { forEach, namesOf, orGone } from '../devboxes/severalDevboxes';
import { listText } from '../messages/listText';
import type { Log } from '../messages/log';
import { whenSlow } from '../messages/whenSlow';
import { askAndShutDown, type EndServices } from '../session/askAndShutDown';
import type { StartedHere } from './startedHere';

/** What finding forgotten devboxes takes, and ending them. */
export interface ForgottenServices extends EndServices {
  readonly account: Account;
  readonly startedHere: StartedHere;
  readonly tree: { follow(devboxId: string): void; refresh(): Promise<void> };
  readonly log: Log;
}

const hourMs = 3_600_000;

function reasonText(reason: ForgottenReason, oldHours: number): string {
  switch (reason) {
    case 'old':
      return l10n.t('older than {0} h', oldHours);
    case 'no_idle_rule':
      return l10n.t('no idle rule');
    case 'not_opened':
      return l10n.t('started here and not opened since');
  }
}

/** Lists running devboxes that may have been forgotten, and acts on those that the user picks. Nothing acts by itself. */
export async function findForgottenDevboxes(services: ForgottenServices): Promise<void> {
  const { api } = await services.account.require();
  const running = await whenSlow(async (signal) => {
    const found: Devbox[] = [];
    for await (const devbox of api.list({ status: 'running' }, { signal, rule })) found.push(devbox);
    return found;
  });
  const oldHours = readSettings().forgottenAfterHours;
  const forgotten = findForgotten(running, {
    nowMs: api.clock.now(),
    oldMs: oldHours * hourMs,
    startedHere: services.startedHere.all(),
  });
  if (forgotten.length === 0) {
    void window.showInformationMessage(l10n.t('No devbox looks forgotten.'));
    return;
  }
  const picked = await window.showQuickPick(
    forgotten.map((entry) => item(entry, oldHours)),
    {
      canPickMany: true,
      title: l10n.t('Forgotten Devboxes'),
      placeHolder: l10n.t(
        'Running devboxes that may have been forgotten: {0}. Pick those to act on.',
        forgotten.length,
      ),
    },
  );
  if (picked === undefined || picked.length === 0) return;
  await act(
    services,
    api,
    picked.map(({ devbox }) => devbox),
  );
}

function item(entry: ForgottenDevbox, oldHours: number): QuickPickItem & { readonly devbox: Devbox } {
  const { devbox } = entry;
  return {
    label: plainLabel(devboxLabel(devbox)),
    description: devbox.createTimeMs === undefined ? '' : ageText(devbox.createTimeMs, Date.now()),
    detail: `${listText(entry.reasons.map((reason) => reasonText(reason, oldHours)))} · ${devbox.id}`,
    devbox,
  };
}

async function act(
  services: Pick<ForgottenServices, keyof EndServices | 'tree'>,
  api: RunloopApi,
  devboxes: readonly Devbox[],
): Promise<void> {
  const suspend = l10n.t('Suspend');
  const shutDown = l10n.t('Shut Down');
  const action = await window.showQuickPick([suspend, shutDown, l10n.t('Keep')], {
    title: l10n.t('{0} devboxes', devboxes.length),
    placeHolder: l10n.t('Suspending keeps the disk and loses processes; shutting down loses everything.'),
  });
  if (action === shutDown) await askAndShutDown(services, api, devboxes);
  if (action !== suspend) return;
  await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Suspending {0}…', namesOf(devboxes)) },
    () =>
      forEach(devboxes, async ({ id }) => {
        services.store.update(await suspendDevbox(api, id, { signal: deadline(60_000) }));
        services.sessions.detach(id);
        services.tree.follow(id);
      }),
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
  const ids = services.startedHere.ofClosedWindows().slice(-mostLookUps);
  const found = await Promise.all(ids.map(async (id) => (await orGone(account.api.retrieve(id))) ?? []));
  const known = found.flat();
  // What this window is attached to, somebody has before their eyes.
  const left = known.filter(({ id, status }) => status === 'running' && !services.sessions.isAttached(id));
  await services.startedHere.asked(known.map(({ id }) => id));
  if (left.length === 0) return;
  const review = l10n.t('Review');
  const answer = await window.showInformationMessage(
    l10n.t(
      'You started these in a window that is closed by now, and they still run: {0}.',
      listText(left.map(devboxLabel)),
    ),
    review,
    l10n.t('Keep Them'),
  );
  if (answer === review) await findForgottenDevboxes(services);
}
