import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { accountWord, fileAddress } from '../../../../src/extension/files/fileAddress';
import { addedTo } from '../../../fakeVscode/contributed';
import { openDocument } from '../../../fakeVscode/openDocuments';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

describe('The names of devboxes at their files', function () {
  this.timeout(120_000);
  const used = useWindow();
  const replace = { create: true, overwrite: true };

  const fs = (): vscode.FileSystemProvider => used.editor.fileSystems.get('runloop') ?? assert.fail();
  const at = ({ id }: FilesDevbox, path: string): vscode.Uri => {
    const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
    return fileAddress({ account, devboxId: id, path });
  };

  it('says after a sign-out of whose devbox a text is that is not saved, where the editor saves it', async () => {
    await signIn(used.editor, used.platform.apiKey);
    const box = await filesDevbox(used.api, 'my\nbox');
    await used.editor.run('runloop.refreshDevboxes');
    await box.bash('printf one > /tmp/f');
    const uri = at(box, '/tmp/f');
    await fs().stat(uri);
    const { change, close } = openDocument(used.editor, uri, 'one');
    change('mine');
    await used.editor.run('runloop.signOut');
    // Else the editor does not even ask, and says "read-only".
    assert.equal((await fs().stat(uri)).permissions, undefined);
    const { host } = new URL(used.platform.baseUrl);
    const account = `account of this devbox \\(my box, account ${host}\\).*Save As`;
    await assert.rejects(Promise.resolve(fs().writeFile(uri, Buffer.from('mine'), replace)), new RegExp(account));
    close();
    assert.equal((await fs().stat(uri)).permissions, 1);
    assert.equal(await box.bash('cat /tmp/f'), 'one');
  });

  it('names the devbox of a file, and marks tabs by letters where they are of several', async () => {
    await signIn(used.editor, used.platform.apiKey);
    const boxes = [
      await filesDevbox(used.api, 'api one'),
      await filesDevbox(used.api, '$(x) -> api (one)'),
      await filesDevbox(used.api, '\u202e!!!'),
    ];
    await used.editor.run('runloop.refreshDevboxes');
    const uris = boxes.map((box) => at(box, '/tmp'));
    for (const uri of uris) await fs().stat(uri);
    const told = (uri: vscode.Uri): vscode.FileDecoration | undefined =>
      addedTo(used.editor)
        .decorations.map((one) => one.provideFileDecoration(uri, {} as never) as vscode.FileDecoration | undefined)
        .find((one) => one?.tooltip?.startsWith('Devbox ') === true);
    const [first = assert.fail()] = uris;
    assert.deepEqual([told(first)?.tooltip, told(first)?.badge], ['Devbox api one', undefined]);
    used.editor.tabs = uris.map((uri) => ({ input: { uri } }));
    const badges = uris.map((uri) => told(uri)?.badge ?? '');
    assert.equal(badges[0], 'AO');
    assert.equal(badges[1], 'XO');
    assert.match(badges[2] ?? '', /^\d$/);
    assert.doesNotMatch(uris.map((uri) => told(uri)?.tooltip).join(''), /\u202e/);
    used.editor.tabs = [];
  });
});
