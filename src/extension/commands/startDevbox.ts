import { randomBytes } from 'node:crypto';
import { commands, InputBoxValidationSeverity, l10n, ProgressLocation, window, type Progress } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { RuntimeEvent } from '../../core/runtimeStatus';
import type { RunloopRuntime } from '../../core/runloopRuntime';
import { withSignal } from '../cancellation';
import type { CommandId } from '../commandIds';
import { devboxLabel, statusWord } from '../devboxTree/devboxItem';
import type { Services } from '../services';
import { runtimeFor } from '../session/runtimeFor';
import { showFailure } from '../showFailure';
import { nameComplaint } from './nameComplaint';

/** Asks for a name, creates a devbox, and waits until its action server is ready. */
export async function startDevbox(services: Services): Promise<void> {
  // Before the question: a name typed in vain is an annoyance.
  const account = await services.account.require();
  const name = await askName(services);
  if (name === undefined) return;
  const sid = name.trim();
  try {
    const runtime = runtimeFor(services, account, { sid, reuseExisting: false });
    await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Starting devbox {0}', sid) },
      (progress, token) => withSignal(token, (signal) => connectWithProgress(runtime, progress, signal)),
    );
    const { devbox } = runtime;
    if (devbox === undefined) return;
    services.sessions.add(devbox.id, runtime);
    await services.startedHere.started(devbox.id);
    await services.tree.reveal(devbox.id);
    offerNext(services, devbox.id, devboxLabel(devbox));
  } catch (error) {
    if (RuntimeError.is(error, 'cancelled')) {
      void window.showInformationMessage(l10n.t('The start of {0} was cancelled. No devbox was left behind.', sid));
      return;
    }
    showFailure(`Starting the devbox ${sid}`, error, services.log, () => startDevbox(services));
  }
}

async function askName(services: Services): Promise<string | undefined> {
  return window.showInputBox({
    title: l10n.t('Start Devbox'),
    prompt: l10n.t('Name of the devbox'),
    value: `devbox-${randomBytes(3).toString('hex')}`,
    ignoreFocusOut: true,
    validateInput: (value) => {
      const complaint = nameComplaint(value);
      if (complaint !== undefined) return complaint;
      if (!services.store.living.some((devbox) => devbox.name === value.trim())) return undefined;
      return {
        severity: InputBoxValidationSeverity.Warning,
        message: l10n.t('A devbox of this name is there already; this starts another one.'),
      };
    },
  });
}

async function connectWithProgress(
  runtime: RunloopRuntime,
  progress: Progress<{ message?: string }>,
  signal: AbortSignal,
): Promise<void> {
  const subscription = runtime.onEvent((event) => {
    const message = progressText(event);
    if (message !== undefined) progress.report({ message });
  });
  try {
    await runtime.connect({ signal });
  } finally {
    subscription.dispose();
  }
}

/** What a person is told while waiting; undefined for events that say nothing new. */
function progressText(event: RuntimeEvent): string | undefined {
  if (event.type === 'waiting') {
    return event.reason === 'rate_limited'
      ? l10n.t('rate limited, trying again in {0} s', event.seconds)
      : l10n.t('no connection, trying again in {0} s', event.seconds);
  }
  if (event.type !== 'phase') return undefined;
  switch (event.phase) {
    case 'creating':
      return l10n.t('creating…');
    case 'provisioning':
      return `${event.devbox === undefined ? l10n.t('provisioning') : statusWord(event.devbox.status)}…`;
    case 'startingServer':
      return l10n.t('starting the action server…');
    case 'ready':
      return l10n.t('ready');
    default:
      return undefined;
  }
}

function offerNext(services: Services, devboxId: string, label: string): void {
  const next: Record<string, CommandId> = {
    [l10n.t('Open VS Code')]: 'runloop.openVscode',
    [l10n.t('Show Output')]: 'runloop.showOutput',
  };
  window.showInformationMessage(l10n.t('Devbox {0} is ready.', label), ...Object.keys(next)).then(
    async (chosen) => {
      const command = chosen === undefined ? undefined : next[chosen];
      if (command !== undefined) await commands.executeCommand(command, devboxId);
    },
    (error: unknown) => services.log.failure('Offering the next step', error),
  );
}
