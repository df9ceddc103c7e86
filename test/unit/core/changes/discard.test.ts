import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { discard, discardable, type Discardable } from '../../../../src/core/changes/discard';
import { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { RuntimeError } from '../../../../src/core/errors';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, signal, type ChangesDevbox } from './useChanges';

/** A name that quoting gets wrong. */
const odd = 'n\n"e\tw';

describe('Discarding changes in a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'discard' });
  });

  const told = (top: string, ...paths: string[]): Promise<Discardable> =>
    discardable(box.changes, { top, paths, signal });
  const act = (top: string, state: string, ...paths: string[]): Promise<string> =>
    discard(box.changes, { top, paths, signal, state, devboxId: box.id });
  const discarded = async (top: string, ...paths: string[]): Promise<string> =>
    act(top, (await told(top, ...paths)).state, ...paths);
  const git = (top: string, command: string): Promise<string> => box.bash(`cd ${top}; ${command}`);
  /** Every byte, mode and name that is not git's, what is staged, and git's own refs. */
  const fingerprint = (top: string): Promise<string> =>
    git(
      top,
      `find . -path ./.git -prune -o \\( -type f -printf '%p %m ' -exec sha256sum {} \\; \\) -o -printf '%p %y %l\\n' | sort; ` +
        'git -c core.fsmonitor= ls-files -s; git -c core.fsmonitor= ls-files -v | grep "^[a-zS]"; git for-each-ref; ls .git; git -c core.fsmonitor= status --porcelain',
    );
  const failsAs = async (work: Promise<unknown>, id: string): Promise<void> => {
    await assert.rejects(work, (error) => RuntimeError.is(error, 'file') && error.problem.id === id, id);
  };
  const all =
    `echo b > a; rm gone; git mv moved there; echo x >> there; chmod 755 mode; ln -sfn mode link; rm -r d; ln -s /etc d; rm f; mkdir f; echo in > f/in; ` +
    `echo s > staged; git add staged; echo t >> staged; git rm -q --cached again; echo other > again; echo n > $'n\\n"e\\tw'; mkdir -p e/e; echo e > e/e/e; ` +
    `ln -s nowhere dangling; head -c 6000000 /dev/urandom > large; printf '\\377' > $'\\377'; echo -- > -q; git rm -q both; echo i > intended; git add -N intended; echo ign > ign`;
  const start = `for f in a gone mode link moved f again both; do seq 30 > $f; echo $f >> $f; done; mkdir d; echo x > d/x; echo ign > .gitignore`;

  it('tells what would be lost, puts all back as it was committed, and keeps every bit of it in a stash', async () => {
    const top = await box.repository(start);
    const committed = await fingerprint(top);
    await git(top, all);
    const before_ = await fingerprint(top);
    const plan = await told(top);
    assert.equal(await fingerprint(top), before_);
    assert.deepEqual(plan.staying, []);
    const found = await box.read(top);
    assert.deepEqual(
      [...new Set(plan.lost.map(({ path }) => path))].sort(),
      [...new Set(found.groups.uncommitted.map(({ path }) => path))].sort(),
    );
    assert.deepEqual(
      plan.lost.filter(({ path }) => ['a', 'gone', 'staged', 'e/e/e', 'there'].includes(path)),
      [
        { path: 'a', kind: 'modified' },
        { path: 'gone', kind: 'deleted' },
        { path: 'staged', kind: 'added' },
        { path: 'there', kind: 'added', from: 'moved' },
        { path: 'e/e/e', kind: 'untracked' },
      ],
    );
    const stash = await act(top, plan.state);
    assert.equal(await git(top, 'cat ign; rm ign; git rev-parse stash@{0}'), `ign\n${stash}\n`);
    assert.equal((await fingerprint(top)).replace(/.*refs\/stash\n/, ''), committed);
    assert.match(
      await git(top, 'git stash list; git fsck --strict --no-dangling 2>&1'),
      /^stash@\{0\}: On main: [^\n]+\n$/,
    );
    await git(top, `echo ign > ign; git stash apply -q --index ${stash}`);
    // That a file was only meant to be added is nothing that a stash can hold; its content is there.
    const plain = (text: string): string =>
      text.replaceAll(
        /^(?:AUTO_MERGE|ORIG_HEAD|.*refs\/stash|100644 e69de\w+ 0\tintended|(?: A|\?\?) intended)\n/gm,
        '',
      );
    assert.equal(plain(await fingerprint(top)), plain(before_));
  });

  it('of some files leaves all others as they are, staged or not', async () => {
    const top = await box.repository(start);
    await git(top, `${all}; echo skip > mode; git update-index --skip-worktree mode`);
    const left = await box.groups(top);
    const stash = await discarded(top, 'a', 'there', odd);
    const now = await box.groups(top);
    assert.deepEqual(
      now.uncommitted,
      left.uncommitted.filter((line) => !['modified a', 'renamed there < moved', `untracked ${odd}`].includes(line)),
    );
    assert.equal(
      await git(top, `git diff-tree -r --name-only --no-renames ${stash}^1 ${stash}; git ls-files -v mode`),
      'a\nmoved\nthere\nS mode\n',
    );
    assert.equal(await git(top, 'git diff --cached --name-only -- staged; cat staged'), 'staged\ns\nt\n');
  });

  it('refuses over a merge, a rebase, conflicts, a lock, no commit, and whatever is other than was told', async () => {
    const refused = async (change: string, id: string, setUp = 'echo a > a'): Promise<void> => {
      const top = await box.repository(setUp);
      await git(top, 'echo b > a; echo n > n');
      const { state } = await told(top);
      await git(top, change);
      const before_ = await fingerprint(top);
      await failsAs(act(top, state), id);
      assert.equal(await fingerprint(top), before_, change);
      // What would come back is looked at when it is to.
      if (!['discard_moved', 'discard_lost'].includes(id)) await failsAs(told(top), id);
    };
    const head = 'git rev-parse HEAD > ';
    await refused(`${head}.git/MERGE_HEAD`, 'discard_busy');
    await refused(`${head}.git/CHERRY_PICK_HEAD`, 'discard_busy');
    await refused('mkdir .git/rebase-merge', 'discard_busy');
    await refused(
      'git stash -q; echo c > a; git commit -qam two; git stash apply -q >/dev/null 2>&1; true',
      'discard_busy',
    );
    await refused(': > .git/index.lock', 'discard_locked');
    await refused('git update-ref -d HEAD', 'discard_no_commit');
    for (const change of [
      'echo c > a',
      'echo more > more',
      'git add a',
      'git commit -qam x',
      'touch a',
      'git checkout -qb x',
    ]) {
      await refused(change, 'discard_moved');
    }
    // The last commit's file is gone from the repository: nothing could come back.
    await refused('f=$(git rev-parse HEAD:a); rm -f .git/objects/${f:0:2}/${f:2}', 'discard_lost');
    // Only what was a file comes back, while a folder of its name has others.
    const top = await box.repository('echo a > a');
    await git(top, 'rm a; mkdir a; echo in > a/in');
    const before_ = await fingerprint(top);
    await failsAs(discarded(top, 'a'), 'discard_in_the_way');
    assert.equal(await fingerprint(top), before_);
  });

  it('runs nothing that the repository configures, and leaves submodules, filtered and hidden files as they are', async () => {
    const lib = await box.repository('echo lib > lib');
    const top = await box.repository(
      `printf '*.big filter=F\n* diff=D merge=M\n' > .gitattributes; for f in a b hidden x.big gone.big; do echo $f > $f; done; ` +
        `git -c protocol.file.allow=always submodule --quiet add ${lib} sub`,
    );
    await git(
      top,
      `printf '#!/bin/sh\necho "$0" >> /tmp/discard-ran; cat\n' > /tmp/canary; chmod 755 /tmp/canary; : > /tmp/discard-ran; ` +
        'git -C sub -c user.name=t -c user.email=t@t commit -q --allow-empty -m two; git update-index --assume-unchanged hidden; ' +
        'for f in a hidden x.big; do echo 2 > $f; done; rm b gone.big; echo n > n; git init -q nested; ' +
        'for h in post-index-change reference-transaction post-checkout pre-commit; do cp /tmp/canary .git/hooks/$h; done; mkdir hooks; cp .git/hooks/* hooks; rm hooks/*.sample; ' +
        'for s in core.fsmonitor filter.F.clean filter.F.smudge filter.F.process diff.D.textconv diff.D.command diff.external merge.M.driver gpg.program core.editor core.sshCommand; do git config $s /tmp/canary; done; ' +
        'git config filter.F.required true; git config commit.gpgSign true; git config log.showSignature true; git config core.hooksPath .git/hooks; git config core.logAllRefUpdates false; ' +
        'git symbolic-ref refs/stash refs/heads/main',
    );
    const main = await git(top, 'git rev-parse main');
    const plan = await told(top);
    assert.deepEqual(plan.staying, ['gone.big', 'hidden', 'sub', 'x.big', 'nested/']);
    const stash = await act(top, plan.state);
    assert.equal(await box.bash('cat /tmp/discard-ran'), '');
    const now =
      'cat a b hidden x.big; ls; git rev-parse main stash@{0}; git ls-files -v hidden; git -C sub log --format=%s -n 1';
    assert.equal(
      await git(top, `rm -r hooks; ${now}`).catch((error: unknown) => String(error)),
      `a\nb\n2\n2\na\nb\nhidden\nnested\nsub\nx.big\n${main}${stash}\nh hidden\ntwo\n`,
    );
    await git(top, 'git status 2>&1 || true');
    assert.notEqual(await box.bash('cat /tmp/discard-ran'), '', 'the settings are live: git itself runs them');
  });

  it('acts as the owner of the repository where it can, and not at all where it cannot', async () => {
    const top = await box.repository('echo a > a');
    // Users are of a real machine: what asks for them and becomes one is put in place of the devbox's own.
    await git(
      top,
      `echo b > a; mkdir /tmp/as; printf '#!/bin/bash\n[ "$2" = "%%u %%g" ] && echo 12 34 || exec /usr/bin/stat "$@"\n' > /tmp/as/stat; ` +
        `printf '#!/bin/bash\necho "\${@:1:4}" > /tmp/became; exec "\${@:4}"\n' > /tmp/as/setpriv; printf '#!/bin/bash\ncat /tmp/me\n' > /tmp/as/id; chmod 755 /tmp/as/*`,
    );
    const { commands } = box;
    const changes = new DevboxChanges({
      devboxId: box.id,
      requireRunning: () => Promise.resolve(),
      commands: { run: (script, options) => commands.run(`PATH=/tmp/as:$PATH; export PATH\n${script}`, options) },
    });
    await git(top, 'echo 56 > /tmp/me');
    await failsAs(discardable(changes, { top, paths: [], signal }), 'discard_denied');
    await git(top, 'echo 12 > /tmp/me');
    const { state } = await discardable(changes, { top, paths: [], signal });
    await git(top, '[ ! -e /tmp/became ]; echo 0 > /tmp/me');
    await discard(changes, { top, paths: [], signal, state, devboxId: box.id });
    assert.equal(await git(top, 'cat a /tmp/became'), 'a\n--reuid=12 --regid=34 --clear-groups bash\n');
  });

  it('leaves an index that git reads whatever its form: worktrees, SHA-256, split, sparse, with its cache of names', async () => {
    const forms: readonly (readonly [what: string, setUp: string])[] = [
      ['worktree', 'git worktree add -q ../w-$(basename $PWD) && cd ../w-$(basename $PWD)'],
      [
        'SHA-256',
        'rm -rf .git; git init -q --object-format=sha256; git config user.name t; git config user.email t@t; git add -A; git commit -qm one',
      ],
      ['split', 'git config core.splitIndex true; git update-index --split-index'],
      ['sparse', 'git sparse-checkout set --cone --sparse-index d'],
      [
        'cache of names',
        'git config core.untrackedCache true; git update-index --untracked-cache; git status >/dev/null',
      ],
      ['CRLF', 'git config core.autocrlf true; rm a d/x; git checkout -q -- a d/x'],
    ];
    for (const [what, setUp] of forms) {
      const of = await box.repository(
        'seq 200 > a; mkdir d o; echo x > d/x; for i in $(seq 40); do echo $i > o/$i; done',
      );
      const top = (await git(of, `{ ${setUp}; } >/dev/null 2>&1; pwd`)).trim();
      const now =
        'git status --porcelain; git ls-files -t; cat a d/x n/n 2>/dev/null | sha256sum; git fsck 2>&1 | grep -v dangling; git diff HEAD --stat';
      const committed = await git(top, now);
      await git(
        top,
        `sed -i s/^7/seven/ a; git add a; sed -i s/^8/eight/ a; git rm -q d/x; mkdir n; printf "n\\r\\n" > n/n`,
      );
      const changed = await git(top, now);
      const stash = await discarded(top);
      assert.equal(await git(top, now), committed, what);
      await git(top, `git stash apply -q --index ${stash}`);
      assert.equal(await git(top, now), changed, what);
    }
  });

  it('says so where not all can be written back, and has kept all by then', async () => {
    const top = await box.repository('mkdir d; echo x > d/x; echo a > a');
    await git(top, 'echo y > d/x; echo b > a; echo n > d/n; chmod a-w d');
    await failsAs(discarded(top), 'discard_partly');
    assert.equal(
      await git(top, 'ls .git/*.lock 2>/dev/null; git show stash@{0}:d/x stash@{0}:a stash@{0}^3:d/n; chmod u+w d'),
      'y\nb\nn\n',
    );
  });
});
