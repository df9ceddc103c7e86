import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { repository, type Shown } from '../changes/useChangeRows';
import { useAgents } from './useAgents';

describe('What changed in a turn of an agent', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, lines, view, ready, start, click, described } = useAgents(used);

  it('is a group of its own, from the last prompt on, and goes back in place after a question', async () => {
    const { box, agents } = await ready('turns', [], `${repository}; ln -s app ~/work; echo mine > ~/app/mine.txt`);
    const { editor } = used;
    await start(await agents(), [{ run: 'echo its >> a.txt; echo its > new.txt; echo its >> mine.txt' }]);
    await described(agents, /needs you/);
    const request = async (): Promise<Shown> =>
      (await view().rows((await view().rows((await agents()).row))[0]?.row))[0] ?? assert.fail();
    editor.answer(/^Example in turns/, 'Allow Once');
    await click(await request());
    await described(agents, /^Example done/);
    const changes = async (): Promise<Shown> => {
      const groups = (await view().rows()).map(({ row }) => row);
      const rows = (await Promise.all(groups.map((row) => view().rows(row)))).flat();
      return below(rows.find(({ item }) => item.label === 'turns')?.row, 'Changes');
    };
    const app = async (): Promise<unknown> => (await below((await changes()).row, 'app')).row;
    await lines((await changes()).row);
    await editor.run('runloop.refreshDevboxes');
    assert.deepEqual(await lines(await app()), ['Uncommitted 3', 'Since the Start 3', 'This Turn 3']);
    const group = await below(await app(), 'This Turn');
    assert.match(JSON.stringify(group.item.tooltip), /^"Changes since .*, when an agent was last sent a prompt"$/);
    assert.deepEqual(await lines(group.row), ['a.txt', 'mine.txt', 'new.txt']);
    const goBack = async (yes: string | undefined): Promise<void> => {
      editor.answer(/Select what to do with app/, /^Go Back/);
      editor.answer(/Go back to before this turn in app\? Files: 3/, yes);
      await editor.run('runloop.bringHome', (await below(await app(), 'This Turn')).row);
    };
    await goBack(undefined);
    const { detail } = await editor.message(/Go back to before this turn/);
    assert.deepEqual(detail.split('\n'), [
      '• a.txt',
      '• mine.txt',
      '• new.txt (untracked, will be deleted)',
      '',
      'This happens in place, in this devbox. What the files are now is kept in a new stash of the repository there.',
      'An agent that is still working can change them again.',
    ]);
    assert.equal(await box.bash('cd ~/app; cat a.txt mine.txt new.txt; git stash list'), 'a\nits\nmine\nits\nits\n');
    editor.answer(/are as they were before this turn/, 'Copy Command');
    await goBack('Go Back');
    assert.equal(await box.bash('cd ~/app; cat a.txt mine.txt; ls new.txt 2>&1 | wc -l'), 'a\nmine\n1\n');
    assert.match(await box.bash(`cd ~/app; ${editor.clipboard}`), /\+its\n/);
    assert.deepEqual(await lines(await app()), ['Uncommitted 1']);
    // The next prompt begins the next turn.
    await box.bash('echo person >> ~/app/c.txt');
    editor.answer(/^Send Prompt/, JSON.stringify([{ say: 'nothing' }]));
    await click((await view().rows((await view().rows((await agents()).row))[0]?.row))[0] ?? assert.fail());
    await described(agents, /^Example done · nothing/);
    await editor.run('runloop.refreshDevboxes');
    await eventually(
      async () => lines(await app()),
      (all) => all.join() === 'Uncommitted 2,Since the Start 1',
    );
  });

  it('is told of a folder without git, too, though there is nothing that goes back', async () => {
    const { box, agents } = await ready('plain turns', [], 'mkdir work; echo a > work/a.txt');
    const { editor } = used;
    await start(await agents(), [{ run: 'echo its >> a.txt; echo its > new.txt' }]);
    await described(agents, /needs you/);
    editor.answer(/^Example in plain turns/, 'Allow Once');
    await click((await view().rows((await view().rows((await agents()).row))[0]?.row))[0] ?? assert.fail());
    await described(agents, /^Example done/);
    const groups = (await view().rows()).map(({ row }) => row);
    const rows = (await Promise.all(groups.map((row) => view().rows(row)))).flat();
    const devbox = rows.find(({ item }) => item.label === 'plain turns');
    const home = (await box.bash('printf %s ~')).trim();
    const folder = async (): Promise<unknown> =>
      (await below((await below(devbox?.row, 'Changes')).row, home.slice(home.lastIndexOf('/') + 1))).row;
    await folder();
    await editor.run('runloop.refreshDevboxes');
    assert.deepEqual(await lines(await folder()), ['Since the Start 2', 'This Turn 2']);
    const turn = await below(await folder(), 'This Turn');
    assert.deepEqual(await lines(turn.row), ['a.txt work', 'new.txt work']);
    editor.answer(/Select what to do with/, undefined);
    await editor.run('runloop.bringHome', turn.row);
    assert.deepEqual(
      editor.offered.map((one) => (typeof one === 'string' ? one : one.label)),
      ['Changes into a Patch File…'],
    );
  });
});
