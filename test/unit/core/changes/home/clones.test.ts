import assert from 'node:assert/strict';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openClone, receiveBundle } from '../../../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../../../src/core/changes/home/devboxBundle';
import { withSpace } from '../../../../../src/core/changes/home/localGit';
import { refused } from '../../../../../src/core/changes/home/scratch';
import { receivePatch } from '../../../../../src/core/changes/home/uncommitted';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { skip } from '../../../../run/skip';
import { signal } from '../useChanges';
import { fewFiles, usePairs } from './usePair';

describe('A clone on this computer', function () {
  this.timeout(120_000);
  const pairs = usePairs('clones', fewFiles);
  const { folder, sh, pair } = pairs;
  const committed = 'echo z > z; git add z; git commit -qm z; echo more >> a';

  /** What is brought of a devbox's commits and its uncommitted changes: a branch, then files. */
  async function brought(top: string, clone: string): Promise<readonly [string | undefined, readonly string[]]> {
    const repository = await pairs.box.read(top);
    const local = await openClone(clone, signal);
    const file = join(folder, `bundle-${pairs.next()}`);
    const context = { changes: pairs.box.changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
    await fetchBundle(context, repository, { known: local.known, file, signal });
    const commits = await receiveBundle(local, { file, head: repository.report.head, signal });
    const branch = await commits.bring('runloop/x', signal);
    await commits.dispose();
    const patch = await pairs.box.changes.patch(top, 'head', signal);
    const changes = await receivePatch(local, { patch, signal });
    await changes?.apply(signal);
    await changes?.dispose();
    return [branch, changes?.paths ?? []];
  }
  /** Does it with another value of a variable of the environment. */
  async function withVariable<T>(name: string, value: string, work: () => Promise<T>): Promise<T> {
    const outer = process.env[name];
    process.env[name] = value;
    try {
      return await work();
    } finally {
      process.env[name] = outer;
    }
  }
  const whole = ['runloop/x', ['a']];

  it('is taken for what it is whatever its folder is called, and by a link into it', async () => {
    const { top, clone } = await pair(committed);
    for (const name of ['e\u001bx\u0001', 'n\nl\r', 'b\\s\t', '"ü"\u202e', ' #\u007f']) {
      const other = join(folder, name);
      cpSync(clone, other, { recursive: true });
      assert.deepEqual(await brought(top, other), whole, JSON.stringify(name));
    }
    const link = join(folder, 'link');
    symlinkSync(join(clone, 'd'), link);
    assert.deepEqual(await brought(top, link), whole);
  });

  it('is one that is a submodule or a worktree', async () => {
    const { top, clone } = await pair(committed);
    const outer = join(folder, 'outer');
    sh(folder, `git init -q outer; git -C outer -c protocol.file.allow=always submodule add -q '${clone}' sub`);
    assert.deepEqual(await brought(top, join(outer, 'sub')), whole, 'a submodule');
    sh(clone, `git worktree add -q '${join(folder, 'tree')}'`);
    assert.deepEqual(await brought(top, join(folder, 'tree')), whole, 'a worktree');
  });

  it('runs no hook of its own, whatever its configuration says', async () => {
    const { top, clone } = await pair(committed);
    const tree = join(folder, 'hooked');
    sh(clone, `git worktree add -q '${tree}'`);
    mkdirSync(join(clone, 'h'));
    for (const hook of ['reference-transaction', 'post-index-change', 'pre-auto-gc', 'post-checkout', 'post-rewrite']) {
      const text = `#!/bin/sh\n{ echo "$0 $PWD"; tr '\\\\0' ' ' < /proc/$PPID/cmdline; } >> '${join(folder, 'ran')}'\nexit 1\n`;
      writeFileSync(join(clone, 'h', hook), text, { mode: 0o755 });
      writeFileSync(join(clone, '.git', 'hooks', hook), text, { mode: 0o755 });
    }
    sh(clone, 'git config core.hooksPath h; git config gc.auto 1; echo h > .git/info/exclude');
    cpSync(clone, `${clone}.copy`, { recursive: true });
    for (const place of [clone, `${clone}.copy`, tree]) {
      sh(clone, 'git -c core.hooksPath=/dev/null update-ref -d refs/heads/runloop/x');
      assert.deepEqual(await brought(top, place), whole, place);
    }
    assert.equal(sh(folder, 'cat ran 2>/dev/null || echo no'), 'no\n');
  });

  it('has a branch below the name of the new one, and gets another name', async () => {
    const { top, clone } = await pair(committed, 'git branch runloop/x/y');
    assert.deepEqual(await brought(top, clone), ['runloop/x-2', ['a']]);
  });

  it('runs no git of its own where the search path leads into it', async () => {
    const { top, clone } = await pair(committed);
    writeFileSync(join(clone, 'git'), '#!/bin/sh\ntouch ../ran\nexec /usr/bin/git "$@"\n', { mode: 0o755 });
    const searched = `.::${clone.slice(1)}:${process.env['PATH'] ?? ''}`;
    assert.deepEqual(await withVariable('PATH', searched, () => brought(top, clone)), whole);
    assert.equal(sh(folder, 'ls ran 2>/dev/null || echo no'), 'no\n');
  });

  it("is given to whatever its owner's own git is told of repositories like ours", async () => {
    const { top, clone } = await pair(committed);
    const home = join(folder, 'home');
    mkdirSync(home);
    sh(
      folder,
      `export HOME='${home}'; git config --global safe.bareRepository explicit; git config --global log.showSignature true`,
    );
    assert.deepEqual(await withVariable('HOME', home, () => brought(top, clone)), whole);
  });

  it('that git does not read is told of by the reason, and what is amiss here is not laid on the devbox', async () => {
    const { top, clone } = await pair(committed, 'git branch runloop');
    await assert.rejects(brought(top, clone), (error) => {
      assert.ok(RuntimeError.is(error, 'file'), String(error));
      assert.equal(error.problem.id, 'home_git_failed');
      assert.match(error.message, /'refs\/heads\/runloop' exists/);
      return true;
    });
    writeFileSync(join(clone, '.git', 'config'), '[core\n');
    await assert.rejects(openClone(clone, signal), /bad config line 1/);
    const idOf = (said: string): string => refused(said).problem.id;
    assert.equal(idOf('fatal: write error: No space left on device\nfatal: index-pack failed'), 'home_no_space');
    assert.equal(idOf('error: object 1: hasDotgit: contains .git'), 'home_refused');
    await assert.rejects(withSpace(writeFile('/dev/full', 'x')), /no space left/);
  });

  it('of other hashes, and a git that is too old for this, are told as what they are', async () => {
    const { top, clone } = await pair(committed);
    const told = async (at: string): Promise<string> => {
      const failed: unknown = await brought(top, at).catch((error: unknown) => error);
      return RuntimeError.is(failed, 'file') ? `${failed.problem.id} ${failed.message}` : String(failed);
    };
    const other = join(folder, 'sha256');
    sh(folder, `git init -q --object-format=sha256 '${other}'`);
    assert.match(await told(other), /^home_git_failed .*other hashes/);
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const old = 'for a; do [ "$a" != --no-write-fetch-head ] || { echo "error: unknown option" >&2; exit 129; }; done';
    writeFileSync(join(bin, 'git'), `#!/bin/sh\n${old}\nexec /usr/bin/git "$@"\n`, { mode: 0o755 });
    const path = `${bin}:${process.env['PATH'] ?? ''}`;
    assert.match(await withVariable('PATH', path, () => told(clone)), /^home_git_failed .*unknown option/);
  });

  it('on a disk that is only read is told of as one, and nothing is changed', async function () {
    const { top, clone } = await pair('echo more >> a');
    try {
      sh(
        folder,
        `mount --bind '${clone}' '${clone}' && { mount -o remount,bind,ro '${clone}' || { umount '${clone}'; false; }; }`,
      );
    } catch {
      skip(this, 'nothing can be mounted here');
    }
    try {
      const patch = await pairs.box.changes.patch(top, 'head', signal);
      const changes = await receivePatch(await openClone(clone, signal), { patch, signal });
      await assert.rejects(changes?.apply(signal) ?? Promise.resolve(), (error) => {
        assert.ok(RuntimeError.is(error, 'file'), String(error));
        assert.match(error.message, /nothing was changed: index\.lock: EROFS/);
        return true;
      });
      await changes?.dispose();
    } finally {
      sh(folder, `umount '${clone}'`);
    }
  });
});
