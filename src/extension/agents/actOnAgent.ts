import { commands, l10n, window, workspace, type QuickPickItem } from 'vscode';
import type { ConsentRule } from '../../core/agents/consent';
import { exactText } from '../../core/agents/exactText';
import { RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import { redact } from '../../core/redact';
import { mustStillBe } from '../account/accountChanged';
import { saysYes } from '../messages/ask';
import { escapeForEditor } from '../messages/escapeForEditor';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import { actionsOf, rareActionsOf } from './offeredActions';
import { agentName, commandText } from './agentText';
import { targetIn, type AgentTarget } from './agentTarget';
import type { Agents } from './agents';
import { answerRequest, showDiff } from './answerRequest';
import { exportSession } from './document/exportSession';
import { continueSession, type ContinueServices } from './launch/continueSession';
import { openSession } from './launch/openSession';
import { readyForTurn, startFromBeforeTurn, toggleTurnSnapshots } from './launch/turnSnapshots';
import type { LiveAgent } from './liveAgent';

export interface AgentCommandServices extends ContinueServices {
  readonly agents: () => Promise<Agents>;
  readonly knownSecrets: { all(): Promise<readonly string[]> };
}

/** Does what a row or a line of a document offers. */
export async function actOnAgent(services: AgentCommandServices, argument: unknown): Promise<void> {
  const target = targetIn(argument);
  if (target === undefined) return;
  const signedIn = await services.account.require();
  try {
    await actOn(services, target);
  } catch (error) {
    // Whoever answered must not take it for given: nobody but the account has ended it.
    if (!RuntimeError.is(error, 'account_changed')) mustStillBe(signedIn, target.devboxId);
    throw error;
  }
}

async function actOn(services: AgentCommandServices, target: AgentTarget): Promise<void> {
  const agents = await services.agents();
  const agent =
    agents.find(target.devboxId, target.session) ??
    (await whenSlow(
      async () => {
        await (await agents.in(target.devboxId)).load();
        return agents.find(target.devboxId, target.session);
      },
      { limitMs: lookUpLimitMs },
    ));
  if (agent === undefined) {
    await window.showInformationMessage(l10n.t('This session is no longer in the devbox.'));
    return;
  }
  await act({ agents, services }, agent, target);
}

async function act(
  within: { readonly agents: Agents; readonly services: AgentCommandServices },
  agent: LiveAgent,
  target: AgentTarget,
): Promise<void> {
  const { agents, services } = within;
  switch (target.action) {
    case 'open':
      await openSession(agents, agent);
      break;
    case 'latest':
      await openSession(agents, (await agents.in(agent.devboxId)).latestOf(agent));
      break;
    case 'answer':
      await whenSlow(() => agent.look(), { limitMs: lookUpLimitMs });
      await answerRequest(agents, agent, target.request);
      break;
    case 'change':
      await showChange(agents, agent, target.request);
      break;
    case 'prompt':
      await askPrompt(agents, agent);
      break;
    case 'continue':
      await continueSession(services, agents, agent);
      break;
    case 'interrupt':
      await whenSlow(() => agent.interrupt(), { limitMs: lookUpLimitMs });
      break;
    case 'end':
      await endAgent(agents, agent);
      break;
    case 'log':
      await showLog(agents, agent);
      break;
    case 'terminal':
      await commands.executeCommand('runloop.openTerminal', agent.devboxId);
      break;
    case 'export':
      await exportSession(agent, agents.nameOf(agent.devboxId), services.knownSecrets);
      break;
    case 'rules':
      await showRules(agents, agent.devboxId);
      break;
    case 'snapshots':
      await toggleTurnSnapshots(agent, agents.nameOf(agent.devboxId));
      break;
    case 'before':
      await startFromBeforeTurn(agent);
      break;
    case 'more':
      await pickAction(within, agent, target);
      break;
  }
}

/** Everything that can be done with a session, for those at its row. */
async function pickAction(within: Parameters<typeof act>[0], agent: LiveAgent, target: AgentTarget): Promise<void> {
  const { agents } = within;
  const offered = [...actionsOf(agent, agents.rules.of(agent.devboxId).length), ...rareActionsOf(agent)];
  const items = offered.map(({ action, title }) => ({ label: title, action }));
  const title = l10n.t('{0} in {1}', agentName(agent), agents.nameOf(agent.devboxId));
  const picked = await window.showQuickPick(items, { title });
  if (picked !== undefined) await act(within, agent, { ...target, action: picked.action });
}

/** @param value what was typed before, and was not sent */
async function askPrompt(agents: Agents, agent: LiveAgent, value = ''): Promise<void> {
  const prompt = l10n.t('What {0} should do', agentName(agent));
  const text = await window.showInputBox({ title: l10n.t('Send Prompt'), prompt, value, ignoreFocusOut: true });
  if (text === undefined || text.trim() === '') return;
  if (!(await readyForTurn(agents.sources, agent))) {
    await askPrompt(agents, agent, text);
    return;
  }
  await whenSlow(() => agent.send(text), { limitMs: lookUpLimitMs });
}

/** What a request would change, also one that was answered. */
async function showChange(agents: Agents, agent: LiveAgent, requestId: string | undefined): Promise<void> {
  const request = requestId === undefined ? undefined : agent.request(requestId);
  if (request !== undefined) await showDiff(agents, agent, request);
}

async function endAgent(agents: Agents, agent: LiveAgent): Promise<void> {
  const question = l10n.t('End {0} in {1}?', agentName(agent), agents.nameOf(agent.devboxId));
  const detail = l10n.t(
    'Everything it started ends with it. What it has done stays, and its session can still be read.',
  );
  if (!(await saysYes({ question, detail, yes: l10n.t('End Agent') }))) return;
  await whenSlow(() => agent.end(), { limitMs: lookUpLimitMs });
}

/** The log may hold anything; it is plain text. */
async function showLog(agents: Agents, agent: LiveAgent): Promise<void> {
  const log = await whenSlow(() => agent.log(), { limitMs: lookUpLimitMs });
  const uri = agents.documents.logUri(agent, redact(log));
  await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
}

/** Lists what was allowed from now on in a devbox; what is picked is taken back. */
async function showRules(agents: Agents, devboxId: string): Promise<void> {
  const items = agents.rules.of(devboxId).map((rule): QuickPickItem & { readonly rule: ConsentRule } => ({
    label: escapeForEditor(oneLine(ruleText(rule), 200)),
    description: escapeForEditor(oneLine(rule.tool.replace(/:$/, ''), 60)),
    detail: l10n.t('In: {0}', oneLine(rule.cwd, 200)),
    rule,
  }));
  const placeHolder = l10n.t('Select a rule to remove it');
  const picked = await window.showQuickPick(items, { title: l10n.t('Always allowed here'), placeHolder });
  if (picked !== undefined) await agents.rules.takeBack(picked.rule);
}

function ruleText({ allows, more = '' }: ConsentRule): string {
  return exactText(`${allows.kind === 'paths' ? allows.under : commandText(allows.command)} ${more}`.trimEnd());
}
