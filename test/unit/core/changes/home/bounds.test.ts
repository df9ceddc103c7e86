import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openClone, receiveBundle } from '../../../../../src/core/changes/home/clone';
import { localGit } from '../../../../../src/core/changes/home/localGit';
import type { Clone } from '../../../../../src/core/changes/home/scratch';
import { receivePatch } from '../../../../../src/core/changes/home/uncommitted';
import { RuntimeError } from '../../../../../src/core/errors';

describe('git on this computer', function () {
  this.timeout(120_000);

  it('is ended where it lists more than is checked, as of trees within each other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bounds-'));
    try {
      // Ten trees of ten each, seven times: ten million files of one blob.
      const make =
        'git init -q .; id=$(echo x | git hash-object -w --stdin); kind="100644 blob"; for level in 1 2 3 4 5 6 7; do ' +
        'id=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf "%s %s\\tn%s\\n" "$kind" "$id" $i; done | git mktree); kind="040000 tree"; done; printf %s $id';
      const tree = execFileSync('bash', ['-c', make], { cwd: folder, encoding: 'utf8' });
      const { signal } = new AbortController();
      await assert.rejects(localGit(folder, ['ls-tree', '-r', '-z', tree], { signal }), (error) => {
        assert.ok(RuntimeError.is(error, 'file'), String(error));
        assert.equal(error.problem.id, 'home_many');
        assert.match(error.message, /more than 64 MB/);
        return true;
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  describe('with what would not fit into memory', () => {
    const folder = mkdtempSync(join(tmpdir(), 'inflated-'));
    const sh = (command: string): string => execFileSync('bash', ['-c', command], { cwd: folder, encoding: 'utf8' });
    const { signal } = new AbortController();
    after(() => rmSync(folder, { recursive: true, force: true }));
    before(() => {
      const commit = 'git add -A; git -c user.name=t -c user.email=t@t commit -qm one';
      sh(`git init -q -b main clone && cd clone && echo a > a && ${commit}`);
    });
    const isRefused = async (work: Promise<unknown>): Promise<void> => {
      await assert.rejects(work, (error) => RuntimeError.is(error, 'file') && error.problem.id === 'home_inflated');
      assert.equal(sh('cd clone; git status --porcelain; git count-objects'), '3 objects, 12 kilobytes\n');
    };
    const clone = (): Promise<Clone> => openClone(join(folder, 'clone'), signal);

    it('refuses a patch by what it says that it holds', async () => {
      const id = sh('printf x | git hash-object --stdin').trim();
      const none = '0'.repeat(40);
      const header = `diff --git a/big b/big\nnew file mode 100644\nindex ${none}..${id}\nGIT binary patch\n`;
      const patch = Buffer.from(`${header}literal 9000000000\nHcmZQz00000\n\nliteral 0\nHcmV?d00001\n\n`);
      await isRefused(receivePatch(await clone(), { patch, signal }));
    });

    it('refuses a pack whose difference says that it is of gigabytes', async () => {
      const size: number[] = [0x70 | 0x80 | (9_000_000_000 & 15)];
      for (let left = Math.floor(9_000_000_000 / 16); left > 0; left = Math.floor(left / 128)) {
        size.push((left % 128) | (left > 127 ? 0x80 : 0));
      }
      const pack = Buffer.concat([
        Buffer.from('PACK\0\0\0\x02\0\0\0\x01', 'latin1'),
        Buffer.from(size),
        Buffer.alloc(20, 1),
        deflateSync(Buffer.alloc(10)),
      ]);
      const head = '1'.repeat(40);
      const file = join(folder, 'bomb.bundle');
      const sum = createHash('sha1').update(pack).digest();
      writeFileSync(file, Buffer.concat([Buffer.from(`# v2 git bundle\n${head} refs/heads/e\n\n`), pack, sum]));
      await isRefused(receiveBundle(await clone(), { file, head, signal }));
    });

    it('refuses a file that is small only as long as it is packed', async () => {
      const commit = 'git -c user.name=t -c user.email=t@t commit -qm big';
      sh(`git clone -q clone there && cd there && truncate -s 30M big && git add big && ${commit}`);
      sh('cd there && git branch -qM e && git bundle create -q ../big.bundle refs/heads/e');
      const head = sh('cd there && git rev-parse HEAD').trim();
      const file = join(folder, 'big.bundle');
      assert.ok(statSync(file).size < 1_000_000);
      await isRefused(receiveBundle(await clone(), { file, head, signal, most: 20_000_000 }));
      await (await receiveBundle(await clone(), { file, head, signal })).dispose();
    });
  });
});
