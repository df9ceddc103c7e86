import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { ThemeIcon, Uri } from '../../../fakeVscode/values';
import { repository, useChangeRows, type Shown } from './useChangeRows';

describe('Changes in a folder without git, in the view', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, devbox, lines, opened, view } = useChangeRows(used);

  const named = async (changes: () => Promise<Shown>, home: string): Promise<Shown> =>
    below((await changes()).row, home.slice(home.lastIndexOf('/') + 1));
  async function text(uri: unknown): Promise<string> {
    assert.ok(uri instanceof Uri);
    const provider = used.editor.contentProviders.get(uri.scheme) ?? assert.fail(uri.scheme);
    return String(await provider.provideTextDocumentContent(uri, undefined as never));
  }

  it('are those since the first look, with a number and diffs, and none of what programs keep in a home', async () => {
    const { box, changes } = await opened(
      'plain',
      'mkdir -p docs .tool; echo a > docs/a.txt; echo b > b.txt; echo t > .tool/t; head -c 6000000 /dev/zero > large',
    );
    const home = (await box.bash('printf %s ~')).trim();
    assert.deepEqual(await lines((await changes()).row), [`${home.slice(home.lastIndexOf('/') + 1)} no git`]);
    const folder = await named(changes, home);
    assert.deepEqual(folder.item.iconPath, new ThemeIcon('folder'));
    assert.match(JSON.stringify(folder.item.tooltip), /Without git: compared with how it was at the start/);
    assert.match(folder.item.accessibilityInformation?.label ?? '', /^[^/,]+, no git$/);
    assert.deepEqual(await lines(folder.row), ['No changes']);
    await box.bash('cd; echo more >> docs/a.txt; rm b.txt; echo c > c.txt; echo tt > .tool/t; echo x >> large');
    await used.editor.run('runloop.refreshDevboxes');
    assert.equal((await changes()).item.description, '4');
    assert.match((await devbox('plain'))?.item.description?.toString() ?? '', /^4 changed · /);
    const again = await named(changes, home);
    assert.deepEqual(await lines(again.row), ['Since the Start 4']);
    const group = await below(again.row, 'Since the Start');
    assert.deepEqual(await lines(group.row), [
      'b.txt',
      'c.txt',
      'a.txt docs',
      'large large: compared by size and time',
    ]);
    const diffs: (readonly unknown[])[] = [];
    used.editor.commands.set('vscode.diff', (...args: readonly unknown[]) => diffs.push(args));
    for (const name of ['a.txt', 'b.txt', 'large']) {
      const file = await below(group.row, name);
      // To discard it, something would have to keep it.
      assert.equal(file.item.contextValue, 'changes.file');
      await used.editor.run('runloop.openAllChanges', file.row);
    }
    assert.equal(await text(diffs[0]?.[0]), 'a\n');
    assert.match(String(diffs[0]?.[1]), /^runloop:\/\/.*\/docs\/a\.txt$/);
    assert.deepEqual([await text(diffs[1]?.[0]), await text(diffs[1]?.[1])], ['b\n', '']);
    // In words for people, not as it stands in the devbox.
    const time = '[^()]*20\\d\\d[^()]*';
    assert.match(
      await text(diffs[2]?.[0]),
      new RegExp(`^Not kept: only its size \\(6,000,000 bytes\\) and its time \\(${time}\\) are known\n$`),
    );
    await used.editor.run('runloop.markChangesSeen', (await below(group.row, 'c.txt')).row);
    assert.equal((await changes()).item.description, '3');
  });

  it('may be saved as a patch, and nothing else is offered that needs git', async () => {
    const { box, changes } = await opened('patched', 'echo a > a.txt');
    const home = (await box.bash('printf %s ~')).trim();
    await lines((await changes()).row);
    await box.bash('cd; echo more >> a.txt');
    await used.editor.run('runloop.refreshDevboxes');
    const temporary = mkdtempSync(join(tmpdir(), 'folder-patch-'));
    try {
      const file = join(temporary, 'p.patch');
      used.editor.answer(/Select what to do with/, /Patch File/);
      used.editor.saveTo = Uri.file(file);
      await used.editor.run('runloop.bringHome', (await named(changes, home)).row);
      const offered = used.editor.offered.map((one) => (typeof one === 'string' ? one : one.label));
      assert.deepEqual(offered, ['Changes into a Patch File…']);
      const detail = (): (string | undefined)[] =>
        used.editor.offered.map((one) => (typeof one === 'string' ? one : one.detail));
      assert.deepEqual(detail(), ['What differs since the start. For "git apply".']);
      used.editor.answer(/Select what to do with/, undefined);
      await used.editor.run(
        'runloop.bringHome',
        (await below((await named(changes, home)).row, 'Since the Start')).row,
      );
      assert.deepEqual(detail(), ['Of this group. For "git apply".']);
      assert.match(readFileSync(file, 'utf8'), /^diff --git a\/a\.txt b\/a\.txt\n[^]*\n\+more\n$/);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });

  it('stay when a repository is made below it, and are not asked about where there was one before', async () => {
    const { box, changes } = await opened('grown', 'echo a > a.txt');
    const home = (await box.bash('printf %s ~')).trim();
    const name = home.slice(home.lastIndexOf('/') + 1);
    await lines((await changes()).row);
    await box.bash(repository);
    await used.editor.run('runloop.refreshDevboxes');
    assert.deepEqual(await lines((await changes()).row), [`${name} no git`, 'app main']);
    used.reload();
    const row = await devbox('grown');
    assert.deepEqual(await lines((await below(row?.row, 'Changes')).row), [`${name} no git`, 'app main']);
    // Where there is one from the beginning, the folder around it is nobody's question.
    const other = await opened('has one', repository);
    assert.deepEqual(await lines((await other.changes()).row), ['app main']);
  });

  it('in one with too many files are told of in words, and all that a devbox has is not read', async () => {
    const { changes } = await opened('huge', 'seq -f "%.0f" 20001 | xargs touch');
    const [line = ''] = await lines((await changes()).row);
    assert.match(line, /has no git and more than 20,?000 files, so changes in it cannot be shown/);
    await used.api.devboxes.create({ name: 'all', metadata: { 'workspace-path': '/' } }, { requestId: 'changes-all' });
    const row = await devbox('all');
    const rows = await eventually(
      async () => view().rows(row?.row),
      (all) => all.some(({ item }) => item.label === 'Changes'),
    );
    const all = rows.find(({ item }) => item.label === 'Changes') ?? assert.fail();
    assert.deepEqual(await lines(all.row), ['No git repositories in /']);
  });
});
