import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { newFileMode } from '../../../../src/core/files/fileContent';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import { orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('A save whose content does not fit into a command', function () {
  this.timeout(120_000);
  const used = usePlatform('--fault-control');
  const random = Buffer.from(Array.from({ length: 90_000 }, () => Math.random() * 256));
  const all = { create: true, overwrite: true, token: 'any', signal };
  let box: FilesDevbox;
  let files: DevboxFiles;
  /** What another user could read of what was sent, at its worst moment. */
  const seen: string[] = [];
  let commands = 0;

  before(async () => {
    box = await filesDevbox(used.api);
    const transfer = apiTransfer(used.api);
    files = new DevboxFiles({
      devboxId: box.id,
      requireRunning: () => Promise.resolve(),
      commands: {
        run: (command, options) => {
          commands += 1;
          return box.commands.run(command, options);
        },
      },
      transfer: {
        download: (id, file) => transfer.download(id, file),
        upload: async (id, file) => {
          await transfer.upload(id, file);
          seen.push((await box.bash(`sudo -u nobody sh -c 'cat "${file.path}" | wc -c' 2>/dev/null`)).trim());
        },
      },
    });
    await box.bash('mkdir /tmp/w /tmp/w/closed; chmod 755 /tmp/w; chmod 700 /tmp/w/closed');
  });
  const left = (): Promise<string> => box.bash(`ls -A /tmp | grep '^.runloop' || true`);

  for (const [what, setUp, name] of [
    ['only its owner reads', 'printf old > own; chmod 600 own', 'own'],
    ['is in a folder that only its owner enters', 'printf old > closed/f', 'closed/f'],
    ['is behind a link there', 'printf old > closed/g; ln -s closed/g link', 'link'],
    ['is new', 'true', 'new'],
  ] as const) {
    it(`is read by nobody else on its way into a file that ${what}`, async () => {
      await box.bash(`cd /tmp/w; umask 022; ${setUp}`);
      const path = `/tmp/w/${name}`;
      const stat = what === 'is new' ? undefined : await files.stat(path, { signal });
      assert.equal(stat?.isShared, undefined);
      seen.length = 0;
      const saved = await files.write(path, content(random), { ...all, isShared: stat?.isShared });
      assert.deepEqual([saved.size, seen], [random.length, ['0']]);
      assert.equal(await left(), '');
    });
  }

  it('takes no more requests where everybody may read the file', async () => {
    await box.bash('cd /tmp/w; printf old > all; chmod 644 all');
    const { isShared } = await files.stat('/tmp/w/all', { signal });
    assert.equal(isShared, true);
    seen.length = commands = 0;
    const saved = await files.write('/tmp/w/all', content(random), { ...all, isShared });
    assert.deepEqual([commands, saved.isShared, seen], [1, true, [String(random.length)]]);
    assert.equal(await left(), '');
  });

  it('leaves no folder where it is cut, or was ended by its window', async () => {
    await orderFaults(used.platform, {
      fault: 'cut',
      method: 'POST',
      path: '/v1/devboxes/*/upload_file',
      took_effect: true,
      count: 1,
    });
    await assert.rejects(files.write('/tmp/w/own', content(random), all));
    assert.equal(await left(), '');
    await box.bash(
      'mkdir /tmp/.runloop-sent-x; : > /tmp/.runloop-sent-x/content; touch -d "2 days ago" /tmp/.runloop-sent-x',
    );
    await files.write('/tmp/w/own', content(random), all);
    assert.equal(await left(), '');
  });

  it('makes a file that only its owner reads of one that only its owner read', async () => {
    for (const text of [Buffer.from('small'), random]) {
      for (const [mode, expected] of [
        [0o600, '600'],
        [0o700, '700'],
        [0o640, '644'],
        [0o755, '755'],
      ] as const) {
        await box.bash('rm -f /tmp/w/made');
        const made = await files.write('/tmp/w/made', content(text), { ...all, ...newFileMode(mode) });
        assert.equal(made.mode, expected);
      }
    }
  });
});
