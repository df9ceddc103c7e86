import { Disposable, extensions, l10n } from 'vscode';
import { cancelled, RuntimeError } from '../../core/errors';
import { asObject, asString } from '../../core/parse';
import { isActive, type Devbox } from '../../core/platform/devbox';
import { oneLine } from '../../core/plainText';
import { accountChanged } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { saysYes } from '../messages/ask';
import { showFailure } from '../messages/showFailure';
import { leaveToOtherAccount } from '../session/leaveToOtherAccount';
import { attached, type AttachServices } from '../session/attach';
import { RunPermissions } from './runPermissions';
import type { ApiDevbox, ApiObservation, RunloopDevboxesApi } from './runloopDevboxesApi';
import { extensionProblem } from '../messages/extensionProblems';

interface ApiServices extends AttachServices {
  readonly brokenStarts: { lookSoon(): void };
  readonly tree: AttachServices['tree'] & { refresh(): Promise<void> };
}

/** The API for other extensions, over the same services as the commands. */
export function createApi(services: ApiServices): RunloopDevboxesApi {
  const { account, sessions, store } = services;
  const permissions = new RunPermissions(account);
  const shown = ({ id, name, status, createTimeMs }: Devbox): ApiDevbox => ({
    id,
    name,
    status,
    createTimeMs,
    attached: sessions.isAttached(id),
  });
  const run = async (
    caller: Caller | undefined,
    devboxId: string,
    command: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ApiObservation> => {
    const runtime = sessions.get(devboxId);
    if (runtime === undefined) throw notAttached(devboxId);
    const label = runtime.devbox === undefined ? oneLine(devboxId, 16) : devboxLabel(runtime.devbox);
    await permissions.require(caller, devboxId, () => askToRun(caller, label, command));
    // The question may have been open for long.
    if (sessions.get(devboxId) !== runtime) throw notAttached(devboxId);
    // Lost just now, and not found again yet.
    if (runtime.state === 'disconnected' || runtime.state === 'reconnecting') {
      await runtime.reconnect({ signal: options.signal, resumeSuspended: false });
    }
    const { exitCode, content } = await runtime.actions.run(
      command,
      options.signal === undefined ? {} : { signal: options.signal },
    );
    return { exitCode, content };
  };
  return {
    version: 1,
    list: async () => {
      await account.require();
      await services.tree.refresh();
      return store.devboxes.filter(({ status }) => isActive(status)).map(shown);
    },
    start: async ({ name, signal }) => {
      const signedIn = await account.require();
      await ask(
        l10n.t('Another extension wants to start the devbox {0}, which costs money while it runs.', oneLine(name, 60)),
        l10n.t('Start Devbox'),
      );
      const { runtimeFor } = await import('../session/runtimeFor');
      const runtime = await runtimeFor(services, signedIn, { sid: name, reuseExisting: false });
      try {
        await runtime.connect(signal === undefined ? {} : { signal });
      } catch (error) {
        // What may run and cost money is told to the person as well, whatever the other extension makes of it.
        if (RuntimeError.is(error, 'may_still_run') || RuntimeError.is(error, 'start_unknown')) {
          showFailure(`Starting the devbox ${name}`, error, services.log);
        }
        throw error;
      } finally {
        services.brokenStarts.lookSoon();
      }
      const { devbox } = runtime;
      if (devbox === undefined) throw cancelled();
      if (!sessions.add(devbox.id, runtime, signedIn.ended)) {
        leaveToOtherAccount(store, devbox);
        throw accountChanged(devbox.id);
      }
      return shown(devbox);
    },
    attach: async (devboxId) => {
      const { api } = await account.require();
      const devbox = await api.retrieve(devboxId);
      const resumeSuspended = devbox.status === 'suspended' || devbox.status === 'suspending';
      if (resumeSuspended && !sessions.isAttached(devboxId)) {
        await ask(
          l10n.t(
            'Another extension wants to resume the devbox {0}, which costs money while it runs.',
            devboxLabel(devbox),
          ),
          l10n.t('Resume'),
        );
      }
      await attached(services, devbox, { resumeSuspended });
      return shown(devbox);
    },
    run: (devboxId, command, options) => run(undefined, devboxId, command, options),
    forExtension: (extensionId) => {
      const extension = extensions.getExtension(extensionId);
      if (extension === undefined) {
        throw new RuntimeError({ problem: extensionProblem('extension_unknown', { id: oneLine(extensionId, 60) }) });
      }
      const packageJson: unknown = extension.packageJSON;
      const name = asString(asObject(packageJson)?.['displayName']) ?? extension.id;
      const caller: Caller = { id: extension.id, name };
      return { run: (devboxId, command, options) => run(caller, devboxId, command, options) };
    },
    onDidChangeDevboxes: (listener, thisArgument?: unknown) => {
      const subscription = store.onDidChange(() => void listener.call(thisArgument));
      return new Disposable(() => subscription.dispose());
    },
    onDidChangeSessions: sessions.onDidChange,
  };
}

/** An extension that has told its id, and which object it was given for that. */
interface Caller {
  readonly id: string;
  readonly name: string;
}

/** Who cannot be known is asked about with each command, which is shown; whoever told a name once for a devbox. */
async function askToRun(caller: Caller | undefined, label: string, command: string): Promise<void> {
  if (caller === undefined) {
    await ask(
      l10n.t('Another extension wants to run a command in the devbox {0}.', label),
      l10n.t('Run Once'),
      oneLine(command, 500),
    );
    return;
  }
  await ask(
    l10n.t('The extension {0} wants to run commands in the devbox {1}.', oneLine(caller.name, 60), label),
    l10n.t('Allow in This Window'),
    l10n.t(
      'It calls itself {0}; the editor cannot prove that. The permission is for this extension, this devbox and this account, until the window closes.',
      caller.id,
    ),
  );
}

function notAttached(devboxId: string): RuntimeError {
  return new RuntimeError({ problem: extensionProblem('not_attached'), devboxId });
}

/** @throws RuntimeError `cancelled` without a yes: what costs or changes something is the user's to decide */
async function ask(question: string, yes: string, detail?: string): Promise<void> {
  if (!(await saysYes({ question, yes, detail }))) throw cancelled();
}
