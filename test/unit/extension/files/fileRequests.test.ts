import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { accountWord, fileAddress } from '../../../../src/extension/files/fileAddress';
import { eventually } from '../../../eventually';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

describe('Requests of the editor about files', function () {
  this.timeout(120_000);
  const used = useWindow();
  const replace = { create: true, overwrite: true };
  let proxy: CountingProxy;
  before(async () => {
    proxy = await CountingProxy.start(used.platform.baseUrl);
  });
  after(() => proxy.stop());
  let box: FilesDevbox;

  const fs = (): vscode.FileSystemProvider => used.editor.fileSystems.get('runloop') ?? assert.fail();
  const at = (path: string): vscode.Uri => {
    const account = accountWord({ baseUrl: proxy.baseUrl, apiKey: used.platform.apiKey });
    return fileAddress({ account, devboxId: box.id, path });
  };
  const text = async (uri: vscode.Uri): Promise<string> => Buffer.from(await fs().readFile(uri)).toString();
  /** What was asked since, but not by the process that watches. */
  const asked = (): string[] =>
    proxy.paths
      .filter((path) => path.startsWith(`/v1/devboxes/${box.id}/`))
      .map((path) => path.replace(/\?.*/, '').split('/')[4] ?? '')
      .filter((path) => path !== 'execute_async' && path !== 'executions');

  beforeEach(async () => {
    await used.editor.run('runloop.signOut');
    used.editor.settings.set('runloop.baseUrl', proxy.baseUrl);
    await signIn(used.editor, used.platform.apiKey);
    await used.editor.run('runloop.refreshDevboxes');
    box = await filesDevbox(used.api);
    await used.editor.run('runloop.refreshDevboxes');
    await box.bash('mkdir /tmp/q; printf one > /tmp/q/a; printf one > /tmp/q/b');
    // What it takes to know that the devbox runs is no part of it.
    await fs().stat(at('/tmp'));
    proxy.paths.length = 0;
  });

  it('are two for a file that it opens: it looks at it and reads it at the same time', async () => {
    const [stat, content] = await Promise.all([fs().stat(at('/tmp/q/a')), text(at('/tmp/q/a'))]);
    assert.deepEqual([stat.size, content], [3, 'one']);
    assert.deepEqual(asked(), ['execute', 'download_file']);
    await assert.rejects(Promise.all([fs().stat(at('/tmp/q/none')), fs().readFile(at('/tmp/q/none'))]), {
      code: 'FileNotFound',
    });
  });

  it('are not answered by a look that began before what was done meanwhile', async () => {
    const uri = at('/tmp/q/a');
    let reached = (): void => undefined;
    const begun = new Promise<void>((resolve) => (reached = resolve));
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    proxy.before = async () => {
      proxy.before = () => undefined;
      reached();
      await held;
    };
    const early = fs().stat(uri);
    await begun;
    await fs().writeFile(uri, Buffer.from('longer'), replace);
    assert.equal((await fs().stat(uri)).size, 6);
    await used.editor.run('runloop.refreshFiles', { uri: at('/tmp/q'), isFolder: true });
    const joined = fs().stat(uri);
    letGo();
    await early;
    assert.equal((await joined).size, 6);
    assert.equal((await fs().stat(uri)).size, 6);
    assert.equal(await text(uri), 'longer');
  });

  it('are two for a save that does not fit into one, also of a file that was opened beside one that is watched', async () => {
    const watching = [fs().watch(at('/tmp/q/a'), { recursive: false, excludes: [] })];
    await eventually(
      () => box.bash(`grep -lsa 'find [-]H' /proc/[0-9]*/cmdline | wc -l`),
      (count) => count !== '0\n',
    );
    // From the moment that the process says that it watches a file, a look at it needs no request: no later than the first edit.
    let uri = at('/tmp/q/b');
    for (let tried = 0; ; tried += 1) {
      await text(uri);
      watching.push(fs().watch(uri, { recursive: false, excludes: [] }));
      await box.bash('sleep 1.2');
      proxy.paths.length = 0;
      await fs().stat(uri);
      if (asked().length === 0) break;
      assert.ok(tried < 8, 'Looked at, though it is watched.');
      uri = at(`/tmp/q/b${tried}`);
      await box.bash(`printf one > /tmp/q/b${tried}`);
    }
    const content = Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(Math.random() * 256)));
    proxy.paths.length = 0;
    await fs().stat(uri);
    await fs().writeFile(uri, content, replace);
    assert.equal((await fs().stat(uri)).size, content.length);
    assert.deepEqual(asked(), ['upload_file', 'execute']);
    // What another has changed is seen all the same.
    await box.bash(`printf theirs > ${uri.path}`);
    await eventually(
      async () => (await fs().stat(uri)).size,
      (size) => size === 6,
      20_000,
    );
    await box.bash(`printf theirs2 > ${uri.path}`);
    await assert.rejects(Promise.resolve(fs().writeFile(uri, Buffer.from('mine'), replace)), /changed in the devbox/);
    for (const one of watching) one.dispose();
  });

  it('are two for such a save, too, of a file that was read long before it is watched, and while that begins', async () => {
    const content = Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(Math.random() * 256)));
    const [old, late] = [at('/tmp/q/a'), at('/tmp/q/b')];
    await text(old);
    await box.bash('sleep 4');
    const watching = [fs().watch(old, { recursive: false, excludes: [] })];
    await eventually(
      () => box.bash(`grep -lsa 'find [-]H' /proc/[0-9]*/cmdline | wc -l`),
      (count) => count !== '0\n',
    );
    await box.bash('sleep 1.5');
    proxy.paths.length = 0;
    assert.equal((await fs().stat(old)).size, 3);
    await fs().writeFile(old, content, replace);
    assert.deepEqual(asked(), ['upload_file', 'execute'], 'the process has told that it is as it was');
    // Beside it another, which the process does not know of yet.
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    proxy.before = async (_count, path) => {
      if (path.endsWith('/send_std_in')) await held;
    };
    await text(late);
    watching.push(fs().watch(late, { recursive: false, excludes: [] }));
    await box.bash('sleep 0.8');
    proxy.paths.length = 0;
    await fs().stat(late);
    await fs().writeFile(late, content, replace);
    assert.deepEqual(asked(), ['upload_file', 'execute'], 'the process is about to be told of it');
    letGo();
    // No longer than what it tells is late.
    const third = at('/tmp/q/c');
    await fs().writeFile(third, Buffer.from('c'), replace);
    await box.bash('sleep 2.2');
    proxy.paths.length = 0;
    await fs().stat(third);
    assert.deepEqual(asked(), ['execute']);
    for (const one of watching) one.dispose();
  });
});
