import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { discard, discardable, type Discardable } from '../../../../src/core/changes/discard';
import { RuntimeError } from '../../../../src/core/errors';
import { quote } from '../../../../src/ground/shellWords';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, short, signal, type ChangesDevbox } from './useChanges';

describe('A turn of an agent', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'turn' });
  });

  const note = (top: string): Promise<void> => box.changes.noteTurn(top, signal);
  const git = (top: string, command: string): Promise<string> => box.bash(`cd ${top}; ${command}`);
  const turn = async (top: string): Promise<string[] | undefined> => (await box.read(top)).groups.thisTurn?.map(short);
  const paths = async (top: string): Promise<string[]> =>
    ((await box.read(top)).groups.thisTurn ?? []).flatMap(({ path, from }) =>
      from === undefined ? [path] : [path, from],
    );
  const planned = async (top: string): Promise<Discardable & { paths: string[] }> => {
    const all = await paths(top);
    return { ...(await discardable(box.changes, { top, paths: all, to: 'turn', signal })), paths: all };
  };
  const back = async (top: string): Promise<string> => {
    const { state, paths: all } = await planned(top);
    return discard(box.changes, { top, paths: all, to: 'turn', state, devboxId: box.id, signal });
  };
  /** Every byte, mode and name in the folder. */
  const folder = (top: string): Promise<string> =>
    git(
      top,
      `find . -path ./.git -prune -o \\( -type f -printf '%p %m ' -exec sha256sum {} \\; \\) -o -printf '%p %y %l\\n' | sort`,
    );

  it('is told by what was there before it, committed or not, and the next one begins anew', async () => {
    const top = await box.repository('for f in a b c d; do echo $f > $f; done');
    assert.equal(await turn(top), undefined);
    await git(top, 'echo mine >> a; echo mine > new; rm d');
    await note(top);
    assert.deepEqual(await turn(top), []);
    await git(top, 'echo its >> a; echo its >> b; git add b; git commit -qm two; echo its > other; rm new; git mv c e');
    assert.deepEqual(await turn(top), ['modified a', 'modified b', 'renamed e < c', 'deleted new', 'untracked other']);
    assert.deepEqual(await box.sides(top, 'a', 'thisTurn'), ['a\nmine\n', 'a\nmine\nits\n']);
    assert.deepEqual(await box.sides(top, 'new', 'thisTurn'), ['mine\n', '-']);
    const { groups } = await box.read(top);
    assert.ok(groups.sinceStart?.some(({ path }) => path === 'd'));
    await note(top);
    assert.deepEqual(await turn(top), []);
    await git(top, 'echo more >> a');
    // Also of what only the turn before it had kept.
    assert.deepEqual(await box.sides(top, 'a', 'thisTurn'), ['a\nmine\nits\n', 'a\nmine\nits\nmore\n']);
    assert.match((await box.changes.patch(top, 'turn', signal)).toString(), /^diff --git a\/a b\/a\n[^]*\n\+more\n$/);
  });

  it('is noted by two windows at once: the newest counts, and none is told that it could not be', async () => {
    const top = await box.repository('echo a > a');
    const plain = '/tmp/of-turn/plain';
    await git(top, `echo mine >> a; mkdir ${plain}; echo p > ${plain}/p`);
    // Another window's comes to its place right before each of ours, by one that is put there first.
    await box.bash(
      `mkdir -p /tmp/two-mv; printf '#!/bin/bash\\nfor to; do :; done; case $to in */turn) [ ! -d "\${@: -2:1}" ] || [ -e "$to.done" ] || { : > "$to.done"; cp -a -- "\${@: -2:1}" "$to"; echo theirs > "$to/theirs"; };; esac; exec %s "$@"\\n' "$(command -v mv)" > /tmp/two-mv/mv; chmod 755 /tmp/two-mv /tmp/two-mv/mv`,
    );
    const { commands, id: devboxId } = box;
    const second = new DevboxChanges({
      devboxId,
      requireRunning: () => Promise.resolve(),
      commands: { run: (script, options) => commands.run(`PATH=/tmp/two-mv:$PATH\n${script}`, options) },
    });
    await box.changes.readFolder(plain, signal);
    for (const [folder_, hasGit] of [
      [top, true],
      [plain, false],
    ] as const) {
      await second.noteTurn(folder_, signal, { hasGit });
      await Promise.all([1, 2, 3].map(() => box.changes.noteTurn(folder_, signal, { hasGit })));
    }
    assert.match(await box.bash('find /var/tmp/.runloop-devboxes-*/ -name turn.done | wc -l'), /^2\n$/);
    assert.equal(await box.bash('find /var/tmp/.runloop-devboxes-*/ -name theirs'), '');
    await git(top, `echo its >> a; echo its > ${plain}/p`);
    assert.deepEqual(await turn(top), ['modified a']);
    assert.deepEqual((await box.changes.readFolder(plain, signal)).groups.thisTurn?.map(short), ['modified p']);
  });

  it('is gone back to byte by byte, and what is left alone and what is lost are both kept', async () => {
    const top = await box.repository(
      "for f in a b c d keep; do seq 20 > $f; done; printf '*.txt text eol=crlf\\n' > .gitattributes; printf 'x\\n' > t.txt; mkdir dir; echo 1 > dir/1",
    );
    await git(
      top,
      "echo mine >> a; echo mine > new; chmod 755 b; rm d; ln -s a link; printf 'lf\\nonly\\n' > t.txt; echo staged > s; git add s; echo mine >> keep; printf '\\377' > $'o\\n\"\\377'",
    );
    const before_ = await folder(top);
    await note(top);
    await git(
      top,
      "echo its >> a; chmod 644 b; echo its >> c; git add c; git commit -qm two c; seq 3 > d; rm link; echo l > link; printf 'its\\n' > t.txt; rm new; mkdir new; echo in > new/in; rm -r dir; echo file > dir; echo its > s; echo x > $'o\\n\"\\377'; echo its > only",
    );
    const after = await folder(top);
    const plan = await planned(top);
    assert.equal(await folder(top), after);
    assert.deepEqual(plan.staying, []);
    const kinds = new Map(plan.lost.map(({ path, kind }) => [path, kind]));
    assert.deepEqual(
      ['a', 'new', 'new/in', 'dir', 'dir/1', 'only', 'c', 'keep'].map((path) => kinds.get(path)),
      ['modified', 'modified', 'untracked', 'untracked', 'deleted', 'untracked', 'modified', undefined],
    );
    const stash = await back(top);
    assert.equal(await folder(top), before_);
    assert.equal(await turn(top).then((all) => all?.join()), '');
    assert.equal(await git(top, 'git rev-parse stash@{0}'), `${stash}\n`);
    assert.equal(
      await git(top, `git show ${stash}:a | tail -1; git show ${stash}^3:only; git show ${stash}^3:new/in`),
      'its\nits\nin\n',
    );
    // What did not change in the turn is not in it.
    assert.equal(
      await git(top, `git diff --name-only HEAD ${stash} -- keep; git fsck --strict --no-dangling 2>&1`),
      '',
    );
    assert.equal(await git(top, 'git diff --cached --name-status; git log --format=%s'), 'two\none\n');
  });

  it('is no longer gone back to where it changed since the question, or is not known', async () => {
    const top = await box.repository('echo a > a');
    await note(top);
    await git(top, 'echo b > a');
    const { state, paths: all } = await planned(top);
    await git(top, 'echo c > a');
    const fails = async (work: Promise<unknown>, id: string): Promise<void> => {
      await assert.rejects(work, (error) => RuntimeError.is(error, 'file') && error.problem.id === id, id);
    };
    const meant = { top, paths: all, to: 'turn', signal } as const;
    await fails(discard(box.changes, { ...meant, state, devboxId: box.id }), 'discard_moved');
    assert.equal(await git(top, 'cat a'), 'c\n');
    await box.bash('rm -rf /var/tmp/.runloop-devboxes-*/*/*/turn');
    await fails(discardable(box.changes, meant), 'turn_unknown');
    assert.equal(await turn(top), undefined);
  });

  it('leaves large files alone that it knows by size and time only', async () => {
    const top = await box.repository('echo a > a');
    await git(top, 'head -c 6000000 /dev/zero > large');
    await note(top);
    await git(top, 'echo b > a; head -c 6000001 /dev/zero > large');
    const { lost, staying } = await planned(top);
    assert.deepEqual([lost.map(({ path }) => path), staying], [['a'], ['large']]);
    await back(top);
    assert.equal(await git(top, 'cat a; stat -c %s large'), 'a\n6000001\n');
  });

  it('is gone back to by root in a repository of somebody else, whose files stay theirs', async () => {
    const top = await box.repository('echo a > a; mkdir d; echo x > d/x');
    await box.bash(`sudo chown -R nobody ${top}`);
    const { commands, id } = box;
    const asRoot = new DevboxChanges({
      devboxId: id,
      requireRunning: () => Promise.resolve(),
      commands: { run: (script, options) => commands.run(`exec sudo bash -c ${quote(script)}`, options) },
    });
    const told = async (): Promise<string[] | undefined> =>
      (await asRoot.read(top, signal)).groups.thisTurn?.map(short);
    const rooted = (command: string): Promise<string> => box.bash(`sudo bash -c ${quote(`cd ${top}; ${command}`)}`);
    await rooted('echo mine >> a; echo mine > new; chown nobody a new');
    await asRoot.noteTurn(top, signal);
    await rooted('echo its >> a; rm new; echo its > d/other; chown -R nobody d');
    assert.deepEqual(await told(), ['modified a', 'untracked d/other', 'deleted new']);
    const of = await asRoot.read(top, signal);
    const change = of.groups.thisTurn?.find(({ path }) => path === 'new') ?? assert.fail();
    const side = change.before ?? assert.fail();
    const content = await asRoot.content(of, { path: 'new', side }, { most: 1_000, signal });
    assert.equal('bytes' in content && content.bytes.toString(), 'mine\n');
    assert.match((await asRoot.patch(top, 'turn', signal)).toString(), /^\+its$/m);
    const meant = { top, paths: ['a', 'new', 'd/other'], to: 'turn', signal } as const;
    const { state, lost } = await discardable(asRoot, meant);
    assert.deepEqual(lost.map(({ path, kind }) => `${kind} ${path}`).sort(), [
      'deleted new',
      'modified a',
      'untracked d/other',
    ]);
    await discard(asRoot, { ...meant, state, devboxId: id });
    assert.equal(await rooted('cat a new; ls d; find . ! -user nobody'), 'a\nmine\nmine\nx\n');
    assert.deepEqual(await told(), []);
    // What root has kept before goes on.
    await box.bash(
      `sudo bash -c 'mkdir -p -m 700 /var/tmp/.runloop-devboxes-0; mv /var/tmp/.runloop-devboxes-$(id -u nobody)/* /var/tmp/.runloop-devboxes-0/'`,
    );
    await rooted('echo later > later');
    assert.deepEqual((await asRoot.read(top, signal)).groups.sinceStart?.map(short).at(-1), 'untracked later');
    assert.deepEqual((await asRoot.read(top, signal)).groups.thisTurn?.map(short), ['untracked later']);
  });
});
