import { Disposable, l10n } from 'vscode';
import { cancelled, RuntimeError } from '../../core/errors';
import type { Devbox } from '../../core/platform/devbox';
import { oneLine } from '../../core/plainText';
import { accountChanged } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { saysYes } from '../messages/ask';
import { showFailure } from '../messages/showFailure';
import { attached, type AttachServices } from '../session/attach';
import type { ApiDevbox, RunloopDevboxesApi } from './runloopDevboxesApi';

interface ApiServices extends AttachServices {
  readonly brokenStarts: { lookSoon(): void };
  readonly tree: AttachServices['tree'] & { refresh(): Promise<void> };
}

/** The API for other extensions, over the same services as the commands. */
export function createApi(services: ApiServices): RunloopDevboxesApi {
  const { account, sessions, store } = services;
  /** Devboxes in which the user let other extensions run commands, in this window. */
  const allowed = new Set<string>();
  const shown = ({ id, name, status, createTimeMs }: Devbox): ApiDevbox => ({
    id,
    name,
    status,
    createTimeMs,
    attached: sessions.isAttached(id),
  });
  return {
    version: 1,
    list: async () => {
      await account.require();
      await services.tree.refresh();
      return store.devboxes.map(shown);
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
      if (!sessions.add(devbox.id, runtime, signedIn.ended)) throw accountChanged(devbox.id);
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
    run: async (devboxId, command, options = {}) => {
      const runtime = sessions.get(devboxId);
      if (runtime === undefined) {
        throw new RuntimeError({
          code: 'closed',
          message: 'This window is not attached to that devbox.',
          nextStep: 'Call attach first.',
          devboxId,
        });
      }
      if (!allowed.has(devboxId)) {
        const label = runtime.devbox === undefined ? oneLine(devboxId, 16) : devboxLabel(runtime.devbox);
        await ask(
          l10n.t('Another extension wants to run commands in the devbox {0}.', label),
          l10n.t('Allow in This Window'),
        );
        allowed.add(devboxId);
      }
      const { exitCode, content } = await runtime.actions.run(
        command,
        options.signal === undefined ? {} : { signal: options.signal },
      );
      return { exitCode, content };
    },
    onDidChangeDevboxes: (listener, thisArgument?: unknown) => {
      const subscription = store.onDidChange(() => void listener.call(thisArgument));
      return new Disposable(() => subscription.dispose());
    },
    onDidChangeSessions: sessions.onDidChange,
  };
}

/** @throws RuntimeError `cancelled` without a yes: what costs or changes something is the user's to decide */
async function ask(question: string, yes: string): Promise<void> {
  if (!(await saysYes({ question, yes }))) throw cancelled();
}
