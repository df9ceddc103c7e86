import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { itemsLike } from '../../../../src/extension/files/search/goToFile';
import { namesLike } from '../../../../src/extension/files/search/nameFilter';
import { useWindow } from '../../../fakeVscode/useWindow';
import { filesDevbox } from '../../core/files/useFiles';

describe('Searching files of a devbox in a window', function () {
  this.timeout(120_000);
  const used = useWindow();

  const textOf = ({ label }: vscode.TreeItem): string => (typeof label === 'string' ? label : (label?.label ?? ''));
  const view = () => used.editor.views.get('runloop.logSearch');
  async function shown(): Promise<readonly { readonly text: string; readonly item: vscode.TreeItem }[]> {
    const files = (await view()?.rows()) ?? assert.fail();
    const below = await Promise.all(
      files.map(async ({ row, item }) => [{ row, item }, ...((await view()?.rows(row)) ?? [])]),
    );
    return below.flat().map(({ item }) => ({ text: textOf(item), item }));
  }

  it('shows lines below their files, which open at the line', async () => {
    const { id, bash } = await filesDevbox(used.api);
    await bash(
      'rm -rf ~/* && mkdir ~/src && printf "one\\n    const needle = 1;\\n" > ~/src/a.ts && printf needle > ~/b.md',
    );
    used.editor.answer(/^Search Files in/, 'needle');
    used.editor.answer(/^Search Files in/, '*.ts, !**/none/**');
    await used.editor.run('runloop.searchFiles', id);
    await used.editor.eventually(() => used.editor.contexts.get('runloop.logSearch') === 'done files');
    await used.editor.eventually(() => view()?.message === '1 line found.');
    const rows = await shown();
    assert.deepEqual(
      rows.map(({ text }) => text),
      ['a.ts', 'const needle = 1;'],
    );
    assert.equal(rows[0]?.item.description, 'src · 1');
    const { command } = rows[1]?.item ?? {};
    assert.equal(command?.command, 'vscode.open');
    assert.match(JSON.stringify(command.arguments), /src\/a\.ts.*"line":1,"character":10/);
    assert.equal(view()?.title, 'File Search');
    await used.editor.run('runloop.clearLogSearch');
    assert.equal(used.editor.contexts.get('runloop.logSearch'), undefined);
  });

  it('brings the view to the front before anything is found, puts files in order, and says above them that there are more', async () => {
    const { id, bash } = await filesDevbox(used.api);
    await bash('rm -rf ~/* && mkdir -p ~/src ~/lib && yes row | head -n 6000 > ~/src/rows');
    await bash('for n in 1 2 10; do echo needle > ~/lib/l$n.txt; echo needle > ~/src/s$n.txt; done');
    const search = async (text: string, message: RegExp): Promise<void> => {
      view()?.setVisible(false);
      used.editor.answer(/^Search Files in/, text);
      used.editor.answer(/^Search Files in/, '');
      await used.editor.run('runloop.searchFiles', id);
      assert.equal(view()?.visible, true);
      await used.editor.eventually(() => message.test(view()?.message ?? ''));
    };
    await search('row', /^5,000 lines found in 1 file\. Only the first 5,000 lines are shown\./);
    await search('needle', /^6 lines found in 6 files\.$/);
    const rows = await shown();
    assert.deepEqual(
      rows.map(({ text }) => text).filter((text) => text !== 'needle'),
      ['l1.txt', 'l2.txt', 'l10.txt', 's1.txt', 's2.txt', 's10.txt'],
    );
    assert.equal(rows[1]?.item.accessibilityInformation?.label, 'line 1: needle');
  });

  it('begins with what was looked for last in the same devbox, and not with that of another', async () => {
    const [one, other] = [await filesDevbox(used.api, 'one'), await filesDevbox(used.api, 'other')];
    used.editor.answer(/^Search Files in/, 'needle');
    used.editor.answer(/^Search Files in/, '*.ts');
    await used.editor.run('runloop.searchFiles', one.id);
    for (const [id, text, globs] of [
      [one.id, 'needle', '*.ts'],
      [other.id, '', ''],
    ] as const) {
      const count = used.editor.boxes.length;
      const asked = used.editor.run('runloop.searchFiles', id);
      await used.editor.eventually(() => used.editor.boxes.length > count);
      const box = used.editor.boxes[count] ?? assert.fail();
      assert.equal(box.value, text);
      used.editor.answer(/^Search Files in/, undefined);
      box.type('other');
      box.accept();
      await asked;
      assert.equal(used.editor.inputs.at(-1)?.value, globs);
    }
  });

  it('marks the hit, whatever is left out of the line before it', async () => {
    const { id, bash } = await filesDevbox(used.api);
    await bash("rm -rf ~/* && printf '    return a  \\033[31m# needle  here  \\n' > ~/a.py");
    used.editor.answer(/^Search Files in \/home\//, 'needle');
    used.editor.answer(/^Search Files in/, '');
    await used.editor.run('runloop.searchFiles', id);
    await used.editor.eventually(() => view()?.message === '1 line found.');
    const { label } = (await shown())[1]?.item ?? {};
    if (typeof label !== 'object') return assert.fail();
    assert.equal(label.label, 'return a # needle here');
    assert.deepEqual(
      label.highlights?.map(([from, to]) => label.label.slice(from, to)),
      ['needle'],
    );
  });

  it('tells what is wrong with an expression, and goes with the account', async () => {
    const { id } = await filesDevbox(used.api);
    used.editor.answer(/^Search Files in/, 'nothing of this kind');
    used.editor.answer(/^Search Files in/, '');
    await used.editor.run('runloop.searchFiles', id);
    assert.deepEqual(await shown(), []);
    await used.editor.eventually(() => view()?.message === 'Nothing was found.');
    await used.editor.run('runloop.signOut');
    await used.editor.eventually(() => used.editor.contexts.get('runloop.logSearch') === undefined);
  });

  it('goes to a file by a part of its name', async () => {
    const { id, bash } = await filesDevbox(used.api);
    await bash('rm -rf ~/* && mkdir -p ~/src/deep && touch ~/src/deep/main.py ~/readme');
    used.editor.answer(/^Go to File in/, 'main.py');
    const opened: string[] = [];
    used.editor.commands.set('vscode.open', (uri) => opened.push(String(uri)));
    await used.editor.run('runloop.goToFile', id);
    assert.match(opened[0] ?? '', /\/src\/deep\/main\.py$/);
    assert.deepEqual(
      itemsLike([], 'x').map(({ label, name }) => [label, name]),
      [['No matching files', undefined]],
    );
  });

  it('ranks 100,000 names: whole names, then beginnings, then what holds the letters', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `packages/p${index % 100}/src/module${index}.ts`);
    const all = [...names, 'lib/main.ts', 'domain.ts', 'main', 'm/a/i/n'].map((name) => ({
      name,
      small: name.toLowerCase(),
    }));
    assert.deepEqual(namesLike(all, 'main').slice(0, 4), ['main', 'lib/main.ts', 'domain.ts', 'm/a/i/n']);
    assert.deepEqual(namesLike(all, 'p7/mod 77777'), ['packages/p77/src/module77777.ts']);
    assert.equal(namesLike(all, '').length, 200);
  });
});
