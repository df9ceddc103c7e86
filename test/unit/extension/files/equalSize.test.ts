import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { accountWord, fileAddress } from '../../../../src/extension/files/fileAddress';
import { useWindow } from '../../../fakeVscode/useWindow';
import { filesDevbox } from '../../core/files/useFiles';

describe('A save over a change of equal size', function () {
  this.timeout(120_000);
  const used = useWindow();

  for (const change of ['printf two > /tmp/f', "sed -i 's/one/two/' /tmp/f", 'printf two > /tmp/x; mv /tmp/x /tmp/f']) {
    it(`is refused once, as the editor sees none: ${change}`, async () => {
      const box = await filesDevbox(used.api);
      const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
      const uri = fileAddress({ account, devboxId: box.id, path: '/tmp/f' });
      const files = used.editor.fileSystems.get('runloop') ?? assert.fail();
      /** What a save of the editor does. */
      const save = async (content: string): Promise<void> => {
        await files.stat(uri);
        await files.writeFile(uri, Buffer.from(content), { create: true, overwrite: true });
      };
      await box.bash('printf one > /tmp/f');
      assert.equal(Buffer.from(await files.readFile(uri)).toString(), 'one');
      await box.bash(change);
      // Longer than what was seen last is true without a further look.
      await sleep(1_000);
      await assert.rejects(save('mine'), /was changed in the devbox meanwhile/);
      assert.equal(await box.bash('cat /tmp/f'), 'two');
      // By a person who was told.
      await save('mine');
      assert.equal(await box.bash('cat /tmp/f'), 'mine');
      // What is saved is what the editor has.
      await save('more');
      assert.equal(await box.bash('cat /tmp/f'), 'more');
    });
  }
});
