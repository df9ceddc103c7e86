import { l10n } from 'vscode';
import { cancelled } from '../../core/errors';
import { escapeForEditor } from '../messages/escapeForEditor';
import { readyForTurn } from './launch/turnSnapshots';
import { agentName, lastAction, stateWord } from './agentText';
import type { Agents } from './agents';

/** A session that takes a review of changes as its next prompt. */
export interface SessionReceiver {
  readonly label: string;
  readonly description: string;
  /** @returns what the person is told then */
  receive(review: { readonly message: string }, signal: AbortSignal): Promise<string>;
}

/** The sessions of a devbox that take prompts now: those that wait for one first, then the newest. */
export async function sessionReceivers(agents: Agents, devboxId: string): Promise<readonly SessionReceiver[]> {
  const within = await agents.in(devboxId);
  await within.load();
  const able = within.agents.filter(({ state }) => state === 'done' || state === 'working' || state === 'waiting');
  return able
    .sort((a, b) => Number(b.state === 'done') - Number(a.state === 'done'))
    .map((agent) => ({
      label: agentName(agent),
      description: [stateWord(agent.state), lastAction(agent)].filter((fact) => fact !== '').join(' · '),
      receive: async ({ message }, signal) => {
        if (!(await readyForTurn(agents.sources, agent, signal))) throw cancelled(devboxId);
        await agent.send(message);
        return l10n.t('The review was sent to {0} in {1}.', escapeForEditor(agentName(agent)), agents.nameOf(devboxId));
      },
    }));
}
