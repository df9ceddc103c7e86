import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { offeredAgents } from '../../../../src/core/agents/agentTable';
import { toolFolder } from '../../../../src/core/agents/installing/installScripts';
import { eventually } from '../../../eventually';
import { FakeQuickPick } from '../../../fakeVscode/boxes';
import { useWindow } from '../../../fakeVscode/useWindow';
import type { FilesDevbox } from '../../core/files/useFiles';
import type { Shown } from '../changes/useChangeRows';
import { useAgents } from './useAgents';

const remove = 'Remove from Devbox…';

describe('Removing an agent in the list of those that can be started', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { ready, start, described } = useAgents(used);

  /** Offers an agent with this command, and has it in the devbox. @returns its folder's name */
  async function have(box: FilesDevbox, install: string): Promise<string> {
    used.editor.settings.set('runloop.agents', { Example: { run: ['node', '/tmp/agent.mjs'], install } });
    const recipe = offeredAgents(used.editor.settings.get('runloop.agents')).at(-1) ?? assert.fail();
    await box.bash(`mkdir -p ~/${toolFolder(recipe)} && touch ~/${toolFolder(recipe)}/file`);
    return toolFolder(recipe).split('/').at(-1) ?? assert.fail();
  }
  /** Opens the list, and waits until it is known what is installed. */
  async function list(row: Shown) {
    const running = used.editor.run('runloop.startAgent', row.row);
    const box = await used.editor.box(/^Start Agent/);
    await used.editor.eventually(() => !box.busy);
    assert.ok(box instanceof FakeQuickPick);
    return { box, running };
  }
  const there = (box: FilesDevbox): Promise<string> => box.bash('ls -A ~/.runloop-agents/tools');

  it('names what goes, takes all versions of one away, and no other', async () => {
    const { box, agents } = await ready('shop');
    const { editor } = used;
    const old = await have(box, 'make old');
    const now = await have(box, 'make new');
    await box.bash('mkdir ~/.runloop-agents/tools/codex-0.15.0 ~/.runloop-agents/tools/gone-1.0.0');
    const row = await agents();
    const first = await list(row);
    const buttons = first.box.items.map(({ label, buttons: own = [] }) => [
      label,
      ...own.map(({ tooltip }) => tooltip),
    ]);
    assert.deepEqual(buttons, [
      ['Claude Code'],
      ['Gemini CLI'],
      ['Codex', remove],
      ['OpenCode'],
      ['Example', remove],
      ['Installed there, but not offered any more'],
      ['gone', remove],
    ]);
    // Without a yes nothing goes.
    editor.answer(/^Remove Example from shop\?/, undefined);
    first.box.pressAt('Example', remove);
    await first.running;
    const question = editor.messages.find(({ text }) => text.startsWith('Remove Example')) ?? assert.fail();
    assert.ok(question.isModal);
    for (const name of [old, now]) assert.ok(question.detail.includes(`\n~/.runloop-agents/tools/${name}\n`), name);
    assert.match(question.detail, /stays: settings, logins/);
    assert.equal((await there(box)).split('\n').length, 5);
    editor.answer(/^Remove Example from shop\?/, 'Remove');
    const second = await list(row);
    second.box.pressAt('Example', remove);
    await second.running;
    await editor.message(/^Example was removed from shop\.$/m);
    assert.equal(await there(box), 'codex-0.15.0\ngone-1.0.0\n');
    editor.answer(/^Remove gone from shop\?/, 'Remove');
    const third = await list(row);
    assert.equal(third.box.items.find(({ label }) => label === 'Example')?.buttons, undefined);
    third.box.pressAt('gone', remove);
    await third.running;
    assert.equal(await there(box), 'codex-0.15.0\n');
  });

  it('is refused as long as a session of it runs, without a question', async () => {
    const { box, agents } = await ready('busy');
    const { editor } = used;
    const name = await have(box, 'make');
    const row = await agents();
    await start(row, [{ say: 'here' }]);
    await described(agents, /^Example done/);
    const { box: pick, running } = await list(row);
    pick.pressAt('Example', remove);
    await running;
    await editor.message(
      /^A session of Example runs in this devbox, so it was not removed\. End its sessions there first\./,
    );
    assert.equal(await there(box), `${name}\n`);
  });

  it('asks nothing of a devbox that was suspended meanwhile', async () => {
    const { box, agents } = await ready('asleep');
    await have(box, 'make');
    const { box: pick, running } = await list(await agents());
    await used.api.devboxes.suspend(box.id);
    await eventually(
      () => used.api.devboxes.retrieve(box.id),
      ({ status }) => status === 'suspended',
    );
    pick.pressAt('Example', remove);
    await running;
    await used.editor.message(/suspended/);
    assert.equal((await used.api.devboxes.retrieve(box.id)).status, 'suspended');
  });
});
