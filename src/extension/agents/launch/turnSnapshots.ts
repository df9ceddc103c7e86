import { commands, l10n, ProgressLocation, window } from 'vscode';
import { linkSignals } from '../../../ground/deadline';
import { askedForReadRule as rule } from '../../../core/http/retryRules';
import { RuntimeError } from '../../../core/errors';
import type { SignedIn } from '../../account/account';
import { mustStillBe } from '../../account/accountChanged';
import type { DevboxStore } from '../../devboxes/devboxStore';
import { takeSnapshot } from '../../devboxes/snapshotNotice';
import { saysYes } from '../../messages/ask';
import { withSignal } from '../../messages/cancellation';
import { extensionProblem } from '../../messages/extensionProblems';
import { escapeForEditor } from '../../messages/escapeForEditor';
import type { Log } from '../../messages/log';
import { failureText } from '../../messages/showFailure';
import { agentName } from '../agentText';
import type { LiveAgent } from '../liveAgent';

/** What sending a prompt with a snapshot before it needs. */
export interface TurnSources {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly store: Pick<DevboxStore, 'get'>;
  readonly log: Log;
}

/** Turns the snapshots before the turns of a session on, after a question that tells what they cost, or off. */
export async function toggleTurnSnapshots(agent: LiveAgent, devbox: string): Promise<void> {
  const { isOn, last } = agent.turnSnapshots;
  if (isOn) {
    agent.turnSnapshots = { isOn: false, last };
    await window.showInformationMessage(
      l10n.t('No more snapshots are taken before turns. Those taken so far are kept.'),
    );
    return;
  }
  const question = l10n.t(
    'Take a snapshot of {0} before each prompt to {1}?',
    escapeForEditor(devbox),
    escapeForEditor(agentName(agent)),
  );
  const detail = l10n.t(
    "Each prompt that this window sends to this session waits until the devbox's disk is saved. Runloop keeps the snapshots until you delete them, and may charge for their storage. Going back means starting a new devbox from one; this one stays as it is.",
  );
  if (await saysYes({ question, detail, yes: l10n.t('Take Snapshots') })) agent.turnSnapshots = { isOn: true, last };
}

/**
 * Takes the snapshot before a turn, where its session is to have one.
 *
 * @param asked ends with whoever asked for the turn
 * @returns whether the prompt is to be sent
 */
export async function readyForTurn(sources: TurnSources, agent: LiveAgent, asked?: AbortSignal): Promise<boolean> {
  const before = agent.turnSnapshots;
  if (!before.isOn) {
    // It is of an earlier turn from now on.
    if (before.last !== undefined) agent.turnSnapshots = { isOn: false, last: undefined };
    return true;
  }
  const { account, store, log } = sources;
  const { devboxId } = agent;
  const signedIn = await account.current();
  if (signedIn === undefined) throw new RuntimeError({ problem: extensionProblem('not_signed_in') });
  const { api, ended } = signedIn;
  try {
    const title = l10n.t('Taking a snapshot before the turn…');
    const last = await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title },
      (_progress, token) =>
        withSignal(token, async (given) => {
          const either = linkSignals(given, ended, asked);
          const { signal } = either;
          try {
            const devbox = store.get(devboxId) ?? (await api.devboxes.retrieve(devboxId, { signal, rule }));
            return await takeSnapshot({ api, log, signal }, devbox);
          } finally {
            either.dispose();
          }
        }),
    );
    mustStillBe(signedIn, devboxId);
    agent.turnSnapshots = { isOn: true, last };
    return true;
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    mustStillBe(signedIn, devboxId);
    if (error.code === 'cancelled') return false;
    const question = l10n.t('No snapshot was taken. Send the prompt without one?');
    const isSent = await saysYes({ question, detail: failureText(error), yes: l10n.t('Send Without Snapshot') });
    mustStillBe(signedIn, devboxId);
    // An earlier one is of an earlier turn.
    if (isSent) agent.turnSnapshots = { isOn: true, last: undefined };
    return isSent;
  }
}

/** Begins a new devbox with the disk as it was before the last turn; nothing happens to the one of the session. */
export async function startFromBeforeTurn(agent: LiveAgent): Promise<void> {
  const { last } = agent.turnSnapshots;
  if (last === undefined) return;
  await commands.executeCommand('runloop.startWithOptions', { snapshotId: last, like: agent.devboxId });
}
