import { l10n, window } from 'vscode';
import type { AgentEnvironment } from '../../../core/agents/agentInstallation';
import type { AgentRecipe } from '../../../core/agents/agentTable';
import type { Devbox } from '../../../core/platform/devbox';
import type { SignedIn } from '../../account/account';
import { mustStillBe } from '../../account/accountChanged';
import type { DevboxAgents } from '../devboxAgents';
import { install, type InstallServices } from './install';

export interface LaunchServices extends InstallServices {
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
  const { within, recipe, signedIn, devbox, environment, title } = agent;
  const { installation } = within;
  if (!environment.isInstalled && !(await install(services, { installation, recipe, signedIn, devbox }))) {
    return undefined;
  }
  const keys = await askKey(recipe, environment, title);
  if (keys === undefined) return undefined;
  mustStillBe(signedIn, devbox.id);
  services.devboxUse.used(devbox.id);
  return { keys };
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
