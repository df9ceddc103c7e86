import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { knownAgents } from '../../src/core/agents/agentTable';
import { agentsVariable } from './programs';

// The tests of real agents alone: all of the product's table, or the one that is named.
const { values } = parseArgs({ options: { agent: { type: 'string' } } });
const names = knownAgents.map(({ id }) => id);
const { agent } = values;
if (agent !== undefined && !names.includes(agent)) {
  process.stderr.write(`There is no agent ${JSON.stringify(agent)}. There are: ${names.join(', ')}.\n`);
  process.exitCode = 1;
} else {
  const words = ['node_modules/mocha/bin/mocha.js', '--no-parallel', 'out/unit/core/agents/realAgents.test.js'];
  const run = spawn(process.execPath, words, {
    stdio: 'inherit',
    env: { ...process.env, [agentsVariable]: agent ?? names.join() },
  });
  run.on('exit', (code) => (process.exitCode = code ?? 1));
}
