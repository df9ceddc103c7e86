import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../../src/core/errors';
import { content } from '../../files/useFiles';
import { usePlatform } from '../../../../platform/usePlatform';
import { changesDevbox, signal, type ChangesDevbox } from '../useChanges';

describe('Changes of a devbox as a patch', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'patches' });
  });

  /** Applies a patch to the commit that a repository has, elsewhere. @returns what differs then between both folders */
  async function difference(top: string, patch: Buffer, at = 'HEAD'): Promise<string> {
    const file = '/tmp/one.patch';
    await box.files.write(file, content(patch), { create: true, overwrite: true, token: 'any', signal });
    return box.bash(
      `rm -rf /tmp/applied; git clone -q ${top} /tmp/applied; cd /tmp/applied; git checkout -q $(git -C ${top} rev-parse ${at}); ` +
        `git apply --index ${file}; diff -r --no-dereference --exclude=.git ${top} /tmp/applied || true; ` +
        `for d in ${top} .; do (cd $d; find . -path ./.git -prune -o -type f -perm -100 -print | sort); done | sort | uniq -u`,
    );
  }

  it('give the same folder elsewhere: binaries, modes, links, names, renames, what is staged and what is new', async () => {
    const top = await box.repository(
      `echo a > a; head -c 5000 /dev/urandom > bin; seq 100 > long; printf 'no newline' > end; echo x > gone; ln -s a link; echo '"' > '"q'`,
    );
    await box.read(top);
    await box.bash(
      `cd ${top}; echo b > a; chmod 755 a; head -c 6000 /dev/urandom > bin; git mv long moved; echo 101 >> moved; printf 'more\\n' >> end; ` +
        `rm gone; ln -sfn end link; ln -s /etc/passwd out; echo n > $'new\\nline'; echo é > é; mkdir d; head -c 9000000 /dev/urandom > d/large; git add é; echo 2 > '"q'`,
    );
    const status = await box.bash(`cd ${top}; git status --porcelain; sha256sum .git/index`);
    const patch = await box.changes.patch(top, 'head', signal);
    assert.equal(await difference(top, patch), '');
    assert.equal(await box.bash(`cd ${top}; git status --porcelain; sha256sum .git/index`), status);
    await box.bash(`cd ${top}; git add -A; git commit -qm two; echo late > a`);
    assert.equal(await difference(top, await box.changes.patch(top, 'start', signal), 'HEAD~1'), '');
  });

  it('are the whole folder before the first commit, and nothing where there is nothing', async () => {
    const top = await box.repository('echo a > a');
    await box.read(top);
    assert.equal((await box.changes.patch(top, 'head', signal)).toString(), '');
    await box.bash(`cd ${top}; git checkout -q --orphan new`);
    assert.match((await box.changes.patch(top, 'head', signal)).toString(), /new file mode 100644[^]*\+a\n/);
  });

  it('are refused where they are too large for one', async () => {
    const top = await box.repository('echo a > a');
    await box.bash(`cd ${top}; head -c 40000000 /dev/zero > large`);
    await assert.rejects(
      box.changes.patch(top, 'head', signal),
      (error) => RuntimeError.is(error, 'file') && error.problem.id === 'patch_large',
    );
  });
});
