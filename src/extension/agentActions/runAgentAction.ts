import { l10n, ProgressLocation, Uri, window } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import { mustStillBe } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { livingDevboxFor, devboxItems } from '../devboxes/pickDevbox';
import { withSignal } from '../messages/cancellation';
import { extensionProblem } from '../messages/extensionProblems';
import { showActions } from '../messages/showActions';
import { attached, type AttachServices } from '../session/attach';
import type { AgentActions } from './agentActions';
import { askActions } from './askAction';
import { agentScheme } from './eventDocument';

export type AgentActionServices = AttachServices & { readonly agentActions: () => Promise<AgentActions> };

/**
 * Sends an action to the action server of a devbox, as an agent does, and shows the devbox's event stream with it and its
 * observation. A list of actions is sent one after the other, up to the first that cannot be done.
 */
export async function runAgentAction(services: AgentActionServices, argument: unknown): Promise<void> {
  const { account, sessions, agentActions } = services;
  const signedIn = await account.require();
  const devbox = await meant(services, argument);
  if (devbox === undefined) return;
  // Nobody has asked for a suspended devbox to be woken.
  const runtime = await attached(services, signedIn, devbox, { resumeSuspended: false });
  const label = devboxLabel(devbox);
  const actions = await askActions(l10n.t('Run as Agent Action in {0}', label), runtime.config.maxIterations);
  if (actions === undefined) return;
  mustStillBe(signedIn);
  // The question may have been open for long.
  if (sessions.get(devbox.id) !== runtime) throw notAttached(devbox.id);
  await (await agentActions()).show(runtime, devbox);
  const title = l10n.t('Waiting for the action in {0}. If you cancel, the action continues.', label);
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (_progress, token) =>
    withSignal(token, async (signal) => {
      await found(runtime, signal);
      for (const action of actions) await runtime.actions.runAction(action, signal);
    }),
  );
}

/** The devbox of a document, of a row, or of the sessions of this window. */
async function meant(services: AgentActionServices, argument: unknown): Promise<Devbox | undefined> {
  const { account, store, sessions, log } = services;
  const placeHolder = l10n.t('Select a devbox to run an agent action in');
  const named = argument instanceof Uri && argument.scheme === agentScheme ? argument.query : argument;
  if (named !== undefined && !(named instanceof Uri)) {
    return livingDevboxFor({ account, store }, named, { placeHolder, runningOnly: true });
  }
  const devboxes = sessions.all().flatMap(([id, { devbox }]) => store.get(id) ?? devbox ?? []);
  if (devboxes.length === 0) {
    const attach = { title: l10n.t('Attach to Devbox'), command: 'runloop.attachDevbox' } as const;
    const text = l10n.t('This window is not attached to a devbox. Agent actions need one with an action server.');
    showActions('information', text, [attach], log);
    return undefined;
  }
  if (devboxes.length === 1) return devboxes[0];
  const { api } = await account.require();
  const items = devboxItems(devboxes.reverse(), api.clock.now());
  return (await window.showQuickPick(items, { placeHolder, matchOnDetail: true }))?.devbox;
}

/** Finds back to a devbox whose connection was lost just now. */
async function found(runtime: RunloopRuntime, signal: AbortSignal): Promise<void> {
  if (runtime.state !== 'disconnected' && runtime.state !== 'reconnecting') return;
  await runtime.reconnect({ signal, resumeSuspended: false });
}

function notAttached(devboxId: string): RuntimeError {
  return new RuntimeError({ problem: extensionProblem('not_attached'), devboxId });
}
