import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openClone, receiveBundle, type Arrival } from '../../../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../../../src/core/changes/home/devboxBundle';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { signal } from '../useChanges';
import { usePairs } from './usePair';

describe('Commits of a devbox', function () {
  this.timeout(120_000);
  const pairs = usePairs('home', 'echo a > a');
  const { folder, sh, pair } = pairs;

  async function arrive(top: string, clone: string): Promise<Arrival | undefined> {
    const repository = await pairs.box.read(top);
    const local = await openClone(clone, signal);
    const file = join(folder, `bundle-${pairs.next()}`);
    const context = { changes: pairs.box.changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
    const commits = await fetchBundle(context, repository, { known: local.known, file, signal });
    assert.equal(await pairs.box.bash('ls -A /var/tmp/.runloop-devboxes-* | grep -c "^home" || true'), '0\n');
    if (commits === 0) return undefined;
    return receiveBundle(local, { file, head: repository.report.head, signal });
  }
  /** All refs, the index and the folder of a clone, and how many objects it has. */
  const state = (clone: string): string =>
    sh(
      clone,
      'git for-each-ref; git rev-parse HEAD; git status --porcelain; git count-objects -v; sha256sum .git/index .git/config',
    );
  async function refusedAs(top: string, clone: string, what: RegExp): Promise<void> {
    const before_ = state(clone);
    await assert.rejects(
      async () => {
        const arrival = await arrive(top, clone);
        await arrival?.bring('runloop/bad', signal);
      },
      (error) => {
        assert.ok(RuntimeError.is(error, 'file'), String(error));
        assert.equal(error.problem.id, 'home_refused');
        assert.match(error.message, what);
        return true;
      },
    );
    assert.equal(state(clone), before_);
  }

  it('come into one new branch with their hashes, merges and binaries, and nothing else changes', async () => {
    const { top, clone } = await pair();
    sh(
      clone,
      'for h in reference-transaction post-checkout; do printf "#!/bin/sh\\ntouch ../ran\\n" > .git/hooks/$h; chmod +x .git/hooks/$h; done; git config core.fsmonitor "touch ../ran"; echo dirty > mine',
    );
    await pairs.box.bash(
      `cd ${top} && git checkout -qb side && head -c 300000 /dev/urandom > bin && git add -A && git commit -qm 'add [bin](command:x)' && git checkout -q main && ` +
        `printf run > run && chmod 755 run && ln -s a link && git add -A && git commit -qm 'diff --git a/x b/x' && git merge -q --no-ff -m merged side && git commit -q --allow-empty -m empty`,
    );
    const head = (await pairs.box.bash(`git -C ${top} rev-parse HEAD`)).trim();
    const before_ = sh(clone, 'git rev-parse HEAD; git -c core.fsmonitor=false status --porcelain');
    const arrival = (await arrive(top, clone)) ?? assert.fail();
    assert.deepEqual([arrival.head, arrival.commits, arrival.files, arrival.oddNames], [head, 4, 3, []]);
    assert.equal(arrival.subjects[0], 'empty');
    assert.equal(await arrival.bring('runloop/main', signal), 'runloop/main');
    assert.equal(sh(clone, 'git rev-parse runloop/main').trim(), head);
    assert.equal(sh(clone, 'git rev-parse HEAD; git -c core.fsmonitor=false status --porcelain'), before_);
    sh(clone, 'git -c core.fsmonitor=false fsck --strict');
    assert.equal(sh(folder, 'ls ran 2>/dev/null || echo no'), 'no\n');
    // All of it is known now; more comes beside it, in a branch of another name.
    assert.equal(await arrive(top, clone), undefined);
    await pairs.box.bash(`cd ${top} && echo more > a && git commit -qam more`);
    const again = (await arrive(top, clone)) ?? assert.fail();
    assert.deepEqual([again.commits, await again.bring('runloop/main', signal)], [1, 'runloop/main-2']);
    await again.dispose();
    await arrival.dispose();
    assert.equal(sh(tmpdir(), 'ls -d runloop-home-* 2>/dev/null | wc -l'), '0\n');
  });

  it('are refused, all of them, where one holds what no clone should', async () => {
    const blob = 'B=$(echo x | git hash-object -w --stdin)';
    const tree = (entries: string): string =>
      `${blob}; raw() { printf '%b' "$(echo $1 | sed 's/../\\\\x&/g')"; }; T=$({ ${entries} } | git hash-object -w -t tree --literally --stdin); ` +
      'C=$(git commit-tree -p HEAD -m bad $T); git update-ref refs/heads/main $C';
    const entry = (mode: string, name: string, id = '$B'): string => `printf '${mode} ${name}\\0'; raw ${id};`;
    const hostile: readonly (readonly [what: string, entries: string, said: RegExp])[] = [
      ['.git', entry('100644', '.git'), /./],
      ['.GIT', entry('100644', '.GIT'), /./],
      ['git~1', entry('100644', 'git~1'), /./],
      ['..', entry('100644', '..'), /./],
      ['a path', entry('100644', 'a/../../x'), /./],
      ['.g<U+200C>it', entry('100644', '.g\\xe2\\x80\\x8cit'), /./],
      ['twins', entry('100644', 'a') + entry('100644', 'a'), /./],
      ['..\\out', entry('100644', '..\\\\out\\\\x'), /called/],
    ];
    for (const [what, entries, said] of hostile) {
      const { top, clone } = await pair();
      await pairs.box.bash(`cd ${top}; ${tree(entries)}; git symbolic-ref HEAD refs/heads/main`);
      await refusedAs(top, clone, said).catch((error: unknown) => assert.fail(`${what}: ${String(error)}`));
    }
    const modules = await pair();
    await pairs.box.bash(
      `cd ${modules.top}; printf '[submodule "x"]\\n path = x\\n url = -u./evil\\n' > .gitmodules; git add -A; git commit -qm m`,
    );
    await refusedAs(modules.top, modules.clone, /gitmodules/);
    // Bad in a commit between, good again at the end.
    const between = await pair();
    await pairs.box.bash(
      `cd ${between.top}; ${tree(entry('100644', '.git'))}; git update-ref refs/heads/main $(git commit-tree -p $C -m good $(git rev-parse HEAD~1^{tree}))`,
    );
    await refusedAs(between.top, between.clone, /./);
  });

  it('are told with what is odd about them: links that lead out, names, submodules, another history', async () => {
    const { top, clone } = await pair();
    await pairs.box.bash(
      `cd ${top}; ln -s /etc/passwd out; mkdir d; ln -s ../../x d/up; ln -s ../a d/in; echo x > CON; echo x > 'a:b'; echo x > é; echo y > $'e\\xcc\\x81'; git add -A; ` +
        `git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; git commit -qm odd`,
    );
    const arrival = (await arrive(top, clone)) ?? assert.fail();
    assert.deepEqual(arrival.oddNames.map(({ path, fault }) => `${path} ${fault}`).sort(), [
      'CON windows',
      'a:b windows',
      'd/up linkOut',
      'e\u0301 case',
      'out linkOut',
      'sub submodule',
    ]);
    await arrival.dispose();
    const other = await pair();
    await pairs.box.bash(`cd ${other.top}; git checkout -q --orphan new; git commit -qm unrelated`);
    const unrelated = (await arrive(other.top, other.clone)) ?? assert.fail();
    assert.equal(unrelated.files, undefined);
    await unrelated.bring('runloop/other', signal);
    await unrelated.dispose();
  });

  it('come into a shallow clone, whose history ends where it did', async () => {
    const { top, clone } = await pair(
      'echo 2 > b; git add -A; git commit -qm two',
      'echo 2 > b; git add -A; git commit -qm two',
    );
    // The same commit on both sides, with what is before it there alone.
    await pairs.box.bash(`cd ${top}; git bundle create -q /tmp/whole HEAD main && ls -l /tmp/whole`);
    const { stdout } = await pairs.box.commands.run('cat /tmp/whole', { signal, deadlineMs: 30_000 });
    writeFileSync(join(folder, 'whole.bundle'), stdout);
    sh(
      folder,
      `git clone -q --bare whole.bundle bare && rm -rf '${clone}' && git clone -q --depth 1 "file://$PWD/bare" '${clone}'`,
    );
    await pairs.box.bash(`cd ${top}; echo 3 > b; git commit -qam three`);
    const head = (await pairs.box.bash(`git -C ${top} rev-parse HEAD`)).trim();
    const ended = sh(clone, 'cat .git/shallow');
    const arrival = (await arrive(top, clone)) ?? assert.fail();
    assert.deepEqual([arrival.commits, await arrival.bring('runloop/main', signal)], [1, 'runloop/main']);
    await arrival.dispose();
    assert.equal(
      sh(clone, 'git rev-parse runloop/main; cat .git/shallow; git rev-list --count runloop/main'),
      `${head}\n${ended}2\n`,
    );
    sh(clone, 'git fsck --strict');
    // What is built on a commit before its end has nothing to stand on there.
    await pairs.box.bash(`cd ${top}; git checkout -q -b other HEAD~2; echo o > o; git add -A; git commit -qm other`);
    const before = state(clone);
    await assert.rejects(arrive(top, clone), (error) => RuntimeError.is(error) && error.problem.id === 'home_shallow');
    assert.deepEqual(state(clone), before);
  });

  it('change nothing where the bundle is damaged, cut off or another one', async () => {
    const { top, clone } = await pair();
    await pairs.box.bash(`cd ${top}; head -c 100000 /dev/urandom > bin; git add -A; git commit -qm bin`);
    const repository = await pairs.box.read(top);
    const local = await openClone(clone, signal);
    const file = join(folder, 'damaged');
    const context = { changes: pairs.box.changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
    await fetchBundle(context, repository, { known: local.known, file, signal });
    const whole = readFileSync(file);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 5000] = (flipped[whole.length - 5000] ?? 0) ^ 1;
    const before_ = state(clone);
    for (const bytes of [whole.subarray(0, -100), flipped, Buffer.from('no bundle')]) {
      writeFileSync(file, bytes);
      await assert.rejects(receiveBundle(local, { file, head: repository.report.head, signal }), /refused/);
    }
    writeFileSync(file, whole);
    await assert.rejects(receiveBundle(local, { file, head: 'a'.repeat(40), signal }), /another commit/);
    assert.equal(state(clone), before_);
  });

  it('say what is in the way at home', async () => {
    const fails = (work: Promise<unknown>, id: string): Promise<void> =>
      assert.rejects(work, (error) => RuntimeError.is(error, 'file') && error.problem.id === id);
    await fails(openClone(folder, signal), 'home_not_repository');
    await fails(openClone(join(folder, 'gone'), signal), 'home_not_repository');
  });
});
