import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { agentsWindow } from '../../../bench/agents/agentsWindow';
import { sessionText } from '../../../../src/extension/agents/sessionText';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { exampleAgentIn } from '../../core/agents/useAgent';
import { filesDevbox } from '../../core/files/useFiles';

describe('The rows of agents', function () {
  this.timeout(120_000);
  const used = usePlatform();

  it('are drawn at once when something changes, and what changes right after that once more, together', async () => {
    const box = await filesDevbox(used.api, 'drawn');
    const command = await exampleAgentIn(box);
    const window = agentsWindow(used.api, used.platform);
    const agent = await window.start(box.id, [command[0] ?? '', ...command.slice(1)], '[]');
    await agent.end();
    // Nothing comes by itself any more.
    window.agents.clear();
    const live = await window.agents.in(box.id);
    await live.load();
    const root = window.agents.of(box.id);
    const [found] = live.agents;
    assert.ok(found);
    let drawn = 0;
    window.agents.onDidChange((nodes) => (drawn += nodes.includes(root) ? 1 : 0));
    const before = await eventually(
      () => {
        const already = drawn;
        found.suspended();
        return Promise.resolve(drawn > already ? drawn : undefined);
      },
      (at) => at !== undefined,
    );
    for (let count = 0; count < 5; count += 1) found.suspended();
    assert.equal(drawn, before);
    await eventually(
      () => Promise.resolve(drawn),
      (now) => now === (before ?? 0) + 1,
    );
    window.end();
  });

  it('say of an agent that asks without end how many requests wait behind those that are shown', async () => {
    const box = await filesDevbox(used.api, 'many');
    const command = await exampleAgentIn(box);
    const window = agentsWindow(used.api, used.platform);
    const all = Array.from({ length: 202 }, (_, index) => `touch ${index}`);
    const agent = await window.start(box.id, [command[0] ?? '', ...command.slice(1)], JSON.stringify([{ all }]));
    const said = async (): Promise<readonly (string | undefined)[]> => {
      const [session] = await window.agents.of(box.id).below();
      const labels = ((await session?.below()) ?? []).map((row) => row.item().label);
      return labels.flatMap((label) => (typeof label === 'string' && label.includes('wait') ? [label] : []));
    };
    await eventually(said, (labels) => labels[0] === '2 more requests wait until these are answered');
    assert.match(sessionText(agent, '').text, /^2 more requests wait until these are answered\.$/m);
    assert.equal(agent.waiting.length, 200);
    const [first] = agent.waiting;
    await agent.answer(
      first ?? assert.fail(),
      first?.choices.find(({ means }) => means === 'reject_once') ?? assert.fail(),
    );
    assert.deepEqual(await said(), ['1 more request waits until these are answered']);
    assert.equal(agent.waiting.length, 200);
    await agent.end();
    assert.deepEqual(await said(), []);
    window.end();
  });
});
