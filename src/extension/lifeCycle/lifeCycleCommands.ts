import { l10n, ProgressLocation, window } from 'vscode';
import { deadline } from '../../ground/deadline';
import type { Devbox } from '../../core/platform/devbox';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { waitUntilRunning } from '../../core/start/waitForDevbox';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel, statusWord } from '../devboxes/devboxText';
import { nameComplaint } from '../devboxes/nameComplaint';
import { devboxesFor, type DevboxQuestion, type DevboxSources } from '../devboxes/pickDevbox';
import { asTheyAre, forEach, namedLines, namesOf } from '../devboxes/severalDevboxes';
import { saysYes } from '../messages/ask';
import { withSignal } from '../messages/cancellation';
import { listText } from '../messages/listText';
import { listLimitMs, lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { AttachServices } from '../session/attach';
import type { Sessions } from '../session/sessions';

/** Milliseconds that a change of a devbox's state may take. */
const changeMs = 60_000;

/**
 * The devboxes that a command means, as they are now: what the list says may be old, and a question must be about what
 * is there.
 */
export async function current({ account, store }: DevboxSources, question: DevboxQuestion): Promise<Chosen> {
  const signedIn = await account.require();
  const { api } = signedIn;
  const chosen = await devboxesFor({ account, store }, question);
  const single = chosen.length === 1 ? chosen[0] : undefined;
  const devboxes = await whenSlow(
    async (signal) =>
      single === undefined
        ? asTheyAre(api, chosen, { signal, rule })
        : [await api.devboxes.retrieve(single.id, { signal, rule })],
    { limitMs: single === undefined ? listLimitMs : lookUpLimitMs },
  );
  mustStillBe(signedIn);
  return { signedIn, devboxes };
}

/** Devboxes, and the account in which they were chosen: what is done to them, is done there or not at all. */
interface Chosen {
  readonly signedIn: SignedIn;
  readonly devboxes: readonly Devbox[];
}

/** Takes in what became of a devbox, unless the window shows another account by now. */
function show(store: DevboxStore, { ended }: SignedIn, devbox: Devbox): void {
  if (!ended.aborted) store.update(devbox);
}

/** Those in a status, of what a command means; says so if there are none. */
async function inStatus(
  { account, store }: DevboxSources,
  status: string,
  question: DevboxQuestion,
): Promise<Chosen & { readonly others: readonly Devbox[] }> {
  const { signedIn, devboxes: all } = await current({ account, store }, question);
  for (const devbox of all) store.update(devbox);
  const fit = all.filter((devbox) => devbox.status === status);
  if (all.length > 0 && fit.length === 0) {
    const states = listText([...new Set(all.map((devbox) => statusWord(devbox.status)))]);
    const text =
      all.length === 1
        ? l10n.t('Nothing to do: {0} is {1}.', namesOf(all), states)
        : l10n.t('Nothing to do for the {0} devboxes: {1}.', all.length, states);
    void window.showInformationMessage(text);
  }
  return { signedIn, devboxes: fit, others: all.filter((devbox) => devbox.status !== status) };
}

/** Suspends devboxes after a question that tells what is kept, what is lost and what goes on costing. */
export async function suspendDevboxes(
  {
    account,
    store,
    sessions,
    tree,
  }: DevboxSources & {
    readonly sessions: Sessions;
    readonly tree: { follow(devboxId: string): void };
  },
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const placeHolder = l10n.t('Select a devbox to suspend');
  const question = { argument, arguments: arguments_, placeHolder };
  const { signedIn, devboxes, others } = await inStatus({ account, store }, 'running', question);
  if (devboxes.length === 0) return;
  const detail = [
    l10n.t(
      'The disk is kept, and its storage still costs money. Running processes and terminals end. What is not saved may be lost. Resuming runs the launch commands again.',
    ),
    ...(devboxes.length > 1 ? [namedLines(devboxes, ({ id }) => id)] : []),
    ...(others.length > 0
      ? [`${l10n.t('These stay as they are:')}\n${namedLines(others, ({ status }) => statusWord(status))}`]
      : []),
  ];
  const wanted = await saysYes({
    question: l10n.t('Suspend {0}?', namesOf(devboxes)),
    detail: detail.join('\n\n'),
    yes: l10n.t('Suspend'),
  });
  if (!wanted) return;
  mustStillBe(signedIn);
  const { api } = signedIn;
  const title = l10n.t('Suspending {0}…', namesOf(devboxes));
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (_progress, token) =>
    withSignal(token, (signal) =>
      forEach(devboxes, async (devbox) => {
        const changed = await api.devboxes.suspend(devbox.id, { signal: deadline(changeMs, signal) });
        sessions.rest(devbox.id);
        if (signedIn.ended.aborted) return;
        store.update(changed);
        tree.follow(devbox.id);
      }),
    ),
  );
}

/** Resumes suspended devboxes and waits until they run; what the window was attached to before, it is attached to again. */
export async function resumeDevboxes(services: AttachServices, argument: unknown, arguments_: unknown): Promise<void> {
  const { account, store, sessions, log } = services;
  const placeHolder = l10n.t('Select a devbox to resume');
  const { signedIn, devboxes } = await inStatus({ account, store }, 'suspended', {
    argument,
    arguments: arguments_,
    placeHolder,
    suspended: true,
  });
  if (devboxes.length === 0) return;
  const { api } = signedIn;
  const title = l10n.t('Resuming {0}…', namesOf(devboxes));
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (_progress, token) =>
    withSignal(token, async (signal) => {
      await forEach(devboxes, async (devbox) => {
        const resuming = await api.devboxes.resume(devbox.id, { signal });
        const onStatus = (changed: Devbox): void => show(store, signedIn, changed);
        onStatus(resuming);
        // The wait is a long poll that tells of every status; the list need not be read for it.
        const following = store.follow(devbox.id);
        try {
          onStatus(await waitUntilRunning(api, resuming, { signal, onStatus }));
        } finally {
          following.dispose();
        }
      });
    }),
  );
  const before = devboxes.filter(
    ({ id }) => sessions.remembered.ids.includes(id) && store.get(id)?.status === 'running',
  );
  if (before.length === 0 || signedIn.ended.aborted) return;
  const { attached } = await import('../session/attach');
  for (const devbox of before) {
    // It runs, which was asked for; that it cannot be attached to is told in its row.
    await attached(services, signedIn, devbox, { resumeSuspended: false }).catch((error: unknown) =>
      log.failure(`Attaching to ${devbox.id} again`, error),
    );
  }
}

/** Gives a devbox another name. */
export async function renameDevboxCommand({ account, store }: DevboxSources, argument: unknown): Promise<void> {
  const question = { argument, placeHolder: l10n.t('Select a devbox to rename') };
  const { signedIn, devboxes } = await current({ account, store }, question);
  const [devbox] = devboxes;
  if (devbox === undefined) return;
  const name = await window.showInputBox({
    title: l10n.t('Rename Devbox'),
    prompt: l10n.t('New name for {0}', devboxLabel(devbox)),
    value: devbox.name ?? '',
    ignoreFocusOut: true,
    validateInput: (value) => nameComplaint(value),
  });
  if (name === undefined || name.trim() === devbox.name) return;
  mustStillBe(signedIn);
  const { api } = signedIn;
  show(store, signedIn, await changing((signal) => api.devboxes.rename(devbox.id, name.trim(), { signal })));
}

/** A change that is quick as a rule. */
function changing(work: (signal: AbortSignal) => Promise<Devbox>): Promise<Devbox> {
  return whenSlow(work, { limitMs: changeMs });
}
