import { l10n, window } from 'vscode';
import type { AgentRecipe } from '../../core/agents/agentTable';
import type { AgentEnvironment } from '../../core/agents/agentInstallation';
import { RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import { workspacePathKey, type Devbox } from '../../core/platform/devbox';
import { agentsProblem } from '../../core/problems/agents';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { livingDevboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { asObject, asString } from '../../core/parse';
import { escapeForEditor } from '../messages/escapeForEditor';
import type { Log } from '../messages/log';
import { failureText } from '../messages/showFailure';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { Agents } from './agents';
import type { DevboxAgents } from './devboxAgents';
import { launch } from './launch/launch';
import { makeReady, type LaunchServices } from './launch/makeReady';
import { pickAgent } from './launch/pickAgent';
import { removeAgent } from './launch/removeAgent';

export type StartAgentServices = DevboxSources &
  LaunchServices & { readonly agents: () => Promise<Agents>; readonly log: Log };

/** Starts an agent in a running devbox: which, where, and with which first prompt. It lives on without this window. Or removes one there. */
export async function startAgent(services: StartAgentServices, argument: unknown): Promise<void> {
  const signedIn = await services.account.require();
  try {
    await startFor(services, signedIn, argument);
  } catch (error) {
    if (!RuntimeError.is(error, 'account_changed')) mustStillBe(signedIn);
    throw error;
  }
}

async function startFor(services: StartAgentServices, signedIn: SignedIn, argument: unknown): Promise<void> {
  const row = asString(asObject(argument)?.['devboxId']) ?? argument;
  const placeHolder = l10n.t('Select a devbox to start an agent in');
  const devbox = await livingDevboxFor(services, row, { placeHolder, runningOnly: true });
  if (devbox === undefined) return;
  const agents = await services.agents();
  const within = await agents.in(devbox.id);
  mustStillBe(signedIn, devbox.id);
  const { installed } = within;
  const chosen = await pickAgent({ list: (signal) => installed.list(signal), ended: signedIn.ended }, services.log);
  if (chosen === undefined) return;
  mustStillBe(signedIn, devbox.id);
  if (chosen.kind === 'remove') {
    await removeAgent(installed, chosen.agent, { signedIn, devbox });
    return;
  }
  const { recipe } = chosen;
  const title = l10n.t('Start {0} in {1}', escapeForEditor(oneLine(recipe.name, 40)), devboxLabel(devbox));
  const environment = await askFolder(within, recipe, { signedIn, devbox, title });
  if (environment === undefined) return;
  const prompt = await window.showInputBox({
    title,
    prompt: l10n.t('What it should do first. Leave this empty to write it later.'),
    ignoreFocusOut: true,
  });
  if (prompt === undefined) return;
  const ready = await makeReady(services, { within, recipe, signedIn, devbox, environment, title });
  if (ready === undefined) return;
  await launch(agents, { signedIn, devbox, title, name: recipe.name }, (told) =>
    within.start(recipe, environment, { prompt, keys: ready.keys, ...told }),
  );
}

/** The folder that the agent works in, and how the devbox is; refuses what cannot work there before anything is installed. */
async function askFolder(
  within: DevboxAgents,
  recipe: AgentRecipe,
  { signedIn, devbox, title }: { readonly signedIn: SignedIn; readonly devbox: Devbox; readonly title: string },
): Promise<(AgentEnvironment & { readonly cwd: string }) | undefined> {
  const look = (cwd: string): Promise<AgentEnvironment> =>
    whenSlow((signal) => within.installation.look(recipe, cwd, signal), { limitMs: lookUpLimitMs });
  const first = await look(devbox.metadata[workspacePathKey] ?? '');
  const refusal = within.installation.refusal(recipe, first);
  if (refusal !== undefined) throw refusal;
  let [value, prompt] = [first.cwd ?? first.home, l10n.t('The folder in the devbox where it works')];
  for (;;) {
    const folder = await window.showInputBox({ title, prompt, value, ignoreFocusOut: true });
    if (folder === undefined) return undefined;
    mustStillBe(signedIn, devbox.id);
    const environment = folder.trim() === first.cwd ? first : await look(folder.trim());
    const { cwd } = environment;
    if (cwd !== undefined) return { ...environment, cwd };
    const problem = agentsProblem('agent_no_folder', { folder: oneLine(folder, 200) });
    [value, prompt] = [folder, failureText(new RuntimeError({ problem, devboxId: devbox.id }))];
  }
}
