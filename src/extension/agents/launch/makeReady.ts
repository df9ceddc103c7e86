import { l10n, ProgressLocation, window } from 'vscode';
import type { AgentEnvironment } from '../../../core/agents/agentInstallation';
import type { AgentRecipe } from '../../../core/agents/agentTable';
import { oneLine } from '../../../core/safeText';
import type { Devbox } from '../../../core/platform/devbox';
import type { SignedIn } from '../../account/account';
import { mustStillBe } from '../../account/accountChanged';
import { devboxLabel } from '../../devboxes/devboxText';
import { saysYes } from '../../messages/ask';
import { escapeForEditor } from '../../messages/escapeForEditor';
import type { DevboxAgents } from '../devboxAgents';

export interface LaunchServices {
  readonly runDocuments: () => Promise<{
    start(
      account: SignedIn,
      command: string,
      devboxes: readonly Devbox[],
    ): Promise<{ readonly ended: Promise<number | undefined> }>;
  }>;
  readonly devboxUse: { used(devboxId: string): void };
}

interface Launch {
  readonly within: DevboxAgents;
  readonly recipe: AgentRecipe;
  readonly signedIn: SignedIn;
  readonly devbox: Devbox;
  readonly environment: AgentEnvironment;
  readonly title: string;
}

/** Installs an agent and asks for its key, each where that is missing. @returns undefined if it is given up */
export async function makeReady(
  services: LaunchServices,
  agent: Launch,
): Promise<{ readonly keys: Readonly<Record<string, string>> } | undefined> {
  const { recipe, signedIn, devbox, environment, title } = agent;
  if (!(await install(services, agent))) return undefined;
  const keys = await askKey(recipe, environment, title);
  if (keys === undefined) return undefined;
  mustStillBe(signedIn, devbox.id);
  services.devboxUse.used(devbox.id);
  return { keys };
}

/** @returns false if it is not wanted */
async function install(
  { runDocuments }: LaunchServices,
  { within: { installation }, recipe, signedIn, devbox, environment }: Launch,
): Promise<boolean> {
  if (environment.isInstalled) return true;
  const name = escapeForEditor(oneLine(recipe.name, 40));
  const size = recipe.megabytes === 0 ? undefined : l10n.t('It takes about {0} MB there.', recipe.megabytes);
  const question = l10n.t('Install {0} in {1}?', name, devboxLabel(devbox));
  if (!(await saysYes({ question, detail: size, yes: l10n.t('Install'), harmless: true }))) return false;
  mustStillBe(signedIn, devbox.id);
  const { ended } = await (await runDocuments()).start(signedIn, installation.installCommand(recipe), [devbox]);
  const exitCode = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Installing {0}…', name) },
    () => ended,
  );
  if (exitCode === 0) return true;
  // Stopped by the person who looks at its output.
  if (exitCode === undefined) return false;
  throw await installation.installFailure(recipe, signedIn.ended);
}

/** @returns variables with values; undefined if it is given up */
async function askKey(
  { variables }: AgentRecipe,
  { has }: AgentEnvironment,
  title: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const [first] = variables;
  if (first === undefined || variables.some(({ name }) => has.has(name))) return {};
  const value = await window.showInputBox({
    title,
    prompt: l10n.t(
      'The value of {0}, for this agent only. It is not stored. Leave this empty if the agent has its own login.',
      first.name,
    ),
    password: true,
    ignoreFocusOut: true,
  });
  if (value === undefined) return undefined;
  const key = value.trim();
  return key === '' ? {} : { [first.name]: key };
}
