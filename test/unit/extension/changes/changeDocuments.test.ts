import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import type { SideContent } from '../../../../src/core/changes/sides/sideContent';
import { lastCommitAddress, sideAddress } from '../../../../src/extension/changes/changeAddress';
import { ChangeDocuments } from '../../../../src/extension/changes/changeDocuments';
import type { DevboxLook } from '../../../../src/extension/changes/devboxLook';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { openDocument } from '../../../fakeVscode/openDocuments';
import { Uri } from '../../../fakeVscode/values';

describe('Documents of changes', () => {
  const used = useFakeEditor();

  it('say why a side cannot be read, but not to an editor that would compare a file with these words', async () => {
    const root = Uri.from({ scheme: 'runloop', authority: 'd.00000000', path: '/' });
    const repositories = [{ top: '/app', failure: new Error('It is suspended') }];
    const look = { state: { root, plain: undefined, repositories, notRead: 0 } } as unknown as DevboxLook;
    const documents = new ChangeDocuments(() => look);
    const provider = used.editor.contentProviders.get('runloop-changes') ?? assert.fail('no provider');
    const text = async (uri: vscode.Uri): Promise<unknown> =>
      provider.provideTextDocumentContent(uri, undefined as never);
    const file = { devboxId: 'd', top: '/app', path: 'a' };
    const side = { mode: '100644', id: 'a'.repeat(40), isWork: false };
    assert.match(String(await text(sideAddress(root.authority, { ...file, side, kind: 'modified' }))), /no longer/);
    await assert.rejects(text(lastCommitAddress(root.authority, file)), /suspended/);
    documents.dispose();
  });

  it('are read as the editor reads the file beside them, whatever its encoding, and follow another one', async () => {
    const root = Uri.from({ scheme: 'runloop', authority: 'd.00000000', path: '/' });
    const gbk = Buffer.from('d6d0cec40a', 'hex');
    const [start, end] = ['caf\u00e9\n', '\u4e2d\u6587\n'];
    const contents: Readonly<Record<string, Buffer>> = {
      plain: Buffer.from(end),
      gbk,
      latin: Buffer.from(start, 'latin1'),
      marked: Buffer.from(`\ufeff${end}`, 'utf16le'),
      swapped: Buffer.from(`\ufeff${end}`, 'utf16le').swap16(),
      bare: Buffer.from('abc\n', 'utf16le'),
      chosen: Buffer.from(end, 'utf16le'),
      turned: Buffer.from(start),
      binary: Buffer.from([1, 0, 2, 0, 0, 3]),
      'old.txt': gbk,
    };
    const group = [{ path: 'new.txt', from: 'old.txt' }];
    const repositories = [{ top: '/app', found: { report: {}, groups: { uncommitted: group } } }];
    const content = (_: unknown, { path }: { path: string }): Promise<SideContent> =>
      Promise.resolve({ kind: 'bytes', bytes: contents[path] ?? assert.fail() });
    const look = { state: { root, plain: undefined, repositories, notRead: 0 }, changes: { content } };
    const documents = new ChangeDocuments(() => look as unknown as DevboxLook);
    const provider = used.editor.contentProviders.get('runloop-changes') ?? assert.fail('no provider');
    const side = { mode: '100644', id: 'a'.repeat(40), isWork: false };
    const address = (path: string): vscode.Uri =>
      sideAddress(root.authority, { devboxId: 'd', top: '/app', path, side, kind: 'modified' });
    const text = async (path: string): Promise<unknown> =>
      provider.provideTextDocumentContent(address(path), undefined as never);
    const open = (path: string, encoding: string): ReturnType<typeof openDocument> =>
      openDocument(used.editor, root.with({ path: `/app/${path}` }), 'now\n', encoding);
    open('latin', 'iso88591');
    open('marked', 'utf16le');
    open('chosen', 'utf16le');
    // In the folder it is another encoding by now than it was.
    open('turned', 'utf16le');
    open('new.txt', 'gbk');
    const file = open('gbk', 'utf8');
    const all = ['plain', 'latin', 'marked', 'swapped', 'bare', 'chosen', 'turned', 'old.txt'];
    assert.deepEqual(await Promise.all(all.map(text)), [end, start, end, end, 'abc\n', end, start, end]);
    assert.match(String(await text('binary')), /^Binary file: 6 bytes/);
    assert.deepEqual(
      await Promise.all(['plain', 'marked', 'bare', 'binary'].map((path) => documents.isText(address(path)))),
      [true, true, true, false],
    );
    assert.match(String(await text('gbk')), /\ufffd/);
    // Somebody tells the editor what the file is.
    const told: string[] = [];
    const listening = provider.onDidChange?.((uri) => told.push(uri.toString()));
    openDocument(used.editor, address('gbk'), String(await text('gbk')));
    file.change('typed\n');
    assert.deepEqual(told, []);
    file.reopen('gbk', end);
    assert.deepEqual([told, await text('gbk')], [[address('gbk').toString()], end]);
    listening?.dispose();
    documents.dispose();
  });
});
