import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import { ChangeNode } from '../../../../src/extension/changes/changeNode';
import { eventually } from '../../../eventually';
import { speaking } from '../../../fakeVscode/language';
import { useWindow } from '../../../fakeVscode/useWindow';
import { TreeItemCollapsibleState, Uri } from '../../../fakeVscode/values';
import { repository, useChangeRows, type Shown } from './useChangeRows';

const spoken = ({ item }: Shown): string | undefined => item.accessibilityInformation?.label;

describe('Changes in the view', function () {
  this.timeout(120_000);
  const used = useWindow();

  const { view, below, devbox, lines, opened } = useChangeRows(used);

  /** What the editor was asked to show. */
  function shown(command: string): (readonly unknown[])[] {
    const calls: (readonly unknown[])[] = [];
    used.editor.commands.set(command, (...args: readonly unknown[]) => calls.push(args));
    return calls;
  }
  async function text(uri: unknown): Promise<string> {
    assert.ok(uri instanceof Uri);
    const provider = used.editor.contentProviders.get(uri.scheme) ?? assert.fail(uri.scheme);
    return String(await provider.provideTextDocumentContent(uri, undefined as never));
  }

  it('of many repositories stand open where something differs, and closed where nothing does', async () => {
    const { box, changes } = await opened('calm', `${repository}; git init -q ~/other`);
    const row = await changes();
    const items = async (): Promise<Shown['item'][]> => (await view().rows(row.row)).map(({ item }) => item);
    const { Collapsed, Expanded } = TreeItemCollapsibleState;
    const before = await items();
    assert.deepEqual(
      before.map(({ collapsibleState }) => collapsibleState),
      [Collapsed, Collapsed],
    );
    await box.bash('cd ~/app; echo more >> a.txt');
    await used.editor.run('runloop.refreshDevboxes');
    const after = await items();
    assert.deepEqual(
      after.map(({ collapsibleState }) => collapsibleState),
      [Expanded, Collapsed],
    );
    // The editor keeps a row as somebody left it, by its id.
    assert.deepEqual(
      after.map(({ id }, at) => id === before[at]?.id),
      [false, true],
    );
  });

  it('are a number and two groups once they are opened, and nothing before', async () => {
    const { box, changes } = await opened('looked at', repository);
    const row = await changes();
    assert.equal(row.item.description, undefined);
    const home = (await box.bash('printf %s ~')).trim();
    assert.deepEqual(await lines(row.row), ['app main']);
    const app = await below(row.row, 'app');
    assert.deepEqual(await lines(app.row), ['No changes']);
    await box.bash('cd ~/app; echo more >> a.txt; rm lib/b.txt; git mv c.txt d.txt; echo n > new; chmod 755 a.txt');
    await used.editor.run('runloop.refreshDevboxes');
    assert.equal((await changes()).item.description, '4');
    const again = await below((await changes()).row, 'app');
    assert.deepEqual(await lines(again.row), ['Uncommitted 4', 'Since the Start 4']);
    const group = await below(again.row, 'Uncommitted');
    // What is read out: the editor would take the tooltip.
    assert.deepEqual([again, group].map(spoken), ['app, main', 'Uncommitted, changed files: 4']);
    assert.deepEqual(await lines(group.row), ['a.txt now executable', 'd.txt ← c.txt', 'b.txt lib', 'new']);
    const [first] = await view().rows(group.row);
    assert.match(first?.item.accessibilityInformation?.label ?? '', /^a\.txt, modified, now executable$/);
    assert.deepEqual(
      speaking('zh-cn', () =>
        [again, group, first].map(
          (one) => one?.row instanceof ChangeNode && one.row.item().accessibilityInformation?.label,
        ),
      ),
      ['app，main', '未提交，已更改的文件：4', 'a.txt，已修改，现在可执行'],
    );
    // The same row until something changes, with ids that differ between the groups.
    assert.equal((await view().rows(group.row))[0]?.row, (await view().rows(group.row))[0]?.row);
    const since = await below(again.row, 'Since the Start');
    assert.notEqual((await view().rows(since.row))[0]?.item.id, first?.item.id);
    // The editor adds what the decoration says.
    assert.equal(first?.item.tooltip, 'a.txt\nnow executable');
    assert.ok(home.length > 1);
  });

  it('are a number at the devbox itself once somebody has looked', async () => {
    const { box, changes } = await opened('counted', `${repository}; echo more >> a.txt; echo n > new`);
    const own = async (): Promise<string> => (await devbox('counted'))?.item.description?.toString() ?? '';
    assert.doesNotMatch(await own(), /changed/);
    const row = await devbox('counted');
    await lines((await changes()).row);
    assert.match(await own(), /^2 changed · /);
    assert.match((await devbox('counted'))?.item.accessibilityInformation?.label ?? '', /changed files: 2/);
    await box.bash('cd ~/app; echo o > other');
    await used.editor.run('runloop.refreshDevboxes');
    assert.match(await own(), /^3 changed · /);
    const app = await below((await changes()).row, 'app');
    // Nothing but the number is different, which the editor is told.
    view().redrawn.length = 0;
    await used.editor.run('runloop.markChangesSeen', app.row);
    assert.ok(view().redrawn.includes(row?.row));
    assert.doesNotMatch(await own(), /changed/);
  });

  it('open as a diff whose right side is the file itself, unless that is no text', async () => {
    const { box, changes } = await opened(
      'diffs',
      `${repository}; printf '\\0one' > bin; git add -A; git commit -qm two`,
    );
    const row = await changes();
    await lines(row.row);
    await box.bash(
      `cd ~/app; echo more >> a.txt; printf '\\0two' > bin; rm c.txt; ln -s a.txt link; chmod 755 lib/b.txt`,
    );
    await used.editor.run('runloop.refreshDevboxes');
    const group = await below((await below((await changes()).row, 'app')).row, 'Uncommitted');
    const diffs = shown('vscode.diff');
    for (const name of ['a.txt', 'bin', 'c.txt', 'link', 'b.txt']) {
      const file = await below(group.row, name);
      assert.equal(file.item.command?.command, 'runloop.openAllChanges');
      await used.editor.run('runloop.openAllChanges', file.row);
    }
    const [a, bin, c, link, mode] = diffs;
    // Its sides are the same text.
    assert.equal(mode?.[2], 'b.txt · now executable (644 → 755) (uncommitted)');
    assert.equal(await text(a?.[0]), 'a\n');
    assert.match(String(a?.[1]), /^runloop:\/\/.*\/app\/a\.txt$/);
    assert.equal(a?.[2], 'a.txt (uncommitted)');
    assert.match(await text(bin?.[0]), /^Binary file: 4 bytes\nSHA-256\n[0-9a-f]{64}\n$/);
    assert.notEqual(await text(bin?.[0]), await text(bin?.[1]));
    assert.deepEqual([await text(c?.[0]), await text(c?.[1])], ['c\n', '']);
    assert.deepEqual([await text(link?.[0]), await text(link?.[1])], ['', 'Link to a.txt\n']);
    const all = shown('vscode.changes');
    await used.editor.run('runloop.openAllChanges', group.row);
    const [[title, resources] = []] = all;
    assert.equal(title, 'Changes in app · Uncommitted');
    assert.ok(Array.isArray(resources));
    assert.equal(resources.length, 5);
    // A document of another account, or of a devbox that was not looked at, is not read.
    const [left] = a;
    assert.ok(left instanceof Uri);
    assert.match(await text(left.with({ authority: 'other.00000000' })), /no longer available/);
  });

  it('are shown beside each other up to 200, with a word about the rest', async () => {
    const { box, changes } = await opened('many', repository);
    await lines((await changes()).row);
    await box.bash('cd ~/app; for i in $(seq 2300); do echo $i > n$i; done');
    await used.editor.run('runloop.refreshDevboxes');
    const app = await below((await changes()).row, 'app');
    const group = await below(app.row, 'Uncommitted');
    assert.equal(group.item.description, '2,300');
    const rows = await lines(group.row);
    assert.deepEqual([rows.length, rows.at(-1)], [2_001, '300 more']);
    const all = shown('vscode.changes');
    await used.editor.run('runloop.openAllChanges', app.row);
    assert.equal((all[0]?.[1] as unknown[]).length, 200);
    await used.editor.message(/The first 200 of 2,300 changed files are shown/);
    // That word does not wait for the editor to have read them.
    const reading = new AbortController();
    used.editor.commands.set('vscode.changes', () => once(reading.signal, 'abort'));
    const before = used.editor.messages.length;
    const opening = used.editor.run('runloop.openAllChanges', app.row);
    await eventually(
      () => Promise.resolve(used.editor.messages.slice(before).length),
      (count) => count === 1,
      5_000,
    );
    reading.abort();
    await opening;
  });

  it('are shown beside each other with a file in conflict that neither side has any more', async () => {
    const { box, changes } = await opened('moved twice', repository);
    await lines((await changes()).row);
    await box.bash(
      'cd ~/app; git checkout -qb other; git mv a.txt theirs; git commit -qm t; git checkout -q main; git mv a.txt ours; git commit -qm o; ' +
        'git merge other >/dev/null || true',
    );
    await used.editor.run('runloop.refreshDevboxes');
    const group = await below((await below((await changes()).row, 'app')).row, 'Uncommitted');
    assert.deepEqual(await lines(group.row), ['a.txt', 'ours', 'theirs']);
    const all = shown('vscode.changes');
    await used.editor.run('runloop.openAllChanges', group.row);
    const resources = all[0]?.[1];
    assert.ok(Array.isArray(resources));
    assert.equal(resources.length, 3);
    for (const [file, left, right] of resources as unknown[][]) {
      // The editor refuses all of them ("Invalid arguments") where one has no side.
      assert.ok(left instanceof Uri || right instanceof Uri, String(file));
    }
    assert.equal(await text((resources as unknown[][])[0]?.[1]), '');
  });

  it('that are marked as seen are hidden until they change again, after a reload too', async () => {
    const { box, changes } = await opened('seen', `${repository}; echo 1 >> a.txt; echo 1 >> c.txt`);
    const groupOf = async (name = 'Uncommitted'): Promise<Shown> =>
      below((await below((await changes()).row, 'app')).row, name);
    await groupOf();
    await used.editor.run('runloop.markChangesSeen', (await below((await groupOf()).row, 'a.txt')).row);
    assert.deepEqual(await lines((await groupOf()).row), ['c.txt', 'Seen 1']);
    assert.equal((await changes()).item.description, '1');
    const marked = await below((await groupOf()).row, 'Seen');
    assert.equal(spoken(marked), 'Seen, changed files: 1');
    assert.deepEqual(await lines(marked.row), ['a.txt']);
    // There is nothing left to be marked in them.
    const context = async (row: Promise<Shown>): Promise<unknown> => (await row).item.contextValue;
    assert.equal(await context(below(marked.row, 'a.txt')), 'changes.file.uncommitted.seen');
    assert.equal(await context(groupOf()), 'changes.group');
    // And the way back, of one file and of all.
    assert.equal(await context(below((await groupOf()).row, 'Seen')), 'changes.seen');
    const hidden = await below((await groupOf()).row, 'Seen');
    await used.editor.run('runloop.markChangesUnseen', (await below(hidden.row, 'a.txt')).row);
    assert.deepEqual(await lines((await groupOf()).row), ['a.txt', 'c.txt']);
    assert.equal((await changes()).item.description, '2');
    await used.editor.run('runloop.markChangesSeen', (await groupOf()).row);
    await used.editor.run('runloop.markChangesUnseen', (await below((await groupOf()).row, 'Seen')).row);
    assert.deepEqual(await lines((await groupOf()).row), ['a.txt', 'c.txt']);
    await used.editor.run('runloop.markChangesSeen', (await below((await groupOf()).row, 'a.txt')).row);
    used.reload();
    const row = await devbox('seen');
    const app = await below((await below(row?.row, 'Changes')).row, 'app');
    assert.deepEqual(await lines((await below(app.row, 'Uncommitted')).row), ['c.txt', 'Seen 1']);
    await box.bash('echo 2 >> ~/app/a.txt');
    await used.editor.run('runloop.refreshDevboxes');
    const later = await below((await below(row?.row, 'Changes')).row, 'app');
    assert.deepEqual(await lines((await below(later.row, 'Uncommitted')).row), ['a.txt', 'c.txt']);
    await used.editor.run('runloop.markChangesSeen', later.row);
    assert.equal(
      await context(below((await below((await changes()).row, 'app')).row, 'Uncommitted')),
      'changes.group.seen',
    );
  });

  it('tell repositories of one name apart by their folders, and one within from a submodule', async () => {
    const more = 'mkdir -p old/kept && cp -r app old/kept/app && cp -r app bad && mkdir -p old/bad/.git';
    const within = 'cp -r bad app/bad && mkdir app/moved && git -C app mv a.txt moved/d.txt && rm -rf bad';
    const { changes } = await opened('same names', `${repository}; cd ~; ${more}; ${within}`);
    const all = await lines((await changes()).row);
    assert.deepEqual(all.slice(0, 2), ['app main', 'bad main · app']);
    assert.match(all[2] ?? '', /^bad old · "bad" is not a repository/);
    assert.deepEqual(all.slice(3), ['app main · old/kept']);
    const group = await below((await view().rows((await changes()).row))[0]?.row, 'Uncommitted');
    assert.deepEqual(await lines(group.row), ['bad a repository of its own', 'd.txt moved · ← a.txt']);
  });

  it('say why they cannot be read, and ask nothing of a devbox that sleeps', async () => {
    const { box, changes } = await opened('odd', `${repository}; mkdir -p ~/bad/.git; echo x > ~/bad/.git/HEAD`);
    const row = await changes();
    const [app, bad] = await lines(row.row);
    assert.equal(app, 'app main');
    assert.match(bad ?? '', /^bad "bad" is not a repository that git can read/);
    await used.api.devboxes.suspend(box.id, {});
    await eventually(
      () => used.api.devboxes.retrieve(box.id),
      ({ status }) => status === 'suspended',
    );
    await used.editor.run('runloop.refreshDevboxes');
    assert.match((await lines(row.row)).join(), /Changes could not be read .*suspended/);
    assert.equal((await used.api.devboxes.retrieve(box.id)).status, 'suspended');
  });
});
