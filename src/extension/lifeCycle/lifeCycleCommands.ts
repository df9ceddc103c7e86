import { l10n, ProgressLocation, window } from 'vscode';
import { deadline } from '../../ground/deadline';
import type { Devbox } from '../../core/platform/devbox';
import { renameDevbox, resumeDevbox, suspendDevbox } from '../../core/platform/lifeCycle';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { waitUntilRunning } from '../../core/start/waitForDevbox';
import { devboxLabel, statusWord } from '../devboxes/devboxText';
import { nameComplaint } from '../devboxes/nameComplaint';
import { devboxesFor, type DevboxQuestion, type DevboxSources } from '../devboxes/pickDevbox';
import { asTheyAre, forEach, namesOf } from '../devboxes/severalDevboxes';
import { saysYes } from '../messages/ask';
import { withSignal } from '../messages/cancellation';
import { listText } from '../messages/listText';
import { listLimitMs, lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { Sessions } from '../session/sessions';

/** Milliseconds that a change of a devbox's state may take. */
const changeMs = 60_000;

/**
 * The devboxes that a command means, as they are now: what the list says may be old, and a question must be about what
 * is there.
 */
export async function current({ account, store }: DevboxSources, question: DevboxQuestion): Promise<readonly Devbox[]> {
  const chosen = await devboxesFor({ account, store }, question);
  const { api } = await account.require();
  const single = chosen.length === 1 ? chosen[0] : undefined;
  return whenSlow(
    async (signal) =>
      single === undefined
        ? asTheyAre(api, chosen, { signal, rule })
        : [await api.retrieve(single.id, { signal, rule })],
    { limitMs: single === undefined ? listLimitMs : lookUpLimitMs },
  );
}

/** Those in a status, of what a command means; says so if there are none. */
async function inStatus(
  { account, store }: DevboxSources,
  status: string,
  question: DevboxQuestion,
): Promise<readonly Devbox[]> {
  const all = await current({ account, store }, question);
  for (const devbox of all) store.update(devbox);
  const fit = all.filter((devbox) => devbox.status === status);
  if (all.length > 0 && fit.length === 0) {
    void window.showInformationMessage(
      l10n.t(
        'Nothing to do: {0} is {1}.',
        namesOf(all),
        listText([...new Set(all.map((devbox) => statusWord(devbox.status)))]),
      ),
    );
  }
  return fit;
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
  const placeHolder = l10n.t('Suspend which devbox?');
  const devboxes = await inStatus({ account, store }, 'running', { argument, arguments: arguments_, placeHolder });
  if (devboxes.length === 0) return;
  const wanted = await saysYes({
    question: l10n.t('Suspend {0}?', namesOf(devboxes)),
    detail: l10n.t(
      'The disk is kept, and goes on costing storage. Running processes, terminals and unsaved editors are lost. Resuming runs the launch commands again.',
    ),
    yes: l10n.t('Suspend'),
  });
  if (!wanted) return;
  const { api } = await account.require();
  const title = l10n.t('Suspending {0}…', namesOf(devboxes));
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (_progress, token) =>
    withSignal(token, (signal) =>
      forEach(devboxes, async (devbox) => {
        const changed = await suspendDevbox(api, devbox.id, { signal: deadline(changeMs, signal) });
        sessions.detach(devbox.id);
        store.update(changed);
        tree.follow(devbox.id);
      }),
    ),
  );
}

/** Resumes suspended devboxes and waits until they run. */
export async function resumeDevboxes(
  { account, store }: DevboxSources,
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const placeHolder = l10n.t('Resume which devbox?');
  const devboxes = await inStatus({ account, store }, 'suspended', {
    argument,
    arguments: arguments_,
    placeHolder,
    suspended: true,
  });
  if (devboxes.length === 0) return;
  const { api } = await account.require();
  const title = l10n.t('Resuming {0}…', namesOf(devboxes));
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (_progress, token) =>
    withSignal(token, async (signal) => {
      await forEach(devboxes, async (devbox) => {
        const resuming = await resumeDevbox(api, devbox.id, { signal });
        store.update(resuming);
        const onStatus = (changed: Devbox): void => store.update(changed);
        // The wait is a long poll that tells of every status; the list need not be read for it.
        const following = store.follow(devbox.id);
        try {
          store.update(await waitUntilRunning(api, resuming, { signal, onStatus }));
        } finally {
          following.dispose();
        }
      });
    }),
  );
}

/** Gives a devbox another name. */
export async function renameDevboxCommand({ account, store }: DevboxSources, argument: unknown): Promise<void> {
  const [devbox] = await current({ account, store }, { argument, placeHolder: l10n.t('Rename which devbox?') });
  if (devbox === undefined) return;
  const name = await window.showInputBox({
    title: l10n.t('Rename Devbox'),
    prompt: l10n.t('New name of {0}', devboxLabel(devbox)),
    value: devbox.name ?? '',
    ignoreFocusOut: true,
    validateInput: (value) => nameComplaint(value),
  });
  if (name === undefined || name.trim() === devbox.name) return;
  const { api } = await account.require();
  store.update(await changing((signal) => renameDevbox(api, devbox.id, name.trim(), { signal })));
}

/** A change that is quick as a rule. */
function changing(work: (signal: AbortSignal) => Promise<Devbox>): Promise<Devbox> {
  return whenSlow(work, { limitMs: changeMs });
}
