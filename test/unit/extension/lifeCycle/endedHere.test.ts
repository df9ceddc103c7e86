import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { diagnose } from '../../../../src/core/diagnosis/diagnosis';
import { english } from '../../../../src/core/diagnosis/translator';
import { gatherEvidence } from '../../../../src/core/diagnosis/evidence';
import { EndedHere } from '../../../../src/extension/lifeCycle/endedHere';
import { FakeMemory } from '../../../fakeVscode/memory';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Who shut a devbox down (U14)', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('is known over the windows of an editor, and of nobody else', async () => {
    const shared = new FakeMemory();
    const [here, other] = [new EndedHere(shared), new EndedHere(shared)];
    await here.ended('dbx_1');
    assert.deepEqual([here.by('dbx_1'), other.by('dbx_1'), here.by('dbx_2')], ['you', 'otherWindow', undefined]);
    for (let index = 0; index < 400; index += 1) await other.ended(`dbx_many_${index}`);
    assert.deepEqual([here.by('dbx_1'), here.by('dbx_many_399')], [undefined, 'otherWindow']);
    await shared.update('runloop.endedHere', [{ id: 3 }, 'x', { id: 'dbx_4', window: 'w' }]);
    assert.equal(here.by('dbx_4'), 'otherWindow');
  });

  it('is told in the row: you, and after a reload another window; of others nothing is guessed', async () => {
    const { editor, api } = used;
    const make = async (name: string): Promise<string> => {
      const { id } = await api.devboxes.create({ name }, { requestId: name });
      await api.devboxes.waitForStatus(id, ['running'], 20);
      return id;
    };
    const [mine, theirs] = [await make('mine'), await make('theirs')];
    editor.answer(/^Shut down the devbox mine/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', mine);
    await api.devboxes.shutdown(theirs);
    const rows = async (): Promise<string> => {
      const view = editor.views.get('runloop.devboxes') ?? assert.fail();
      view.setVisible(true);
      await editor.run('runloop.refreshDevboxes');
      const lines: string[] = [];
      for (const { row } of await view.rows()) {
        for (const { item } of await view.rows(row)) lines.push(JSON.stringify([item.label, item.description]));
      }
      return lines.join('\n');
    };
    const first = await rows();
    assert.match(first, /"mine".*by you"/);
    assert.match(first, /"theirs".*by the API"/);
    used.reload();
    assert.match(await rows(), /"mine".*by you, elsewhere"/);
    editor.messages.length = 0;
    const evidence = await gatherEvidence(api, mine);
    assert.match(diagnose(evidence, english).verdict.join(' '), /does not say by whom/);
    assert.deepEqual(diagnose({ ...evidence, ender: 'you' }, english).verdict, ['You shut it down in this window.']);
    await editor.run('runloop.copyWhyItStopped', mine);
    assert.match(editor.clipboard, /You shut it down in another window of this editor/);
  });
});
