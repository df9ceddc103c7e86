import { agents } from './parts/agents';
import { shareWindow } from './sharedWindow';

shareWindow('Agents', { settings: { 'runloop.agents': { Example: { run: ['node', '/tmp/agent.mjs'] } } } }, agents);
