import { commands, l10n, window } from 'vscode';
import { offeredAgents } from '../../../core/agents/agentTable';
import { RuntimeError } from '../../../core/errors';
import { oneLine } from '../../../core/safeText';
import { agentsProblem } from '../../../core/problems/agents';
import { mustStillBe } from '../../account/accountChanged';
import { devboxLabel } from '../../devboxes/devboxText';
import { livingDevboxFor, type DevboxSources } from '../../devboxes/pickDevbox';
import { lookUpLimitMs, whenSlow } from '../../messages/whenSlow';
import type { Agents } from '../agents';
import { agentName } from '../agentText';
import { isAlive } from '../devboxAgents';
import type { LiveAgent } from '../liveAgent';
import { agentSetting } from './agentSetting';
import { launch } from './launch';
import { makeReady, type LaunchServices } from './makeReady';
import { openSession } from './openSession';

export type ContinueServices = DevboxSources & LaunchServices;

/**
 * Starts an agent whose process is gone once more, with the session that it had, where the agent has said that it can. Nothing is
 * sent to it: no prompt, no answer. Its requests of before are withdrawn; what it asks now is asked anew.
 */
export async function continueSession(services: ContinueServices, agents: Agents, known: LiveAgent): Promise<void> {
  const signedIn = await services.account.require();
  const { devboxId } = known;
  const devbox = await livingDevboxFor(services, devboxId, { placeHolder: '' });
  if (devbox === undefined) return;
  const within = await agents.in(devboxId);
  mustStillBe(signedIn, devboxId);
  // Another window may have done it.
  await whenSlow(() => within.load(), { limitMs: lookUpLimitMs });
  const agent = within.latestOf(known);
  if (!agent.isRead) await whenSlow(() => agent.look(), { limitMs: lookUpLimitMs });
  if (isAlive(agent)) {
    await openSession(agents, agent);
    return;
  }
  const name = agentName(agent);
  const sessionId = agent.continuable;
  const recipe = offeredAgents(agentSetting()).find(({ id }) => id === agent.found.agent);
  if (agent.isTampered || sessionId === undefined || recipe === undefined) {
    const why = agent.isTampered
      ? l10n.t('The record of this session is not as this editor has written it, so it is not continued.')
      : sessionId === undefined
        ? agent.sessionId === undefined
          ? l10n.t('{0} ended before it had begun a session.', name)
          : l10n.t('{0} cannot continue this session.', name)
        : l10n.t('{0} is no longer among the agents that can be started.', name);
    await offerNew(why, devboxId);
    return;
  }
  const title = l10n.t('Continue {0} in {1}', name, devboxLabel(devbox));
  const { installation } = within;
  const environment = await whenSlow((signal) => installation.look(recipe, agent.found.cwd, signal), {
    limitMs: lookUpLimitMs,
  });
  const refusal = installation.refusal(recipe, environment);
  if (refusal !== undefined) throw refusal;
  const { cwd } = environment;
  if (cwd === undefined) {
    const problem = agentsProblem('agent_no_folder', { folder: oneLine(agent.found.cwd, 200) });
    throw new RuntimeError({ problem, devboxId });
  }
  mustStillBe(signedIn, devboxId);
  const ready = await makeReady(services, { within, recipe, signedIn, devbox, environment, title });
  if (ready === undefined) return;
  const { keys } = ready;
  const earlier = { agent, sessionId };
  await launch(agents, { signedIn, devbox, title, name: recipe.name }, (told) =>
    within.start(recipe, { ...environment, cwd }, { prompt: '', keys, ...told, earlier }),
  );
}

async function offerNew(why: string, devboxId: string): Promise<void> {
  const start = l10n.t('Start Agent…');
  const text = `${why} ${l10n.t('You can start a new one.')}`;
  if ((await window.showInformationMessage(text, start)) !== start) return;
  await commands.executeCommand('runloop.startAgent', devboxId);
}
