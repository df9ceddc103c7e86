import { l10n, ProgressLocation, window, type QuickPickItem } from 'vscode';
import { offeredAgents, type AgentRecipe } from '../../core/agents/agentTable';
import type { AgentPlace } from '../../core/agents/agentPlace';
import { RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/plainText';
import { workspacePathKey, type Devbox } from '../../core/platform/devbox';
import { agentsProblem } from '../../core/problems/agents';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { livingDevboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { asObject, asString } from '../../core/parse';
import { saysYes } from '../messages/ask';
import { unlessAborted, withSignal } from '../messages/cancellation';
import { inertText } from '../messages/inertText';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import { openSession } from './actOnAgent';
import { agentSetting, type Agents } from './agents';
import type { DevboxAgents } from './devboxAgents';

export type StartAgentServices = DevboxSources & {
  readonly agents: () => Promise<Agents>;
  readonly runDocuments: () => Promise<{
    start(
      account: SignedIn,
      command: string,
      devboxes: readonly Devbox[],
    ): Promise<{ readonly ended: Promise<number | undefined> }>;
  }>;
  readonly devboxUse: { used(devboxId: string): void };
};

/** Starts an agent in a running devbox: which, where, and with which first prompt. It lives on without this window. */
export async function startAgent(services: StartAgentServices, argument: unknown): Promise<void> {
  const signedIn = await services.account.require();
  const row = asString(asObject(argument)?.['devboxId']) ?? argument;
  const placeHolder = l10n.t('Select a devbox to start an agent in');
  const devbox = await livingDevboxFor(services, row, { placeHolder, runningOnly: true });
  if (devbox === undefined) return;
  const recipe = await pickAgent();
  if (recipe === undefined) return;
  const agents = await services.agents();
  const within = await agents.in(devbox.id);
  mustStillBe(signedIn, devbox.id);
  const title = l10n.t('Start {0} in {1}', inertText(oneLine(recipe.name, 40)), devboxLabel(devbox));
  const place = await askFolder(within, recipe, { signedIn, devbox, title });
  if (place === undefined) return;
  const prompt = await window.showInputBox({
    title,
    prompt: l10n.t('What it should do first. Leave this empty to write it later.'),
    ignoreFocusOut: true,
  });
  if (prompt === undefined) return;
  if (!(await install(services, within, recipe, { signedIn, devbox, place }))) return;
  const keys = await askKey(recipe, place, title);
  if (keys === undefined) return;
  mustStillBe(signedIn, devbox.id);
  services.devboxUse.used(devbox.id);
  await window.withProgress(
    { location: ProgressLocation.Notification, title: `${title}…`, cancellable: true },
    (_, token) =>
      withSignal(token, async (signal) => {
        let open: Promise<void> | undefined;
        let ended: Promise<void> | undefined;
        const starting = within.start(recipe, place, {
          prompt,
          keys,
          onMade: (made) => {
            const end = (): void => {
              ended = made.end();
            };
            if (signal.aborted) end();
            else signal.addEventListener('abort', end, { once: true });
            open = openSession(agents, made);
          },
        });
        try {
          await unlessAborted(starting, signal, devbox.id);
          await open;
        } finally {
          await ended;
        }
      }),
  );
}

async function pickAgent(): Promise<AgentRecipe | undefined> {
  const items = offeredAgents(agentSetting()).map((recipe): QuickPickItem & { readonly recipe: AgentRecipe } => ({
    label: inertText(oneLine(recipe.name, 60)),
    description: recipe.node === undefined ? inertText(oneLine(recipe.run.join(' '), 80)) : recipe.version,
    recipe,
  }));
  const placeHolder = l10n.t('Select an agent');
  return (await window.showQuickPick(items, { title: l10n.t('Start Agent'), placeHolder }))?.recipe;
}

/** The folder that the agent works in, and how the devbox is; refuses what cannot work there before anything is installed. */
async function askFolder(
  within: DevboxAgents,
  recipe: AgentRecipe,
  { signedIn, devbox, title }: { readonly signedIn: SignedIn; readonly devbox: Devbox; readonly title: string },
): Promise<(AgentPlace & { readonly cwd: string }) | undefined> {
  const look = (cwd: string): Promise<AgentPlace> =>
    whenSlow((signal) => within.installation.look(recipe, cwd, signal), { limitMs: lookUpLimitMs });
  const first = await look(devbox.metadata[workspacePathKey] ?? '');
  const refusal = within.installation.refusal(recipe, first);
  if (refusal !== undefined) throw refusal;
  const folder = await window.showInputBox({
    title,
    prompt: l10n.t('The folder in the devbox where it works'),
    value: first.cwd ?? first.home,
    ignoreFocusOut: true,
  });
  if (folder === undefined) return undefined;
  mustStillBe(signedIn, devbox.id);
  const place = folder.trim() === first.cwd ? first : await look(folder.trim());
  const { cwd } = place;
  if (cwd !== undefined) return { ...place, cwd };
  throw new RuntimeError({
    problem: agentsProblem('agent_no_folder', { folder: oneLine(folder, 200) }),
    devboxId: devbox.id,
  });
}

/** @returns false if it is not wanted */
async function install(
  { runDocuments }: StartAgentServices,
  { installation }: DevboxAgents,
  recipe: AgentRecipe,
  { signedIn, devbox, place }: { readonly signedIn: SignedIn; readonly devbox: Devbox; readonly place: AgentPlace },
): Promise<boolean> {
  if (place.isInstalled) return true;
  const name = inertText(oneLine(recipe.name, 40));
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
  { has }: AgentPlace,
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
