import pLimit from 'p-limit';
import { l10n, Uri, window, type Memento } from 'vscode';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { accountChanged, mustStillBe } from '../account/accountChanged';
import { devboxesFor, type DevboxSources } from '../devboxes/pickDevbox';
import { asTheyAre, namesOf } from '../devboxes/severalDevboxes';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import { listLimitMs, whenSlow } from '../messages/whenSlow';
import { askCommand } from './askCommand';
import { CommandRun } from './commandRuns';
import { notWhole } from './rememberedRuns';
import type { RunDocuments } from './runDocuments';
import { RunHistory } from './runHistory';

export type RunCommandServices = DevboxSources & {
  readonly runDocuments: () => Promise<RunDocuments>;
  /** Keeps the commands. */
  readonly globalState: Memento;
  readonly log: Log;
};

/** Runs a command in one or several running devboxes; its output goes into a document of its own. */
export async function runCommand(services: RunCommandServices, argument: unknown, arguments_: unknown): Promise<void> {
  const { account, store, runDocuments, globalState, log } = services;
  const history = new RunHistory(globalState);
  const signedIn = await account.require();
  const placeHolder = l10n.t('Select a devbox to run a command in');
  const question = { argument, arguments: arguments_, placeHolder, runningOnly: true };
  const chosen = await devboxesFor({ account, store }, question);
  if (chosen.length === 0) return;
  const now = await whenSlow((signal) => asTheyAre(signedIn.api, chosen, { signal, rule }), { limitMs: listLimitMs });
  const running = now.filter(({ status }) => status === 'running');
  if (running.length < chosen.length) {
    const text = l10n.t('{0} of {1} devboxes are running. Commands run only in those.', running.length, chosen.length);
    showActions('information', text, [], log);
  }
  if (running.length === 0) return;
  const ids = running.map(({ id }) => id);
  const command = await askCommand(l10n.t('Run Command in {0}', namesOf(running)), history.of(ids));
  if (command === undefined) return;
  mustStillBe(signedIn);
  const { hasSecret } = await (await runDocuments()).start(signedIn, command, running);
  // What is kept is no place for secrets.
  if (!hasSecret) await history.add(command, ids);
}

/** Ends the command whose document is meant. */
export async function stopCommand(services: RunCommandServices, argument: unknown): Promise<void> {
  const run = await runOf(services, argument);
  // One of before a reload cannot be reached any more.
  // Its document tells how that went.
  if (run instanceof CommandRun) void run.stop();
}

/** Runs the command of a document again, in the same devboxes. */
export async function runAgain(services: RunCommandServices, argument: unknown): Promise<void> {
  const run = await runOf(services, argument);
  if (run === undefined) return;
  const { account, log, runDocuments } = services;
  const signedIn = await account.require();
  if (run instanceof CommandRun) {
    const of = run.account;
    // The window may have come back to it meanwhile.
    if (signedIn.baseUrl !== of.baseUrl || signedIn.apiKey !== of.apiKey) throw accountChanged();
    await (await runDocuments()).start(signedIn, run.command, run.devboxes, run.title);
    return;
  }
  if (signedIn.baseUrl !== run.baseUrl) throw accountChanged();
  if (!run.isWhole) {
    showActions('information', notWhole(), [], log);
    return;
  }
  const devboxes = await whenSlow(
    (signal) => pLimit(5).map(run.parts, ({ devboxId }) => signedIn.api.devboxes.retrieve(devboxId, { signal, rule })),
    { limitMs: listLimitMs },
  );
  mustStillBe(signedIn);
  await (await runDocuments()).start(signedIn, run.shown, devboxes, run.title);
}

async function runOf({ runDocuments }: RunCommandServices, argument: unknown) {
  const uri = argument instanceof Uri ? argument : window.activeTextEditor?.document.uri;
  return (await runDocuments()).get(uri);
}
