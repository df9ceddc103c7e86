import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { accountWord, fileAddress } from '../../../../src/extension/files/fileAddress';
import { FileWatch } from '../../../../src/extension/files/watch/fileWatch';
import { eventually } from '../../../eventually';
import type { FakeTreeView } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { FileChangeType } from '../../../fakeVscode/values';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

describe('What changes in a devbox while somebody looks', function () {
  this.timeout(120_000);
  const used = useWindow();

  const fs = (): vscode.FileSystemProvider => used.editor.fileSystems.get('runloop') ?? assert.fail();
  const at = ({ id }: FilesDevbox, path: string): vscode.Uri => {
    const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
    return fileAddress({ account, devboxId: id, path });
  };
  const processes = ({ bash }: FilesDevbox): Promise<string> =>
    bash(`grep -lsa 'find [-]H' /proc/[0-9]*/cmdline | wc -l`);
  const watched = (box: FilesDevbox, is: boolean): Promise<string> =>
    eventually(
      () => processes(box),
      (count) => (count !== '0\n') === is,
      15_000,
    );
  /** What the editor was told of a file. */
  function told(): { readonly of: (uri: vscode.Uri) => string[]; readonly dispose: () => void } {
    const seen: string[] = [];
    const names = {
      [FileChangeType.Changed]: 'changed',
      [FileChangeType.Created]: 'created',
      [FileChangeType.Deleted]: 'deleted',
    };
    const listening = fs().onDidChangeFile((events) => {
      for (const { type, uri } of events) seen.push(`${names[type]} ${uri.toString()}`);
    });
    return {
      of: (uri) => seen.filter((one) => one.endsWith(` ${uri.toString()}`)).map((one) => one.split(' ')[0] ?? ''),
      dispose: () => void listening.dispose(),
    };
  }

  it('is told of a file in an editor, but not what was saved here, and nothing when it is closed', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('printf one > /tmp/f');
    const uri = at(box, '/tmp/f');
    await fs().readFile(uri);
    assert.equal(await processes(box), '0\n');
    const open = fs().watch(uri, { recursive: false, excludes: [] });
    await watched(box, true);
    const news = told();
    await fs().writeFile(uri, Buffer.from('mine'), { create: true, overwrite: true });
    assert.deepEqual(news.of(uri), ['changed']);
    await box.bash('sleep 3');
    assert.deepEqual(news.of(uri), ['changed']);
    await box.bash('printf theirs > /tmp/f');
    await used.editor.eventually(() => news.of(uri).length > 1);
    assert.deepEqual(news.of(uri), ['changed', 'changed']);
    assert.equal(Buffer.from(await fs().readFile(uri)).toString(), 'theirs');
    await box.bash('rm /tmp/f');
    await used.editor.eventually(() => news.of(uri).includes('deleted'));
    open.dispose();
    news.dispose();
    await watched(box, false);
  });

  it('is known from two seconds before the process says that it watches: it tells what is three seconds old', async () => {
    const box = await filesDevbox(used.api);
    let say = (_line: string): void => undefined;
    let finish = (): void => undefined;
    const said = new Promise<string>((resolve) => (say = resolve));
    const finished = new Promise<void>((resolve) => (finish = resolve));
    async function* lines(): AsyncGenerator<readonly string[]> {
      yield [await said];
      await finished;
    }
    const end = async (): Promise<void> => Promise.resolve().then(finish);
    const command = { lines, tell: () => Promise.resolve(true), end };
    const commands = { run: box.commands.run.bind(box.commands), open: () => Promise.resolve(command) };
    const { signal } = new AbortController();
    const path = '/tmp/f';
    const to = { account: '', devboxId: box.id, path, files: box.files, commands, signal };
    const reached = { ...to, requireRunning: () => Promise.resolve(), isRunning: () => true };
    const unexpected = (): never => {
      throw new Error('Nothing has changed, and nothing fails.');
    };
    const log = { failure: unexpected, info: unexpected } as never;
    const watch = new FileWatch({ accountFiles: { at: () => Promise.resolve(reached) }, onChange: unexpected, log });
    const uri = at(box, path);
    watch.ask({ uri, recursive: false, excludes: [] });
    say('r 0');
    const since = await eventually(
      () => Promise.resolve(watch.since(uri) ?? Infinity),
      (ms) => ms < Infinity,
    );
    assert.ok(since <= performance.now() - 2_000);
    watch.dispose();
  });

  it('is shown in folders that are open in the view, as long as it is seen', async () => {
    const box = await filesDevbox(used.api, 'looked at');
    await box.bash('rm -rf ~/*; mkdir ~/in; touch ~/in/there');
    const view: FakeTreeView = used.editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    await used.editor.run('runloop.refreshDevboxes');
    const label = ({ item }: { readonly item: vscode.TreeItem }): string =>
      typeof item.label === 'string' ? item.label : '';
    const below = async (row: unknown, name: string): Promise<unknown> =>
      (await view.rows(row)).find((one) => label(one) === name)?.row ?? assert.fail(name);
    const devbox = await eventually(
      async () => {
        const rows = await Promise.all((await view.rows()).map(({ row }) => view.rows(row)));
        return rows.flat().find((one) => label(one) === 'looked at')?.row;
      },
      (row) => row !== undefined,
    );
    const files = await below(devbox, 'Files');
    assert.equal(await processes(box), '0\n');
    const folder = await below(files, 'in');
    assert.equal((await view.rows(folder)).length, 1);
    await watched(box, true);
    const news = told();
    await box.bash('touch ~/in/new; rm ~/in/there');
    const folderUri = at(box, await box.bash('printf %s ~/in'));
    const child = (name: string): vscode.Uri => folderUri.with({ path: `${folderUri.path}/${name}` });
    await used.editor.eventually(() => news.of(child('new')).includes('created'));
    await used.editor.eventually(() => news.of(child('there')).includes('deleted'));
    assert.deepEqual((await view.rows(folder)).map(label), ['new']);
    view.setVisible(false);
    await watched(box, false);
    view.setVisible(true);
    await watched(box, true);
    view.setOpen(devbox, false);
    await watched(box, false);
    news.dispose();
  });

  it('is looked at below a folder of the workspace only while its window is in front', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('mkdir -p /tmp/w/a/b /tmp/w/node_modules/x/y');
    const uri = at(box, '/tmp/w');
    used.editor.workspaceFolders = [{ uri, name: 'w', index: 0 }];
    const open = fs().watch(uri, { recursive: true, excludes: ['**/node_modules/*/**'] });
    await watched(box, true);
    const news = told();
    await box.bash('printf x > /tmp/w/node_modules/x/y/z; printf x > /tmp/w/a/b/c');
    await used.editor.eventually(() => news.of(at(box, '/tmp/w/a/b/c')).includes('created'));
    assert.deepEqual(news.of(at(box, '/tmp/w/node_modules/x/y/z')), []);
    used.editor.focus(false);
    await watched(box, false);
    used.editor.focus(true);
    await watched(box, true);
    open.dispose();
    await watched(box, false);
    news.dispose();
  });
});
