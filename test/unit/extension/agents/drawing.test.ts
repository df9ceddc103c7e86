import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { agentsWindow } from '../../../bench/agents/agentsWindow';
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
});
