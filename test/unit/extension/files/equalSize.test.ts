import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { accountWord, fileAddress } from '../../../../src/extension/files/fileAddress';
import { openDocument } from '../../../fakeVscode/openDocuments';
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

describe('The question before a save', function () {
  this.timeout(120_000);
  const used = useWindow();

  const older = "printf older > /tmp/x; touch -d '2 days ago' /tmp/x; ";
  for (const change of [
    'printf two > /tmp/f',
    `${older}mv /tmp/x /tmp/f`,
    `${older}rm /tmp/f; sleep 3; ln -s x /tmp/f`,
    `${older}cp -p /tmp/x /tmp/f; truncate -s 3 /tmp/f; touch -d '3 days ago' /tmp/f`,
  ]) {
    it(`comes also where the change is of equal size, or an older file was put there: ${change}`, async () => {
      const box = await filesDevbox(used.api);
      const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
      const uri = fileAddress({ account, devboxId: box.id, path: '/tmp/f' });
      const files = used.editor.fileSystems.get('runloop') ?? assert.fail();
      await box.bash('rm -f /tmp/f; printf one > /tmp/f');
      await files.readFile(uri);
      const had = await files.stat(uri);
      const text = openDocument(used.editor, uri, 'one');
      text.change('mine');
      try {
        await box.bash(change);
        await sleep(1_000);
        // What the editor goes by.
        const isAsked = async (): Promise<boolean> => {
          const { mtime, size } = await files.stat(uri);
          return had.mtime < mtime && had.size !== size;
        };
        assert.ok(await isAsked());
        // Also after somebody else has read it, as a comparison does, and after a further change.
        await files.readFile(uri);
        assert.ok(await isAsked());
        await box.bash('printf abc > /tmp/x; cat /tmp/x > /tmp/f');
        await sleep(1_000);
        assert.ok(await isAsked());
        // Who says Overwrite then, does, at once.
        await files.writeFile(uri, Buffer.from('mine'), { create: true, overwrite: true });
        assert.equal(await box.bash('cat /tmp/f'), 'mine');
        assert.equal((await files.stat(uri)).size, 4);
        text.save();
        await box.bash('printf his! > /tmp/f; sleep 1');
        assert.equal((await files.stat(uri)).size, 4, 'nothing is unsaved, so the size is the true one');
      } finally {
        text.close();
      }
    });
  }
});
