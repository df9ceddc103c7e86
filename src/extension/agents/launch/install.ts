import { randomBytes } from 'node:crypto';
import { l10n, ProgressLocation, window } from 'vscode';
import type { AgentInstallation } from '../../../core/agents/agentInstallation';
import type { AgentRecipe } from '../../../core/agents/agentTable';
import { RuntimeError } from '../../../core/errors';
import { oneLine } from '../../../core/safeText';
import type { Devbox } from '../../../core/platform/devbox';
import { agentsProblem } from '../../../core/problems/agents';
import type { SignedIn } from '../../account/account';
import { mustStillBe } from '../../account/accountChanged';
import { devboxLabel } from '../../devboxes/devboxText';
import { saysYes } from '../../messages/ask';
import { unlessAborted, withSignal } from '../../messages/cancellation';
import { escapeForEditor } from '../../messages/escapeForEditor';

/** A command that runs in a document which shows what it prints. */
interface ShownRun {
  readonly output: string;
  readonly isStopped: boolean;
  stop(): Promise<boolean>;
}

export interface InstallServices {
  readonly runDocuments: () => Promise<{
    start(
      account: SignedIn,
      command: string,
      devboxes: readonly Devbox[],
      title: string,
    ): Promise<{ readonly ended: Promise<number | undefined>; readonly run: ShownRun }>;
  }>;
}

interface Install {
  readonly installation: AgentInstallation;
  readonly recipe: AgentRecipe;
  readonly signedIn: SignedIn;
  readonly devbox: Devbox;
}

/**
 * Asks, and installs an agent with its output shown, under a progress that stops it: then its processes are ended, its folder is removed, and
 * what is left is said.
 *
 * @returns false if it is not wanted, or was stopped
 */
export async function install({ runDocuments }: InstallServices, of: Install): Promise<boolean> {
  const { installation, recipe, signedIn, devbox } = of;
  const name = escapeForEditor(oneLine(recipe.name, 40));
  const { install: way, megabytes } = recipe;
  const detail =
    way !== undefined && 'command' in way
      ? oneLine(way.command, 500)
      : l10n.t('It takes about {0} MB there.', megabytes);
  const question = l10n.t('Install {0} in {1}?', name, devboxLabel(devbox));
  if (!(await saysYes({ question, detail, yes: l10n.t('Install'), harmless: true }))) return false;
  mustStillBe(signedIn, devbox.id);
  const word = randomBytes(4).toString('hex');
  const command = installation.installCommand(recipe, word, {
    waits: l10n.t('Waiting for another installation in this devbox…'),
    done: l10n.t('It was installed meanwhile.'),
    missing: l10n.t('The installation has ended, but the command {0} is not in it.', oneLine(recipe.run[0], 80)),
  });
  const { ended, run } = await (
    await runDocuments()
  ).start(signedIn, command, [devbox], l10n.t('Install {0}', oneLine(recipe.name, 40)));
  const exitCode = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Installing {0}…', name), cancellable: true },
    (_, token) =>
      withSignal(token, async (signal) => {
        try {
          return await unlessAborted(ended, signal, devbox.id);
        } catch (error) {
          if (!signal.aborted) throw error;
          await run.stop();
          return undefined;
        }
      }),
  );
  mustStillBe(signedIn, devbox.id);
  if (exitCode === 0) return true;
  if (run.isStopped) {
    await sayStopped(of, word, await run.stop());
    return false;
  }
  const left = await installation.look(recipe, '', signedIn.ended);
  if (left.isInstalled) return true;
  // Nobody knows whether it goes on: what it works in stays as it is.
  if (exitCode === undefined) throw problem(of, agentsProblem('agent_install_unknown', { name: recipe.name }));
  await installation.removeHalf(recipe, word, signedIn.ended);
  throw await installation.installFailure(recipe, { exitCode, output: run.output }, signedIn.ended);
}

async function sayStopped(of: Install, word: string, isOver: boolean): Promise<void> {
  const { installation, recipe, signedIn, devbox } = of;
  const name = escapeForEditor(oneLine(recipe.name, 40));
  const where = devboxLabel(devbox);
  if (!isOver) {
    void window.showWarningMessage(
      l10n.t('The installation of {0} could not be stopped, and may still be running in {1}.', name, where),
    );
    return;
  }
  const isGone = await installation.removeHalf(recipe, word, signedIn.ended).catch((error: unknown) => {
    if (!RuntimeError.is(error)) throw error;
    mustStillBe(signedIn, devbox.id);
    return false;
  });
  void window.showInformationMessage(
    isGone
      ? l10n.t(
          'The installation of {0} was stopped. Nothing of it is left in {1} but what its installer keeps elsewhere, such as downloads in a cache.',
          name,
          where,
        )
      : l10n.t('The installation of {0} was stopped. What it left in {1} is removed by the next one.', name, where),
  );
}

function problem({ devbox }: Install, what: RuntimeError['problem']): RuntimeError {
  return new RuntimeError({ problem: what, devboxId: devbox.id });
}
