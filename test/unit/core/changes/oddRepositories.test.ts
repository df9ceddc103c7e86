import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, short, signal, type ChangesDevbox } from './useChanges';

/** What is done to a repository with the commit of `a`, `d/b` and a change of `a`, and how its look ends. */
interface OddRepository {
  readonly odd: string;
  readonly setUp: string;
  /** Changes in short, or the problem that is told. */
  readonly is: readonly string[] | RegExp;
}

const plain = ['modified a'];
const blocks = /^changes_(?:late|not_repository|unreadable)$/;

const repositories: readonly OddRepository[] = [
  {
    odd: 'alternates that lead to each other',
    setUp: `pwd -P | sed 's|$|/.git/objects|' > .git/objects/info/alternates`,
    is: plain,
  },
  {
    odd: 'alternates that are no folder',
    setUp: `printf '/dev/zero\\n/proc/self/mem\\n-x\\n"\\n' > .git/objects/info/alternates`,
    is: plain,
  },
  {
    odd: 'grafts',
    setUp: `echo "$(git rev-parse HEAD) 1111111111111111111111111111111111111111" > .git/info/grafts`,
    is: plain,
  },
  { odd: 'replaced objects', setUp: `git replace $(git rev-parse HEAD:a) $(git rev-parse HEAD:d/b)`, is: plain },
  { odd: 'core.worktree elsewhere', setUp: 'git config core.worktree /etc', is: /^changes_elsewhere$/ },
  { odd: 'core.bare', setUp: 'git config core.bare true', is: /^changes_not_repository$/ },
  {
    odd: 'includeIf of a program',
    setUp: `printf '[core]\\nfsmonitor=/tmp/canary\\n[alias]\\nrev-parse=!/tmp/canary\\n' > .git/more; git config includeIf.gitdir:/.path "$PWD/.git/more"`,
    is: plain,
  },
  { odd: 'an include of itself', setUp: 'git config include.path config', is: blocks },
  { odd: 'an include of an endless file', setUp: 'git config include.path /dev/zero', is: blocks },
  { odd: 'an index that is split', setUp: 'git update-index --split-index; git add a; git reset -q', is: plain },
  {
    odd: 'an index that is sparse',
    setUp: 'git sparse-checkout init --cone --sparse-index; git sparse-checkout set x',
    is: plain,
  },
  {
    odd: 'an index that claims a million entries',
    setUp: `printf 'DIRC\\0\\0\\0\\2\\0\\17\\377\\377' > .git/index; head -c 1000 /dev/zero >> .git/index`,
    is: blocks,
  },
  { odd: 'an index of 3 GB of holes', setUp: 'truncate -s 3G .git/index', is: blocks },
  {
    odd: 'an index that is a link to a device',
    setUp: 'rm .git/index; ln -s /dev/zero .git/index',
    is: /^changes_unreadable$/,
  },
  { odd: 'an index that is a pipe', setUp: 'rm .git/index; mkfifo .git/index', is: /^changes_unreadable$/ },
  {
    odd: 'a commit that is missing',
    setUp: "rm -f .git/objects/$(git rev-parse HEAD | sed 's|..|&/|')",
    is: /^changes_unreadable$/,
  },
  {
    odd: 'a format of references that git does not know',
    setUp: 'git config core.repositoryformatversion 1; git config extensions.refStorage reftable',
    is: /^(?:changes_not_repository|read)$/,
  },
  {
    odd: 'an extension that nobody knows',
    setUp: 'git config core.repositoryformatversion 1; git config extensions.x y',
    is: /^changes_not_repository$/,
  },
  {
    odd: 'filters by attributes in folders',
    setUp: `printf 'b filter=F diff=D\\n' > d/.gitattributes; git config filter.F.clean /tmp/canary; echo 2 > d/b`,
    is: ['modified a', 'untracked d/.gitattributes', 'modified d/b filtered'],
  },
  {
    odd: 'attributes that loop',
    setUp: `ln -s .gitattributes d/.gitattributes`,
    is: ['modified a', 'untracked d/.gitattributes'],
  },
  {
    odd: 'ignored names that take for ever',
    setUp: `printf '*a*a*a*a*a*a*a*a*a*a*a*b\\n' > .gitignore; : > $(printf 'a%.0s' {1..200})`,
    is: /^(?:changes_late|read)$/,
  },
  { odd: 'a HEAD that is a pipe', setUp: 'rm .git/HEAD; mkfifo .git/HEAD', is: blocks },
  { odd: 'packed references that are a pipe', setUp: 'mkfifo .git/packed-refs', is: /^(?:changes_late|read)$/ },
  { odd: 'a HEAD of itself', setUp: 'echo ref: HEAD > .git/HEAD', is: /^(?:changes_not_repository|read)$/ },
  {
    odd: 'a HEAD that leads out',
    setUp: 'echo ref: refs/../../../../etc/passwd > .git/HEAD',
    is: /^(?:changes_not_repository|read)$/,
  },
  {
    odd: 'references in a loop',
    setUp: 'echo ref: refs/heads/x > .git/refs/heads/main; echo ref: refs/heads/main > .git/refs/heads/x',
    is: /^(?:changes_not_repository|read)$/,
  },
  {
    odd: 'an endless list of what is ignored',
    setUp: 'rm -f .git/info/exclude; ln -s /dev/zero .git/info/exclude',
    is: plain,
  },
  {
    odd: '10,000 references',
    setUp: `h=$(git rev-parse HEAD); for i in $(seq 10000); do echo "create refs/heads/r/$i $h"; done | git update-ref --stdin`,
    is: plain,
  },
  {
    odd: 'names that are commands',
    setUp: `touch -- '$(touch ran)' '-rf' ':(glob)**' $'n\\nl' $'c\\r' '"q"' '\`touch ran\`' ':!a' ';touch ran'`,
    is: /^read$/,
  },
  {
    odd: 'a git directory of another repository',
    setUp: `git init -q ../other-$$; mv .git ../other-$$/mine; echo "gitdir: ../other-$$/mine" > .git`,
    is: plain,
  },
  {
    odd: 'a git file that leads to itself',
    setUp: 'mv .git .was; echo gitdir: .git > .git',
    is: /^changes_not_repository$/,
  },
  {
    odd: 'a git file of 100 MB',
    setUp: 'mv .git .was; head -c 100000000 /dev/zero > .git',
    is: /^changes_not_repository$/,
  },
  {
    odd: 'a commit that is a pipe',
    setUp: `o=.git/objects/$(git rev-parse HEAD | sed 's|..|&/|'); rm -f $o; mkfifo $o`,
    is: /^changes_late$/,
  },
  {
    odd: 'a commondir elsewhere',
    setUp: `git init -q ../common-$$; echo ../../common-$$/.git > .git/commondir; true`,
    is: /^(?:changes_unreadable|read)$/,
  },
  {
    odd: 'nested git directories that are pipes',
    setUp: 'for i in 1 2 3; do git init -q n$i; rm n$i/.git/HEAD; mkfifo n$i/.git/HEAD; done',
    is: /^(?:changes_late|read)$/,
  },
  {
    odd: 'alternates that lead out',
    setUp: `git init -q ../far-$$; echo "$PWD/../far-$$/.git/objects" > .git/objects/info/alternates`,
    is: plain,
  },
  {
    odd: 'a date that no clock tells',
    setUp:
      'c=$(git cat-file commit HEAD | sed -E "s/> [0-9]+ /> 99999999999999999999 /" | git hash-object -w -t commit --literally --stdin); git update-ref refs/heads/main $c',
    is: plain,
  },
  {
    odd: 'another encoding in its folder',
    setUp: `printf 'b working-tree-encoding=UTF-16\\n' > d/.gitattributes; printf 'odd' > d/b`,
    is: /^(?:changes_unreadable|read)$/,
  },
  {
    odd: 'names that Windows cannot hold, and that git itself has',
    setUp: `touch CON a:b 'dot.' 'space ' .GIT $'.g\\u200cit' git~1 nul.txt`,
    is: /^read$/,
  },
  {
    odd: 'shared indexes by the hundred',
    setUp: 'for i in $(seq 300); do head -c 100000 /dev/zero > .git/sharedindex.$i; done',
    is: plain,
  },
];

describe('An odd repository in a devbox', function () {
  this.timeout(300_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'odd', stepSeconds: 3 });
    await box.bash(
      `printf '#!/bin/sh\\necho canary "$0" >> /tmp/ran\\n' > /tmp/canary; chmod 755 /tmp/canary; : > /tmp/ran`,
    );
  });

  const fingerprint = (top: string): Promise<string> =>
    // Of objects that it has already, git renews the times.
    box.bash(
      `cd ${top}; find .git ! -path '.git/objects/??/*' -printf '%p %m %s %T@ %C@ %l\\n' | sort | sha256sum; find .git -type f -size -200M -print0 | sort -z | xargs -0 -r sha256sum | sha256sum`,
    );

  for (const { odd, setUp, is } of repositories) {
    it(`with ${odd} is read or told of, runs nothing and stays as it was`, async () => {
      const top = await box.repository('echo a > a; mkdir d; echo b > d/b');
      await box.bash(`cd ${top}; echo 2 > a; ${setUp}`);
      const before_ = await fingerprint(top);
      let end: string;
      let changes: string[] | undefined;
      try {
        const { groups } = await box.read(top);
        changes = groups.uncommitted.map(short);
        end = 'read';
      } catch (error) {
        assert.ok(RuntimeError.is(error, 'file'), String(error));
        end = error.problem.id;
      }
      if (is instanceof RegExp) assert.match(end, is);
      else assert.deepEqual(changes, is);
      assert.equal(await fingerprint(top), before_);
      assert.equal(
        await box.bash(
          `cat /tmp/ran; : > /tmp/ran; ls -d ${top}/ran 2>/dev/null; ls -A /var/tmp/.runloop-devboxes-* | grep '^look'; true`,
        ),
        '',
      );
    });
  }

  it('with worktrees by the ten thousand holds up the look at no other one, and says that there are more', async () => {
    const top = await box.repository('echo a > a');
    await box.bash(
      `git init -q ${top}/below; cd ${top}/.git; mkdir worktrees; cd worktrees; seq 10000 | xargs mkdir; mkdir /tmp/tree; echo gitdir: x > /tmp/tree/.git; echo /tmp/tree/.git | tee $(seq -f %g/gitdir 10000) >/dev/null`,
    );
    const { repositories, more, isCut } = await box.changes.find(top, signal);
    assert.deepEqual([repositories, more, isCut], [[top, `${top}/below`, '/tmp/tree'], 9950, false]);
  });
});
