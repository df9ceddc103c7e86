import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openClone } from '../../../../../src/core/changes/home/clone';
import { sendable, type Sendable } from '../../../../../src/core/changes/home/send';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { signal } from '../useChanges';
import { fewFiles, usePairs, type Pair } from './usePair';

describe('Changes of a clone for a devbox', function () {
  this.timeout(120_000);
  const pairs = usePairs('sent', `${fewFiles} && echo ignored > .gitignore`);
  const { folder, sh, pair } = pairs;

  const look = async ({ top, clone }: Pair): Promise<Sendable | undefined> =>
    sendable(
      { changes: pairs.box.changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id },
      await pairs.box.read(top),
      {
        clone: await openClone(clone, signal),
        signal,
      },
    );
  const send = async (places: Pair): Promise<string[]> => {
    const found = (await look(places)) ?? assert.fail('nothing to send');
    assert.deepEqual(found.conflicts, []);
    await found.send(signal);
    await found.dispose();
    return found.files.map(({ kind, path }) => `${kind} ${path}`).toSorted();
  };
  const state = (clone: string): string =>
    sh(clone, 'git for-each-ref; git status --porcelain; git count-objects -v; sha256sum .git/index .git/config');
  const there = (top: string): Promise<string> =>
    pairs.box.bash(
      `cd ${top}; git rev-parse HEAD; sha256sum .git/index; find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum`,
    );
  const failsAs = async (work: Promise<unknown>, id: string): Promise<void> => {
    await assert.rejects(work, (error) => RuntimeError.is(error, 'file') && error.problem.id === id, id);
  };

  it('become uncommitted ones, commits and all, by the same hashes: binaries, modes, links, names, what is gone', async () => {
    const places = await pair(
      'true',
      `sed -i 's/^7$/seven/' a; git commit -qam second; rm b; head -c 20000 /dev/urandom > bin; chmod 755 d/x; ln -s a link; ` +
        `printf n > $'n\\n"q'; mkdir new; printf u > new/ü; echo no > ignored`,
    );
    const { top, clone } = places;
    const [untouched, before] = [state(clone), await there(top)];
    const found = (await look(places)) ?? assert.fail();
    assert.equal(await there(top), before, 'only read');
    await found.dispose();
    assert.deepEqual(await send(places), [
      'added link',
      'added n\n"q',
      'added new/ü',
      'deleted b',
      'modified a',
      'modified bin',
      'modified d/x',
    ]);
    assert.equal(state(clone), untouched, 'the clone is only read');
    const made = await pairs.box.bash(
      `cd ${top} && git rev-parse HEAD && git add -A && git write-tree && git ls-files ignored`,
    );
    assert.equal(made, sh(clone, 'git rev-parse HEAD~1; git add -A; git write-tree'));
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => /^runloop-(home|send)-/.test(name)),
      [],
    );
    assert.equal(await pairs.box.bash('ls -d /tmp/.runloop-devboxes-*-* 2>/dev/null | wc -l'), '0\n');
  });

  it('go on from what was brought here from the devbox, as a commit or staged, and from nothing else', async () => {
    const uncommitted = `seq 19 > a; echo there >> a; printf '\\1bin' > bin; rm b; echo new > "n e"`;
    const brought = `${uncommitted}; git add -A`;
    const refined = 'echo here >> a; printf "\\2bin" > bin; echo again > b; echo newer > "n e"';
    for (const kept of ['git commit -qm brought', 'true']) {
      const places = await pair(uncommitted, `${brought}; ${kept}; ${refined}`);
      assert.deepEqual(await send(places), ['added b', 'modified a', 'modified bin', 'modified n e'], kept);
      assert.equal(await look(places), undefined, 'nothing is new');
    }
    const other = await pair(`${uncommitted}; echo other >> a`, `${brought}; git commit -qm brought; ${refined}`);
    assert.deepEqual((await look(other))?.conflicts, ['a']);
  });

  it('can be sent again and again, over what was sent before', async () => {
    const places = await pair('true', 'echo one > a; echo new > n');
    assert.deepEqual(await send(places), ['added n', 'modified a']);
    assert.equal(await look(places), undefined, 'nothing is new');
    sh(places.clone, 'echo two > a; rm n');
    assert.deepEqual(await send(places), ['modified a', 'deleted n'].toSorted());
    assert.equal(await pairs.box.bash(`cd ${places.top}; cat a; ls`), 'two\na\nb\nbin\nd\n');
    sh(places.clone, 'git checkout -q a');
    assert.deepEqual(await send(places), ['modified a'], 'taken back here, too');
    assert.equal(await pairs.box.bash(`cd ${places.top}; git status --porcelain`), '');
    // What somebody made of it there is not taken back.
    sh(places.clone, 'echo three > a');
    await send(places);
    await pairs.box.bash(`cd ${places.top}; echo theirs >> a`);
    sh(places.clone, 'git checkout -q a');
    assert.equal(await look(places), undefined);
  });

  it('are put together with what was changed in the devbox elsewhere, and refused where it was changed in the same place', async () => {
    const places = await pair(
      `sed -i 's/^2$/two/' a; git commit -qam agent; sed -i 's/^20$/twenty/' a; echo theirs > b; echo untracked > n; rm d/x`,
      `sed -i 's/^10$/ten/' a`,
    );
    assert.deepEqual(await send(places), ['merged a']);
    assert.equal(
      await pairs.box.bash(`cd ${places.top}; tr '\\n' ' ' < a`),
      '1 two 3 4 5 6 7 8 9 ten 11 12 13 14 15 16 17 18 19 twenty ',
    );
    assert.equal(await look(places), undefined, 'nothing is new, and what was changed there is not written over');
    sh(places.clone, 'echo mine > b; echo mine > n; echo mine > d/x; echo more > d/y');
    const before = await there(places.top);
    const found = (await look(places)) ?? assert.fail();
    assert.deepEqual(found.conflicts.toSorted(), ['b', 'd/x', 'n']);
    await found.dispose();
    assert.equal(await there(places.top), before);
  });

  it('are not written where files changed since they were told', async () => {
    const places = await pair('true', 'echo mine > a; echo new > n');
    const found = (await look(places)) ?? assert.fail();
    await pairs.box.bash(`cd ${places.top}; echo theirs > a`);
    const before = await there(places.top);
    await failsAs(found.send(signal), 'send_moved');
    assert.equal(await there(places.top), before);
    await found.dispose();
  });

  it('go through no link and into no folder or pipe that is in the way', async () => {
    const places = await pair(
      'rm -r d; mkdir /tmp/outside; ln -s /tmp/outside d; rm b; mkdir b; mkfifo n',
      'echo mine > d/x; echo mine > d/y; echo mine > b; echo mine > n',
    );
    const found = (await look(places)) ?? assert.fail();
    assert.deepEqual([found.blocked.toSorted(), found.conflicts], [['b', 'd/x', 'd/y', 'n'], []]);
    await found.dispose();
    assert.equal(await pairs.box.bash('ls /tmp/outside'), '');
  });

  it('are told to have something in their way where a file became a folder here, or a folder a file; not where that is gone there', async () => {
    const places = await pair('true', 'rm b; mkdir b; echo mine > b/x; rm -r d; echo mine > d; echo mine > a');
    const before = await there(places.top);
    const found = (await look(places)) ?? assert.fail();
    assert.deepEqual([found.blocked.toSorted(), found.conflicts], [['b/x', 'd'], []]);
    await found.dispose();
    assert.equal(await there(places.top), before);
    await pairs.box.bash(`cd ${places.top}; rm -r b d`);
    assert.deepEqual(await send(places), ['added b/x', 'added d', 'modified a']);
    assert.equal(await pairs.box.bash(`cd ${places.top}; cat b/x d a`), 'mine\nmine\nmine\n');
  });

  it('run nothing that the repository configures', async () => {
    const places = await pair(
      `printf '#!/bin/sh\\necho ran >> /tmp/ran\\n' > /tmp/canary; chmod +x /tmp/canary; echo 'a filter=x' > .gitattributes; git add -A; git commit -qm attributes; ` +
        `git config filter.x.clean /tmp/canary; git config filter.x.smudge /tmp/canary; git config core.fsmonitor /tmp/canary; ` +
        `for h in post-index-change pre-commit post-checkout; do cp /tmp/canary .git/hooks/$h; done; rm -f /tmp/ran`,
      'echo mine > a; echo mine > b; echo "d/x filter=y" > .gitattributes; echo mine > d/x',
    );
    const found = (await look(places)) ?? assert.fail();
    assert.deepEqual(found.staying, ['a', 'd/x'], 'what passes a filter here or there');
    assert.deepEqual(found.conflicts, ['.gitattributes']);
    await found.dispose();
    sh(places.clone, 'rm .gitattributes; git checkout -q d/x');
    assert.deepEqual(await send(places), ['modified b']);
    assert.equal(await pairs.box.bash(`cat ${places.top}/b; ls /tmp/ran 2>/dev/null; true`), 'mine\n');
  });

  it('are found as they are: changed in the second of the last add, outside of a sparse checkout, below an odd name', async () => {
    const places = await pair(
      'true',
      'git sparse-checkout set --cone nothing; mkdir -p d; echo new > d/y; git config core.splitIndex true; git update-index --split-index; ' +
        // The same size, in the same second; then that second is over.
        'touch -d "2026-02-02 12:00:00" b; git update-index --refresh; git add b; touch -d "2026-02-02 12:00:00" .git/index; ' +
        'sed -i s/b/c/ b; touch -d "2026-02-02 12:00:00" b; git config core.checkStat minimal; git config core.trustctime false; ' +
        'for i in $(seq 30); do echo $i > many$i; done',
    );
    const odd = join(folder, `-"\\d\n $(id) ü'`);
    execFileSync('mv', ['-T', '--', places.clone, odd]);
    const git = (): string => sh(odd, 'find .git -type f -print0 | sort -z | xargs -0 sha256sum');
    const before = git();
    const sent = await send({ ...places, clone: odd });
    assert.equal(git(), before, 'nothing is written to the clone');
    assert.deepEqual(
      sent.filter((one) => !one.includes('many')),
      ['added d/y', 'modified b'],
    );
    assert.equal(await pairs.box.bash(`cd ${places.top}; cat b d/y`), 'c\nnew\n');
  });

  it('go to a shallow clone', async () => {
    const two = 'echo 2 > b; git commit -qam two; ';
    const places = await pair(
      `${two} git clone -q --depth 1 "file://$PWD" /tmp/shallow; rm -rf .git; mv /tmp/shallow/.git .git`,
      `${two} echo new > n`,
    );
    assert.deepEqual(await send(places), ['added n']);
  });

  it('are taken back by their very names', async () => {
    const file = `echo g > ':(glob)x'; git add -A; git commit -qm g; `;
    const places = await pair(file, `${file} echo mine > ':(glob)x'`);
    await send(places);
    sh(places.clone, 'git checkout -q .');
    assert.deepEqual(await send(places), ['modified :(glob)x']);
    assert.equal(await pairs.box.bash(`cd ${places.top}; git status --porcelain`), '');
  });

  it('leave all as it was where not all can be written, and can be sent again', async () => {
    const places = await pair(
      'echo theirs >> a; mkdir 0; echo 0 > 0/0; mkdir 1; chmod 755 a',
      "sed -i 's/^3$/three/' a; rm b; mkdir 0 1; echo new > 0/new; echo new > 1/new; ln -s a link",
    );
    const found = (await look(places)) ?? assert.fail();
    assert.ok(found.files.some(({ kind, path }) => kind === 'merged' && path === 'a'));
    await pairs.box.bash(`chmod 555 ${places.top}/0`);
    const before = await there(places.top);
    await failsAs(found.send(signal), 'send_unwritten');
    assert.equal(await there(places.top), before);
    await found.dispose();
    await pairs.box.bash(`chmod 755 ${places.top}/0`);
    assert.deepEqual(await send(places), ['added 0/new', 'added 1/new', 'added link', 'deleted b', 'merged a']);
  });

  it('are written to the end once that has begun, whoever leaves, and told as not known where nobody knows', async () => {
    const places = await pair('true', 'echo mine > b; echo n > n');
    const found = (await look(places)) ?? assert.fail();
    const { commands } = pairs.box;
    const run = commands.run.bind(commands);
    const stop = new AbortController();
    try {
      commands.run = (command, options) => {
        setTimeout(() => stop.abort(), 2_500);
        return run(`sleep 4\n${command}`, options);
      };
      await found.send(stop.signal);
      commands.run = (_, options) => run('kill -9 $$', options);
      await failsAs(found.send(signal), 'send_maybe');
    } finally {
      commands.run = run;
    }
    await found.dispose();
    assert.equal(await pairs.box.bash(`cd ${places.top}; cat b n`), 'mine\nn\n');
  });

  it('are refused with the reason', async () => {
    const other = await pair('git commit -q --amend -m other', 'echo mine > a');
    await failsAs(look(other), 'send_unrelated');
    const busy = await pair(
      'true',
      'git checkout -qb x; echo x > a; git commit -qam x; git checkout -q main; echo y > a; git commit -qam y; git merge x >/dev/null; true',
    );
    await failsAs(look(busy), 'send_conflicts');
    const there = await pair(
      'git checkout -qb x; echo x > a; git commit -qam x; git checkout -q main; echo y > a; git commit -qam y; git merge x >/dev/null; true',
      'echo mine > b',
    );
    await failsAs(look(there), 'send_busy');
    const unborn = await pair(
      'true',
      `echo mine > a; mkdir -p "in/not born's"; cd "in/not born's"; git init -q; echo x > x`,
    );
    await assert.rejects(look(unborn), (error) => {
      assert.ok(RuntimeError.is(error, 'file'), String(error));
      assert.deepEqual([error.problem.id, error.problem.params], ['send_unborn', { name: "in/not born's" }]);
      return true;
    });
    const same = await pair('true', 'touch a');
    assert.equal(await look(same), undefined);
  });
});
