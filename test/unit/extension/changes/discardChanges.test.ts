import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { lossLines } from '../../../../src/extension/changes/discardChanges';
import { repository, useChangeRows } from './useChangeRows';

describe('Discarding changes', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, lines, opened } = useChangeRows(used);

  it('names what is lost, does nothing without a yes, and says how to get it back', async () => {
    const { box, changes } = await opened('discard all', repository);
    await lines((await changes()).row);
    await box.bash('cd ~/app; echo b >> a.txt; rm c.txt; echo new > "n [x](command:y)"; echo s > s; git add s');
    await used.editor.run('runloop.refreshDevboxes');
    const group = async (): Promise<unknown> =>
      (await below((await below((await changes()).row, 'app')).row, 'Uncommitted')).row;
    const run = async (yes: string | undefined): Promise<void> => {
      used.editor.answer(/Select what to do with app/, /^Discard/);
      used.editor.answer(/Discard the changes to 4 files in app\?/, yes);
      await used.editor.run('runloop.bringHome', await group());
    };
    await run(undefined);
    const { detail } = await used.editor.message(/Discard the changes to 4 files/);
    assert.deepEqual(detail.split('\n'), [
      '• a.txt',
      '• c.txt (deleted, will come back)',
      '• s (added, will be deleted)',
      '• n [x](command:y) (untracked, will be deleted)',
      '',
      'All of it is kept in a new stash of the repository in the devbox.',
    ]);
    assert.match(
      await box.bash('cd ~/app; git status --porcelain; git stash list'),
      /^ M a\.txt\n D c\.txt\nA {2}s\n[^\n]+\n$/,
    );
    used.editor.answer(/The changes in app were discarded/, 'Copy Command');
    await run('Discard Changes');
    assert.equal(await box.bash('cd ~/app; git status --porcelain; cat a.txt'), 'a\n');
    const command = used.editor.clipboard;
    assert.match(command, /^git stash apply --index [0-9a-f]{12}$/);
    assert.deepEqual(await lines((await below((await changes()).row, 'app')).row), ['No changes']);
    await box.bash(`cd ~/app; ${command}`);
    assert.match(await box.bash('cd ~/app; git status --porcelain'), /^ M a\.txt\n D c\.txt\nA {2}s\n\?\? "n/);
  });

  it('of a file asks for that alone', async () => {
    const { box, changes } = await opened('discard one', repository);
    await lines((await changes()).row);
    await box.bash('cd ~/app; echo b >> a.txt; echo 2 >> lib/b.txt');
    await used.editor.run('runloop.refreshDevboxes');
    const app = (await below((await changes()).row, 'app')).row;
    const file = (await below((await below(app, 'Uncommitted')).row, 'b.txt')).row;
    used.editor.answer(/Discard the changes to lib\/b\.txt in app\?/, 'Discard Changes');
    await used.editor.run('runloop.bringHome', file);
    assert.equal(await box.bash('cd ~/app; git status --porcelain; cat lib/b.txt'), ' M a.txt\nb\n');
  });

  it('of a file that was moved names where it was, and goes back there', async () => {
    const { box, changes } = await opened('discard moved', repository);
    await lines((await changes()).row);
    await box.bash('cd ~/app; git mv c.txt moved.txt');
    await used.editor.run('runloop.refreshDevboxes');
    const app = (await below((await changes()).row, 'app')).row;
    const file = (await below((await below(app, 'Uncommitted')).row, 'moved.txt')).row;
    used.editor.answer(/Discard the changes to c\.txt → moved\.txt in app\?/, 'Discard Changes');
    await used.editor.run('runloop.bringHome', file);
    const { detail } = await used.editor.message(/Discard the changes to/);
    assert.match(detail, /^• moved\.txt \(was moved from c\.txt, will go back\)$/m);
    assert.equal(await box.bash('cd ~/app; git status --porcelain; ls'), 'a.txt\nc.txt\nlib\n');
  });

  it('counts untracked files where not all are named, and says of a large file that it was not kept', () => {
    const lost = Array.from({ length: 13 }, (_one, at) => ({ path: `n${at}`, kind: 'untracked' as const }));
    const lines = lossLines({ state: '', lost, staying: ['big.bin'] });
    assert.deepEqual(lines.slice(12, -1), ['… and 1 more', '', 'Untracked files among them: 13', '']);
    assert.match(lines.at(-1) ?? '', /large files that were not kept stay as they are: big\.bin$/);
  });
});
