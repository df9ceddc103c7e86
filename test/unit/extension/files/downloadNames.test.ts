import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import type { FakeTreeView } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { filesDevbox } from '../../core/files/useFiles';

type Shown = Awaited<ReturnType<FakeTreeView['rows']>>[number];

describe('A folder that comes down', function () {
  this.timeout(120_000);
  const used = useWindow();

  const below = async (row: unknown, name: string): Promise<Shown> => {
    const view = used.editor.views.get('runloop.devboxes') ?? assert.fail();
    return (await view.rows(row)).find(({ item }) => item.label === name) ?? assert.fail(name);
  };

  it('has a name for each of its files, also where this computer takes two names for the same', async () => {
    const { editor } = used;
    const box = await filesDevbox(used.api, 'alike');
    await box.bash(
      `rm -rf ~/*; mkdir -p ~/d/Sub ~/d/sub; cd ~/d; printf upper > Sub/f; printf lower > sub/f; printf a > a; printf A > A
       for i in 1 2 3 4 5; do printf "N$i" > N$i; printf "n$i" > n$i; done; printf three > 'n1 (2)'`,
    );
    editor.views.get('runloop.devboxes')?.setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    const files = await eventually(
      async () => below((await below((await below(undefined, 'Active')).row, 'alike')).row, 'Files').catch(String),
      (row) => typeof row !== 'string',
    );
    if (typeof files === 'string') return assert.fail(files);
    const folder = mkdtempSync(join(tmpdir(), 'transfer-'));
    const d = join(folder, 'd');
    mkdirSync(join(d, 'sub'), { recursive: true });
    // As it is where they are the same: the one leads to the other. A file that comes first takes the place of its link.
    symlinkSync('sub', join(d, 'Sub'));
    for (const n of [1, 2, 3, 4, 5]) {
      writeFileSync(join(d, `n${n}`), '');
      symlinkSync(`n${n}`, join(d, `N${n}`));
    }
    editor.openDialog = [Uri.file(folder)];
    editor.answer(/"d" already exists/, 'Replace');
    await editor.run('runloop.downloadFile', (await below(files.row, 'd')).row);
    await editor.message(/Downloaded 15 files.* got a number: .*ub \(2\)/);
    const texts = readdirSync(d, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    const numbered = [1, 2, 3, 4, 5].flatMap((n) => [`N${n}`, `n${n}`]);
    assert.deepEqual(texts.sort(), [...numbered, 'A', 'a', 'lower', 'three', 'upper'].sort());
  });
});
