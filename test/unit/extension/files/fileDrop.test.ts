import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { accountWord, fileAddress } from '../../../../src/extension/files/fileAddress';
import { DataTransfer, DataTransferItem } from '../../../fakeVscode/dataTransfer';
import type { FakeTreeView } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

describe('Files that are dragged and dropped', function () {
  this.timeout(120_000);
  const used = useWindow();

  const view = (): FakeTreeView => used.editor.views.get('runloop.devboxes') ?? assert.fail();
  /** The row of a folder or file. */
  const row = ({ id }: FilesDevbox, path: string, isFolder = true): object => {
    const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
    const uri = fileAddress({ account, devboxId: id, path });
    return { kind: 'file', devboxId: id, uri, name: path.slice(path.lastIndexOf('/') + 1) || '/', isFolder };
  };
  const uris = (...list: readonly vscode.Uri[]): DataTransfer => {
    const data = new DataTransfer();
    data.set('text/uri-list', new DataTransferItem(list.map(String).join('\r\n')));
    return data;
  };
  const tree = async ({ bash }: FilesDevbox, folder: string): Promise<string> =>
    bash(`cd ${folder}; find . -mindepth 1 | sort | tr '\\n' ' '`);

  it('come from this computer with all that is in a folder, after a question where names are taken', async () => {
    const { editor } = used;
    const box = await filesDevbox(used.api);
    await box.bash('mkdir -p /tmp/in/up; printf old > /tmp/in/one');
    const folder = mkdtempSync(join(tmpdir(), 'drop-'));
    mkdirSync(join(folder, 'up/deep'), { recursive: true });
    writeFileSync(join(folder, 'up/deep/$(id) x'), 'deep', { mode: 0o755 });
    writeFileSync(join(folder, 'one'), 'new');
    symlinkSync('/etc/passwd', join(folder, 'up/link'));
    const data = uris(Uri.file(join(folder, 'up')), Uri.file(join(folder, 'one')));
    editor.answer(/Replace what already exists in the devbox \(2\)/, undefined);
    await view().drop(row(box, '/tmp/in'), data);
    assert.equal(await tree(box, '/tmp/in'), './one ./up ');
    editor.answer(/Replace what already exists/, 'Replace');
    await view().drop(row(box, '/tmp/in'), data);
    await editor.message(/Uploaded 2 files to the devbox.*1 link or special file was left out: link/);
    assert.equal(await tree(box, '/tmp/in'), './one ./up ./up/deep ./up/deep/$(id) x ');
    assert.equal(await box.bash("cd /tmp/in; cat one; stat -c %a 'up/deep/$(id) x'"), 'new755\n');
    // On the row of a file they go beside it.
    const bytes = Buffer.from([0, 255, 10]);
    const dropped = new DataTransfer();
    dropped.set(
      'files',
      new DataTransferItem('', { name: 'bytes', data: () => Promise.resolve(new Uint8Array(bytes)) }),
    );
    await view().drop(row(box, '/tmp/in/one', false), dropped);
    assert.equal(await box.bash('od -An -tx1 /tmp/in/bytes'), ' 00 ff 0a\n');
  });

  it('are moved within a devbox after a question, and never into themselves', async () => {
    const { editor } = used;
    const box = await filesDevbox(used.api);
    await box.bash('mkdir -p /tmp/m/a/b /tmp/m/to; echo 1 > /tmp/m/a/f; echo 2 > /tmp/m/g; echo 3 > /tmp/m/to/g');
    const both = await view().drag(row(box, '/tmp/m/a'), row(box, '/tmp/m/g', false), row(box, '/'));
    assert.equal((await both.get('text/uri-list')?.asString())?.split('\r\n').length, 2);
    await view().drop(row(box, '/tmp/m'), both);
    await view().drop(row(box, '/tmp/m/a/b'), await view().drag(row(box, '/tmp/m/a')));
    await editor.message(/"a" cannot be moved into itself/);
    editor.answer(/Move 2 files and folders into "to"/, undefined);
    await view().drop(row(box, '/tmp/m/to'), both);
    editor.answer(/Move 2 files and folders into "to"/, 'Move');
    editor.answer(/Replace "g" in the devbox\?/, undefined);
    await view().drop(row(box, '/tmp/m/to'), both);
    assert.equal(await tree(box, '/tmp/m'), './a ./a/b ./a/f ./g ./to ./to/g ');
    editor.answer(/Move 2 files and folders into "to"/, 'Move');
    editor.answer(/Replace "g" in the devbox\?/, 'Replace');
    await view().drop(row(box, '/tmp/m/to'), both);
    assert.equal(await tree(box, '/tmp/m'), './to ./to/a ./to/a/b ./to/a/f ./to/g ');
    assert.equal(await box.bash('cat /tmp/m/to/g'), '2\n');
  });

  it('are copied from one devbox to another, whatever they are called, without following links', async () => {
    const { editor } = used;
    const [from, to] = [await filesDevbox(used.api), await filesDevbox(used.api)];
    await from.bash(
      "mkdir -p /tmp/s/in; cd /tmp/s; printf x > $'in/\\xff'; printf y > $'in/two\\nlines'; chmod 700 $'in/two\\nlines'; " +
        'ln -s . in/loop; ln -s /etc/passwd in/out; mkfifo in/pipe; head -c 300000 /dev/urandom > large',
    );
    await to.bash('mkdir /tmp/t');
    const data = await view().drag(row(from, '/tmp/s/in'), row(from, '/tmp/s/large', false));
    await view().drop(row(to, '/tmp/t'), data);
    await editor.message(/Uploaded 3 files.*3 links and special files were left out/);
    const sums =
      "find . -type f -print0 | sort -z | xargs -0 sha256sum; [ -x $'in/two\\nlines' ] && echo runs; find in | wc -l";
    assert.equal(
      await to.bash(`cd /tmp/t; ${sums.replace('wc -l', 'wc -l; true')}`),
      await from.bash(`cd /tmp/s; rm in/loop in/out in/pipe; ${sums}`),
    );
  });

  it('say why where they cannot go: a devbox that sleeps, another account', async () => {
    const { editor } = used;
    const box = await filesDevbox(used.api);
    const folder = mkdtempSync(join(tmpdir(), 'drop-'));
    writeFileSync(join(folder, 'one'), 'new');
    const target = row(box, '/tmp');
    await view().drop(target, new DataTransfer());
    await view().drop({ kind: 'devbox', id: box.id }, uris(Uri.file(join(folder, 'one'))));
    await used.api.devboxes.suspend(box.id, {});
    await used.api.devboxes.waitForStatus(box.id, ['suspended'], 20);
    await view().drop(target, uris(Uri.file(join(folder, 'one'))));
    await editor.message(/is suspended/);
    assert.equal((await used.api.devboxes.retrieve(box.id)).status, 'suspended');
    await editor.run('runloop.signOut');
    await view().drop(target, uris(Uri.file(join(folder, 'one'))));
    await editor.message(/not signed in to the account of this devbox/);
  });
});
