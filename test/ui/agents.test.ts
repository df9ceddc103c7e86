import { agents } from './parts/agents';
import { fourAgents, fourAgentsSettings } from './parts/fourAgents';
import { shareWindow } from './sharedWindow';

shareWindow(
  'Agents',
  { settings: { 'runloop.agents': { Example: { run: ['node', '/tmp/agent.mjs'] }, ...fourAgentsSettings } } },
  agents,
  fourAgents,
);
