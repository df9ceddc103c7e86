import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { accountWord, fileAddress } from '../../../../src/extension/files/fileAddress';
import { deadline } from '../../../../src/ground/deadline';
import { eventually } from '../../../eventually';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

describe('A save of a file of a devbox while the account changes', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const other = usePlatform();
  let second: CountingProxy;
  before(async () => {
    second = await CountingProxy.start(other.platform.baseUrl);
  });
  after(() => second.stop());

  const fs = (): vscode.FileSystemProvider => used.editor.fileSystems.get('runloop') ?? assert.fail();
  const at = ({ id }: FilesDevbox, path: string): vscode.Uri => {
    const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
    return fileAddress({ account, devboxId: id, path });
  };
  const save = async (uri: vscode.Uri, content: Uint8Array): Promise<void> =>
    fs().writeFile(uri, content, { create: true, overwrite: true });
  const leave = (): Promise<unknown> => used.editor.run('runloop.signOut');
  async function turnToSecond(): Promise<void> {
    await leave();
    used.editor.settings.set('runloop.baseUrl', second.baseUrl);
    await signIn(used.editor, other.platform.apiKey);
    await eventually(
      () => Promise.resolve(second.count),
      (count) => count > 0,
    );
  }
  /** Held until the test says so: nobody else can save in the folder. */
  async function heldFolder(box: FilesDevbox): Promise<() => Promise<unknown>> {
    const limits = { signal: deadline(100_000), deadlineMs: 90_000 };
    const held = box.commands.run(
      'exec 9</tmp/w; flock 9; : > /tmp/held; while [ ! -e /tmp/go ]; do sleep 0.05; done',
      limits,
    );
    await eventually(
      () => box.bash('ls /tmp'),
      (seen) => seen.includes('held'),
    );
    return async () => {
      await box.bash('touch /tmp/go');
      return held;
    };
  }

  for (const [where, change] of [
    ['signed out', leave],
    ['of another account', turnToSecond],
  ] as const) {
    it(`is refused with true words, goes to no other account and leaves nothing (${where})`, async () => {
      const box = await filesDevbox(used.api);
      await box.bash('mkdir /tmp/w; cd /tmp/w; printf old > f; printf old > hard; ln hard other');
      const release = await heldFolder(box);
      const saves: Promise<void>[] = [];
      for (const name of ['f', 'hard']) {
        await fs().stat(at(box, `/tmp/w/${name}`));
        saves.push(save(at(box, `/tmp/w/${name}`), Buffer.from('new')));
      }
      const random = Buffer.from(Array.from({ length: 90_000 }, () => Math.random() * 256));
      await orderFaults(used.platform, { fault: 'delay', delay_ms: 60_000, path: '/v1/devboxes/*/upload_file' });
      saves.push(save(at(box, '/tmp/w/new'), random));
      for (const one of saves) one.catch(() => undefined);
      await eventually(
        () => box.bash('ls -A /tmp/w; grep -lx flock /proc/[0-9]*/comm 2>/dev/null || true'),
        (seen) => seen.includes('.runloop-') && seen.split('/comm').length > 2,
      );
      await eventually(
        () => countFaults(used.platform),
        ([fault]) => (fault?.strikes ?? 0) > 0,
      );
      second.reset();
      await change();
      await release();
      const ends = await Promise.allSettled(saves);
      // What was as good as done may still be; what was on its way is not.
      const texts = ends.map((end) => {
        if (end.status === 'fulfilled') return /^new$/;
        if (/may have been saved/.test(String(end.reason))) return /^(?:old|new)$/;
        assert.match(String(end.reason), /account of this devbox/);
        assert.equal((end.reason as vscode.FileSystemError).code, 'Unavailable');
        return /^old$/;
      });
      assert.match(String(ends[2]?.status === 'rejected' && ends[2].reason), /account of this devbox/);
      for (const [index, name] of ['f', 'hard'].entries()) {
        assert.match(await box.bash(`cat /tmp/w/${name}`), texts[index] ?? assert.fail());
      }
      assert.equal((await fs().stat(at(box, '/tmp/w/f'))).permissions, 1);
      await assert.rejects(save(at(box, '/tmp/w/f'), Buffer.from('late')), /account of this devbox/);
      assert.equal(
        await box.bash('ls -A /tmp/w | tr "\\n" " "; ls -A /tmp | grep -c "^.runloop" || true'),
        'f hard other 0\n',
      );
      assert.deepEqual(
        second.paths.filter((path) => path.includes(box.id) || /execute|upload/.test(path)),
        [],
      );
    });
  }
});
