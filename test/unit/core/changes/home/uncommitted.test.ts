import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openClone } from '../../../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../../../src/core/changes/home/devboxBundle';
import { receivePatch, type ArrivedChanges } from '../../../../../src/core/changes/home/uncommitted';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { waitFor } from '../../../../eventually';
import { signal } from '../useChanges';
import { fewFiles, usePairs, type Pair } from './usePair';

describe('Uncommitted changes of a devbox', function () {
  this.timeout(120_000);
  const pairs = usePairs('uncommitted', fewFiles);
  const { folder, sh, pair } = pairs;

  const arrive = async ({ top, clone }: Pair): Promise<ArrivedChanges | undefined> =>
    receivePatch(await openClone(clone, signal), { patch: await pairs.box.changes.patch(top, 'head', signal), signal });
  const state = (clone: string): string =>
    sh(
      clone,
      'git for-each-ref; git -c core.hooksPath=/dev/null status --porcelain; git count-objects -v; sha256sum .git/index .git/config; ls -lR .',
    );
  const failsAs = async (work: Promise<unknown>, id: string): Promise<void> => {
    await assert.rejects(work, (error) => RuntimeError.is(error, 'file') && error.problem.id === id);
  };

  it('become staged ones of a clone, by the same hashes: binaries, modes, links, names, what is gone and moved', async () => {
    const places = await pair(
      `sed -i 's/^7$/seven/' a; rm b; head -c 20000 /dev/urandom > bin; chmod 755 d/x; ln -s a link; git mv a 'a b' 2>/dev/null; ` +
        `printf n > $'n\\n"q'; printf u > ü; git add -A -n >/dev/null`,
    );
    const { top, clone } = places;
    sh(clone, 'echo mine > untracked; mkdir sub');
    const untouched = state(clone);
    const arrived = (await arrive(places)) ?? assert.fail();
    assert.equal(state(clone), untouched);
    assert.equal(arrived.paths.length, 8);
    await arrived.apply(signal);
    await arrived.dispose();
    const tree = await pairs.box.bash(`cd ${top} && git add -A && git write-tree`);
    assert.equal(sh(clone, 'git write-tree'), tree);
    assert.match(
      sh(clone, 'cat untracked; git diff --name-only; git status --porcelain | grep -c "^[AMDRT] "'),
      /^mine\n\d\n$/,
    );
    // From a folder within, and nothing further where there is nothing.
    assert.equal(sh(folder, 'ls -d runloop-home-* 2>/dev/null | wc -l'), '0\n');
    const none = await pair('true');
    assert.equal(await arrive(none), undefined);
    const within = await pair('echo more >> d/x; echo c > c');
    const local = await openClone(join(within.clone, 'd'), signal);
    const patch = await pairs.box.changes.patch(within.top, 'head', signal);
    const inFolder = (await receivePatch(local, { patch, signal })) ?? assert.fail();
    await inFolder.apply(signal);
    await inFolder.dispose();
    assert.equal(sh(within.clone, 'cat c d/x'), 'c\nx\nmore\n');
  });

  it('are refused over changes of its own, over a clone that moves meanwhile, and where they do not fit', async () => {
    const dirty = await pair('echo more >> b');
    sh(dirty.clone, 'echo mine >> a');
    await failsAs(arrive(dirty), 'home_dirty');
    sh(dirty.clone, 'git add a');
    await failsAs(arrive(dirty), 'home_dirty');
    assert.equal(sh(dirty.clone, 'git status --porcelain'), 'M  a\n');
    const moving = await pair('echo more >> b');
    const arrived = (await arrive(moving)) ?? assert.fail();
    sh(moving.clone, 'git -c user.name=t -c user.email=t@t commit -q --allow-empty -m x');
    await failsAs(arrived.apply(signal), 'home_moved');
    sh(moving.clone, 'git reset -q --hard HEAD~1; echo mine > b');
    await failsAs(arrived.apply(signal), 'home_dirty');
    assert.equal(sh(moving.clone, 'cat b'), 'mine\n');
    await arrived.dispose();
    const other = await pair('echo more >> b; echo n > n');
    sh(other.clone, 'echo other > b; git -c user.name=t -c user.email=t@t commit -qam other');
    const before_ = state(other.clone);
    await failsAs(arrive(other), 'home_no_fit');
    assert.equal(state(other.clone), before_);
    // Something of this name that nobody follows is not written over, and nothing else is brought then.
    const taken = await pair('echo more >> b; echo n > n');
    sh(taken.clone, 'echo mine > n');
    const whole = (await arrive(taken)) ?? assert.fail();
    await failsAs(whole.apply(signal), 'home_git_failed');
    assert.equal(sh(taken.clone, 'cat n b; git status --porcelain'), 'mine\nb\n?? n\n');
    await whole.dispose();
  });

  it('are put back, each of them, where one cannot be written, and are not broken off half-way', async () => {
    const shared =
      "printf '*.f filter=F\\n' > .gitattributes; git add .gitattributes; git commit -q --amend -m first --date=2026-01-01T00:00:00Z";
    const both = `GIT_COMMITTER_DATE=2026-01-01T00:00:00Z; export GIT_COMMITTER_DATE; ${shared}; mkdir w; echo w > w/w; git add w; git commit -qm w --date=2026-01-01T00:00:00Z`;
    const there = `${both}; echo more >> a; rm b; rm -r d; echo file > d; rm w/w; rmdir w; mkdir -p w/w new/er; echo x > w/w/x; echo n > new/er/n; chmod 755 bin; ln -s a link; echo f > z.f`;
    const places = await pair(there, `${both}; echo mine > untracked; mkdir -p empty; touch -d 2001-01-01 a`);
    sh(
      places.clone,
      'git config filter.F.smudge false; git config filter.F.required true; git config filter.F.clean cat',
    );
    const files = (): string =>
      sh(
        places.clone,
        "find . -path ./.git -prune -o -printf '%P %y %m %l\\n' | sort; find . -path ./.git -prune -o -type f -print0 | xargs -0 sha256sum | sort; " +
          'stat -c %Y a; git ls-files -s; git status --porcelain',
      );
    const arrived = (await arrive(places)) ?? assert.fail();
    const before = files();
    await failsAs(arrived.apply(signal), 'home_git_failed');
    assert.equal(files(), before);
    // Cancelled while it is written.
    sh(places.clone, `git config filter.F.smudge 'touch "${folder}/began"; sleep 1; cat'`);
    const stop = new AbortController();
    const applied = arrived.apply(stop.signal);
    await waitFor('the filter', () => existsSync(join(folder, 'began')) || undefined);
    stop.abort();
    await applied;
    await arrived.dispose();
    assert.equal(sh(places.clone, 'cat w/w/x new/er/n z.f; git diff'), 'x\nn\nf\n');
  });

  it('are refused where case does not count and names are the same but for it, as a link out and a folder', async () => {
    const twins = await pair('ln -s /tmp Folder; mkdir folder; echo x > folder/x');
    sh(twins.clone, 'git config core.ignoreCase true');
    const before_ = state(twins.clone);
    await failsAs(arrive(twins), 'home_refused');
    // Of what was there before as well.
    const other = await pair('mkdir D; echo x > D/y');
    sh(other.clone, 'git config core.ignoreCase true');
    await failsAs(arrive(other), 'home_refused');
    assert.equal(state(twins.clone), before_);
    const apart = await pair('mkdir e; echo x > e/d; echo more >> d/x');
    sh(apart.clone, 'git config core.ignoreCase true');
    await (await arrive(apart))?.dispose();
  });

  it('come into a clone whose files have other times than its index knows', async () => {
    const places = await pair('echo more >> a; rm b');
    sh(places.clone, 'touch -d 2001-01-01 a b');
    const arrived = (await arrive(places)) ?? assert.fail();
    await arrived.apply(signal);
    await arrived.dispose();
    assert.equal(sh(places.clone, 'git status --porcelain'), 'M  a\nD  b\n');
  });

  it('are refused with names that git would leave out without a word', async () => {
    for (const hostile of ['mkdir .GIT; echo x > .GIT/config', 'ln -s ../../etc .gitmodules']) {
      await failsAs(arrive(await pair(`echo more >> b; ${hostile}`)), 'patch_names');
    }
  });

  it('from a hostile devbox read nothing of the clone, run nothing and bring no name that no clone may have', async () => {
    const { clone } = await pair('true');
    sh(
      clone,
      'git config secret.key hidden; for h in post-index-change post-checkout; do printf "#!/bin/sh\\ntouch ../ran\\n" > .git/hooks/$h; chmod +x .git/hooks/$h; done',
    );
    const added = (name: string, mode = '100644', text = 'x'): string =>
      `diff --git a/${name} b/${name}\nnew file mode ${mode}\nindex 0000000..1111111\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+${text}\n`;
    const copied = 'diff --git a/.git/config b/stolen\nsimilarity index 100%\ncopy from .git/config\ncopy to stolen\n';
    const link = added('l', '120000', '.git').replace('+.git\n', '+.git\n\\ No newline at end of file\n');
    const hostile: readonly (readonly [what: string, patch: string])[] = [
      ['copies .git/config', copied],
      ['renames it', copied.replaceAll('copy', 'rename')],
      ['.git/hooks', added('.git/hooks/post-checkout', '100755', 'touch /tmp/ran')],
      ['..', added('../../out')],
      ['.GIT', added('.GIT/config')],
      ['git~1', added('git~1/config')],
      ['through a link', link + added('l/config')],
      ['.g<U+200C>it', added('.g\u200cit/config')],
      ['..\\out', added('..\\\\out\\\\x').replaceAll(/(?<= )[ab]\/\S+/g, '"$&"')],
      [
        '.gitmodules',
        added('.gitmodules', '100644', '[submodule "x"]\n+ path = x\n+ url = -u./evil').replace('+1 @@', '+1,3 @@'),
      ],
      ['no patch', 'whatever'],
    ];
    const local = await openClone(clone, signal);
    for (const [what, patch] of hostile) {
      const before_ = state(clone);
      const work = receivePatch(local, { patch: Buffer.from(patch), signal });
      await assert.rejects(work, (error) => RuntimeError.is(error, 'file'), what);
      assert.equal(state(clone), before_, what);
      assert.equal(sh(folder, 'ls -d runloop-home-* ran 2>/dev/null | wc -l'), '0\n', what);
    }
    const odd = await receivePatch(local, { patch: Buffer.from(link.replaceAll('.git\n', '/etc/x\n')), signal });
    assert.deepEqual(odd?.oddNames, [{ path: 'l', fault: 'linkOut' }]);
    await odd.dispose();
  });

  it('and commits are bounded: more than is taken is not made, and not read', async () => {
    const { top, clone } = await pair('head -c 60000 /dev/urandom > big; git add -A; git commit -qm big');
    const repository = await pairs.box.read(top);
    const { known } = await openClone(clone, signal);
    const context = { changes: pairs.box.changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
    const file = join(folder, 'bounded');
    await failsAs(fetchBundle(context, repository, { known, file, signal, most: 50_000 }), 'home_large');
    assert.equal(await pairs.box.bash('ls -A /var/tmp/.runloop-devboxes-* | grep -c "^home" || true'), '0\n');
    assert.equal(await fetchBundle(context, repository, { known, file, signal, most: 100_000 }), 1);
  });
});
