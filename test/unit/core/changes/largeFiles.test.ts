import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, short, signal, type ChangesDevbox } from './useChanges';

describe('Changes of large files', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'large-files' });
  });

  const inside = (top: string, command: string): Promise<string> => box.bash(`cd ${top}; ${command}`);
  const since = async (top: string): Promise<string[] | undefined> => (await box.groups(top)).since;
  const turn = async (top: string): Promise<string[] | undefined> => (await box.read(top)).groups.thisTurn?.map(short);

  it('are none of one that git has only been given since, until its size or time is another', async () => {
    const top = await box.repository();
    await inside(top, 'truncate -s 6000000 big; mkdir d; truncate -s 6000000 d/more');
    await box.read(top);
    await inside(top, 'git add -A; git commit -qm big');
    assert.deepEqual(await since(top), []);
    await inside(top, 'truncate -s 6000001 big; git commit -qam more');
    assert.deepEqual(await since(top), ['modified big']);
  });

  it('are none of one that git had and has no more, until its size, time or rights are others', async () => {
    const top = await box.repository('echo a > a');
    await inside(
      top,
      `head -c 6000000 /dev/urandom > big; mkdir d; cp big $'d/\\303\\251 [x] \\377'; truncate -s 6000000 -- -q; git add -A; git commit -qm two`,
    );
    await box.read(top);
    await inside(top, 'git reset -q HEAD~1');
    assert.deepEqual(await since(top), []);
    await box.changes.noteTurn(top, signal);
    await inside(top, 'git add -A; git commit -qm three');
    assert.deepEqual([await since(top), await turn(top)], [[], []]);
    await inside(top, 'git rm -rq --cached d big');
    assert.deepEqual([await since(top), await turn(top)], [[], []]);
    await inside(top, 'chmod +x big');
    assert.deepEqual([await since(top), await turn(top)], [['modified big'], ['modified big']]);
    // What it was can be looked at.
    assert.match((await box.sides(top, 'big', 'sinceStart'))[0], /^\{"kind":"large","size":6000000\}$/);
    await inside(top, 'chmod -x big; touch -d @1000000000 big; truncate -s 6000001 -- -q');
    assert.deepEqual(await since(top), ['modified -q', 'modified big']);
  });

  it('are none in a turn of one that git had when it began', async () => {
    const top = await box.repository('echo a > a');
    await box.read(top);
    await inside(top, 'head -c 6000000 /dev/urandom > big; git add -A; git commit -qm two');
    await box.changes.noteTurn(top, signal);
    await inside(top, 'git reset -q HEAD~1');
    assert.deepEqual([await since(top), await turn(top)], [['untracked big'], []]);
    await inside(top, 'cp -p big other; printf x | dd of=big conv=notrunc status=none');
    assert.deepEqual(await turn(top), ['modified big', 'untracked other']);
  });

  it('are told where git has looked into the file itself, whatever its size and time', async () => {
    const top = await box.repository('head -c 6000000 /dev/zero > big');
    await box.read(top);
    await inside(top, 'touch -r big ../ref; printf x | dd of=big conv=notrunc status=none; touch -r ../ref big');
    assert.deepEqual(await box.groups(top), { uncommitted: ['modified big'], since: ['modified big'] });
  });
});
