import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { fileProblemOf, putBackIn } from '../../../../src/core/files/fileErrors';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('Files where a devbox is not as most are', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const all = { create: true, overwrite: true, token: 'any', signal };
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api);
  });

  async function fresh(setUp: string): Promise<string> {
    const dir = `/tmp/odd-${(count += 1)}`;
    await box.bash(`mkdir ${dir} && cd ${dir} && ${setUp}`);
    return dir;
  }
  /** The files of the devbox where something of its shell is different. */
  const otherwise = (shell: string): DevboxFiles =>
    new DevboxFiles({
      devboxId: box.id,
      commands: { run: (command, options) => box.commands.run(`${shell}\n${command}`, options) },
      transfer: apiTransfer(used.api),
      requireRunning: () => sleep(0),
    });
  const left = (dir: string): Promise<string> =>
    box.bash(`ls -A ${dir} | tr '\\n' ' '; ls -A /tmp | grep -c '^.runloop' || true`);

  it('what is saved into a file that only its user may read is at no moment for others to read', async () => {
    const dir = await fresh('printf old > f; chmod 600 f; printf old > hard; ln hard other; chmod 640 hard');
    const files = otherwise(`cp() { stat -c %a ${dir}/.runloop-* >> ${dir}/seen; command cp "$@"; }
      cat() { local own=$BASHPID; case $(readlink /proc/$own/fd/1) in */hard) stat -c %a /tmp/.runloop-kept-* >> ${dir}/seen;; esac; command cat "$@"; }`);
    for (const name of ['f', 'hard']) await files.write(`${dir}/${name}`, content('secret'), all);
    assert.equal(
      await box.bash(`cd ${dir}; cat seen f hard; stat -c ' %a' f hard; rm seen`),
      '600\n600\n600\nsecretsecret 600\n 640\n',
    );
    await box.files.write(`${dir}/new`, content('x'), { ...all, isExecutable: true });
    assert.equal(await box.bash(`stat -c %a ${dir}/new`), '755\n');
  });

  it('a file on which something is mounted, as on files of /etc in containers, is written in its place', async () => {
    const dir = await fresh('printf old > f; chmod 640 f');
    const { token } = await box.files.stat(`${dir}/f`, { signal });
    const before_ = await box.bash(`stat -c %i ${dir}/f`);
    // What rename says of a mount.
    const files = otherwise(
      `mv() { case \${*: -1} in ${dir}/f) echo "mv: cannot move '$3' to '$4': Device or resource busy" >&2; return 1;; esac; command mv "$@"; }`,
    );
    await files.write(`${dir}/f`, content('new'), { ...all, token });
    assert.equal(await box.bash(`cd ${dir}; cat f; stat -c ' %a %i' f`), `new 640 ${before_}`);
    const other = await box.files.stat(`${dir}/f`, { signal });
    await box.bash(`printf theirs > ${dir}/f`);
    await assert.rejects(
      files.write(`${dir}/f`, content('mine'), { ...all, token: other.token }),
      (error) => fileProblemOf(error) === 'file_changed',
    );
    assert.equal(await box.bash(`cat ${dir}/f`), 'theirs');
    assert.equal(await left(dir), 'f 0\n');
  });

  it('a folder is not told as empty where find cannot tell what is in it, and it is said what is wrong', async () => {
    const dir = await fresh(': > f');
    // As BusyBox says it.
    const files = otherwise(
      `find() { printf 'find: unrecognized: -writable\\nBusyBox v1.36.1 multi-call binary.\\n\\nUsage: find [-HL]\\n\\n\\t-quit\\tExit\\n' >&2; return 1; }`,
    );
    const works = [
      files.list(dir, { signal }),
      files.stat(`${dir}/f`, { signal }),
      files.write(`${dir}/f`, content('x'), all),
    ];
    for (const work of works) {
      await assert.rejects(work, (error) => {
        assert.ok(RuntimeError.is(error, 'file'));
        assert.match(error.message, /find: unrecognized: -writable\.$/);
        return true;
      });
    }
    assert.equal(await left(dir), 'f 0\n');
  });

  it('a save to a full disk that is written back tells which version that is now', async () => {
    const dir = '/dev/shm/back';
    await box.bash(
      `mkdir ${dir} && cd ${dir} && seq 3000 > f; ln f other; ln -s f link; cp f like; dd if=/dev/zero of=ballast bs=64k 2>/dev/null; cat /dev/zero 2>/dev/null >> ballast; true`,
    );
    for (const name of ['f', 'link']) {
      const { token } = await box.files.stat(`${dir}/${name}`, { signal });
      const large = content(Buffer.alloc(900_000, 'line\n'));
      await assert.rejects(box.files.write(`${dir}/${name}`, large, { ...all, token }), (error) => {
        assert.equal(fileProblemOf(error), 'file_no_space');
        const putBack = putBackIn(error) ?? assert.fail();
        assert.equal(putBack.before, token);
        assert.notEqual(putBack.now.token, token);
        assert.equal(putBack.now.isLink, name === 'link');
        return true;
      });
      assert.equal(await box.bash(`cd ${dir}; cmp f like && ls -A /tmp | grep -c '^.runloop' || true`), '0\n');
    }
    await box.bash(`rm -r ${dir}`);
  });
});
