import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { lastCommitAddress, sideAddress } from '../../../../src/extension/changes/changeAddress';
import { ChangeDocuments } from '../../../../src/extension/changes/changeDocuments';
import type { DevboxLook } from '../../../../src/extension/changes/devboxLook';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
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
});
