import type { Disposable } from '../../core/events';
import { isAborted, isWithoutServer } from '../../core/errors';
import { deadline } from '../../ground/deadline';
import type { RunloopRuntimeOptions } from '../../core/options/runtimeOptions';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import type { StartNotes } from '../../core/start/notes/startNotes';
import type { VscodeAddress } from '../../core/vscode/vscodeAddress';
import type { SignedIn } from '../account/account';
import type { SecretSessionKeys } from '../account/sessionKeys';
import { readSettings } from '../account/settings';
import type { DevboxStore } from '../devboxes/devboxStore';
import { orGone } from '../devboxes/severalDevboxes';
import type { Log } from '../messages/log';
import type { DevboxUse } from '../devboxes/devboxUse';
import { rememberSetValues, type KnownSecrets } from './knownSecrets';
import { failureText } from '../messages/showFailure';

/** Milliseconds that a look at what is left of a start may take. */
const lookMs = 20_000;

/** What a runtime of this window works with, and who is told of what happens to it. */
export interface RuntimeServices {
  readonly sessionKeys: SecretSessionKeys;
  /** Where starts are noted before they are sent. */
  readonly startNotes: () => Promise<StartNotes>;
  readonly knownSecrets: KnownSecrets;
  readonly store: DevboxStore;
  readonly output: { follow(api: RunloopApi, devbox: Devbox): void };
  /** Addresses of VS Codes, which outlive a runtime. */
  readonly openedVscodes: () => Promise<{ readonly addresses: VscodeAddress }>;
  /** Who tells Runloop that somebody uses a devbox. */
  readonly devboxUse: DevboxUse;
  readonly tree: { noteError(devboxId: string, message: string | undefined): void };
  readonly log: Log;
}

/**
 * A runtime with the window's account and settings, whose devbox is followed from its first moment by the tree and
 * the output channel.
 *
 * @throws RuntimeError for settings that cannot work
 */
export async function runtimeFor(
  { sessionKeys, startNotes, knownSecrets, store, output, openedVscodes, devboxUse, tree, log }: RuntimeServices,
  account: SignedIn,
  target: Pick<
    RunloopRuntimeOptions,
    | 'sid'
    | 'attachToExisting'
    | 'devboxId'
    | 'reuseExisting'
    | 'resumeSuspended'
    | 'isUnasked'
    | 'choices'
    | 'confirmSecrets'
  >,
): Promise<RunloopRuntime> {
  const settings = readSettings();
  const [{ addresses }, notes] = await Promise.all([openedVscodes(), startNotes()]);
  const runtime = new RunloopRuntime(
    {
      apiKey: account.apiKey,
      baseUrl: account.baseUrl,
      blueprintName: settings.blueprint,
      resourceSize: settings.size,
      keepAliveTimeSeconds: settings.lifetimeSeconds,
      tunnelAuthMode: settings.tunnelAuthMode,
      tunnelUrlTemplate: settings.tunnelUrlTemplate,
      workspaceMountPathInSandbox: settings.workspacePath,
      sessionKeys,
      startNotes: notes,
      workspaceBase: target.choices?.folder,
      ...target,
    },
    { vscode: addresses, activity: devboxUse.activity },
  );
  // While it connects, its long poll tells the store of every change.
  let following: Disposable | undefined;
  runtime.onEvent((event) => {
    // It goes on in its own account; this window shows another one by now.
    if (account.ended.aborted) {
      following?.dispose();
      return;
    }
    if (event.type === 'phase' && event.devbox !== undefined) following ??= store.follow(event.devbox.id);
    if (
      event.type === 'status' &&
      event.status !== 'STATUS$STARTING_RUNTIME' &&
      event.status !== 'STATUS$RUNTIME_STARTED'
    ) {
      following?.dispose();
    }
    if (event.type === 'phase' && event.devbox !== undefined) {
      // Before its first line is shown.
      rememberSetValues({ knownSecrets, log }, event.devbox.id, target.choices);
      store.update(event.devbox);
      output.follow(account.api, event.devbox);
    }
    // One that was ready and does not find back is looked after by the session's health.
    if (event.type === 'status' && event.status === 'STATUS$ERROR' && runtime.state === 'failed') {
      const code = event.error?.code;
      // Neither what the user did nor a devbox that stays suspended or never had a server is an error of the devbox.
      const isNone = code === 'cancelled' || code === 'devbox_suspended' || isWithoutServer(event.error);
      if (runtime.devbox !== undefined && !isNone) {
        tree.noteError(runtime.devbox.id, event.error === undefined ? undefined : failureText(event.error));
      }
      log.info(`A runtime failed (${code ?? 'unknown'}).`);
      // What a failed start created has ended by now, unless it says otherwise.
      const id = runtime.devbox?.id;
      const mayRun = code === 'may_still_run' && event.error?.devboxId === id;
      if (!mayRun && runtime.createdHere && id !== undefined) {
        void showAsItIs({ store, log }, account, id);
      }
    }
  });
  return runtime;
}

/** Shows the devbox of a start that failed or was given up as it is now: among those that have ended, as a rule. */
export async function showAsItIs(
  { store, log }: Pick<RuntimeServices, 'store' | 'log'>,
  { api, ended }: SignedIn,
  devboxId: string,
): Promise<void> {
  try {
    const devbox = await orGone(api.devboxes.retrieve(devboxId, { signal: deadline(lookMs, ended) }));
    if (isAborted(ended)) return;
    if (devbox === undefined) store.remove(devboxId);
    else store.update(devbox);
  } catch (error) {
    if (isAborted(ended)) return;
    // The next list tells.
    store.remove(devboxId);
    log.failure('Looking at what is left of a start', error);
  }
}
