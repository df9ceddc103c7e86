import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
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

describe('A save that is refused as the file was changed after the editor looked', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('offers to compare the text with what is there, for text that is not saved only', async () => {
    const box = await filesDevbox(used.api);
    const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
    const files = used.editor.fileSystems.get('runloop') ?? assert.fail();
    const uri = fileAddress({ account, devboxId: box.id, path: '/tmp/f' });
    await box.bash('printf one > /tmp/f');
    const refused = async (): Promise<void> => {
      await files.readFile(uri);
      await box.bash('printf theirs >> /tmp/f');
      await assert.rejects(
        async () => files.writeFile(uri, Buffer.from('mine'), { create: true, overwrite: true }),
        /was changed in the devbox meanwhile/,
      );
    };
    await refused();
    assert.deepEqual(used.editor.messages, []);
    const text = openDocument(used.editor, uri, 'one');
    text.change('mine');
    try {
      const compared: unknown[] = [];
      used.editor.commands.set('workbench.files.action.compareWithSaved', (of: unknown) => compared.push(of));
      used.editor.answer(/"f" was changed in the devbox meanwhile/, 'Compare');
      await refused();
      await eventually(
        () => Promise.resolve(compared),
        (all) => all[0] === uri && all.length === 1,
      );
    } finally {
      text.close();
    }
  });
});

describe('A save that a full disk has refused', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('makes no change of the file that the next save would ask about, by none of its names', async () => {
    const box = await filesDevbox(used.api);
    const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
    const files = used.editor.fileSystems.get('runloop') ?? assert.fail();
    const [uri, other] = ['f', 'other'].map((name) =>
      fileAddress({ account, devboxId: box.id, path: `/dev/shm/w/${name}` }),
    );
    assert.ok(uri !== undefined && other !== undefined);
    // Of files with hard links, what was there is written back.
    await box.bash('mkdir /dev/shm/w; cd /dev/shm/w; printf old > f; ln f other');
    const had = [];
    const texts = [];
    for (const one of [uri, other]) {
      await files.readFile(one);
      had.push(await files.stat(one));
      const text = openDocument(used.editor, one, 'old');
      text.change('mine');
      texts.push(text);
    }
    try {
      await box.bash('cat /dev/zero 2>/dev/null > /dev/shm/w/ballast; true');
      await assert.rejects(
        async () => files.writeFile(uri, Buffer.alloc(90_000, 'x'), { create: true, overwrite: true }),
        /The disk of the devbox is full/,
      );
      await box.bash('rm /dev/shm/w/ballast');
      const now = [await files.stat(uri), await files.stat(other)];
      assert.deepEqual(
        now.map(({ mtime, size }) => [mtime, size]),
        had.map(({ mtime, size }) => [mtime, size]),
      );
      await files.writeFile(other, Buffer.from('mine'), { create: true, overwrite: true });
      assert.equal(await box.bash('cat /dev/shm/w/f'), 'mine');
      // What somebody else does then is a change.
      await box.bash('sleep 1; printf them > /dev/shm/w/f');
      await sleep(1_000);
      assert.notEqual((await files.stat(uri)).mtime, now[0]?.mtime);
    } finally {
      for (const text of texts) text.close();
    }
  });
});
