import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { textOfPath } from '../../../../src/core/files/pathText';
import { usePlatform } from '../../../platform/usePlatform';
import { requireSidesAsThere } from './requireSides';
import { changesDevbox, requireAsGitSays, short, signal, type ChangesDevbox } from './useChanges';

describe('The changes in a repository of a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api);
  });

  it('are none in a clean one, then what differs from the commit and from the start', async () => {
    const top = await box.repository('echo a > a; echo b > b; echo c > c; printf x > run');
    assert.deepEqual(await box.groups(top), { uncommitted: [], since: [] });
    await box.bash(`cd ${top}; echo more >> a; rm b; git mv c d; chmod +x run; echo new > e; echo st > f; git add f`);
    const now = ['modified a', 'deleted b', 'renamed d < c', 'untracked e', 'added f', 'modified run'];
    assert.deepEqual(await box.groups(top), { uncommitted: now, since: now });
    await requireAsGitSays(box, top);
    assert.deepEqual(await box.sides(top, 'd'), ['c\n', 'c\n']);
    await box.bash(`cd ${top}; git add -A; git commit -qm two; echo x >> e`);
    assert.deepEqual(await box.groups(top), {
      uncommitted: ['modified e'],
      since: ['modified a', 'deleted b', 'renamed d < c', 'added e', 'added f', 'modified run'],
    });
    assert.deepEqual(await box.sides(top, 'e'), ['new\n', 'new\nx\n']);
    assert.deepEqual(await box.sides(top, 'e', 'sinceStart'), ['-', 'new\nx\n']);
    assert.deepEqual(await box.sides(top, 'b', 'sinceStart'), ['b\n', '-']);
  });

  it('since the start leave out what already differed then, until it changes again', async () => {
    const top = await box.repository('echo 1 > was; echo 1 > gone; ln -s was link; echo 1 > mode');
    await box.bash(
      `cd ${top}; echo 2 > was; rm gone; ln -sfn gone link; chmod 755 mode; echo u > untracked; echo s > $'st\\nage'; git add $'st\\nage'; ` +
        `echo q > '"q'; ln -s /etc/passwd out; head -c 6000000 /dev/zero > large`,
    );
    const first = await box.groups(top);
    assert.equal(first.uncommitted.length, 9);
    assert.deepEqual(first.since, []);
    assert.deepEqual(await box.groups(top), first);
    await box.bash(
      `cd ${top}; echo 3 > was; echo back > gone; ln -sfn mode link; echo v > untracked; echo t > $'st\\nage'; ` +
        `echo r > '"q'; rm out; printf x >> large`,
    );
    assert.deepEqual((await box.groups(top)).since, [
      'modified "q',
      'added gone',
      'modified large',
      'modified link',
      'deleted out',
      'modified st\nage',
      'modified untracked',
      'modified was',
    ]);
    const since = (path: string): Promise<[string, string]> => box.sides(top, path, 'sinceStart');
    assert.deepEqual(await since('was'), ['2\n', '3\n']);
    assert.deepEqual(await since('untracked'), ['u\n', 'v\n']);
    assert.deepEqual(await since('"q'), ['q\n', 'r\n']);
    assert.deepEqual(await since('st\nage'), ['s\n', 't\n']);
    assert.deepEqual(await since('link'), ['gone', 'mode']);
    assert.deepEqual(await since('out'), ['/etc/passwd', '-']);
    assert.match((await since('large'))[0], /^Not kept: known by its size \(6000000 bytes\)/);
    assert.deepEqual((await since('large'))[1], '{"kind":"large","size":6000001}');
    // Committed as it was at the start: no change since then.
    await box.bash(`cd ${top}; git checkout -q -- link; echo 2 > was; git add -A; git commit -qm all; rm -rf large`);
    assert.deepEqual(
      (await box.groups(top)).since?.filter((one) => /was|mode|link/.test(one)),
      ['modified link'],
    );
  });

  it('are read whatever they are called, and lead nowhere else', async () => {
    const names = `$'new\\nline' $'\\xff\\xfe' '"quoted"' ' ' '-rf' ':(glob)x' '*' "it's \\$(touch ran)" 'a\\b' 'é' $'t\\tab' $'cr\\r' $'c\\rr' cr`;
    const top = await box.repository(`for n in ${names}; do echo one > "./$n"; mkdir "d$n"; echo in > "d$n/$n"; done`);
    await box.read(await box.bash(`cd ${top}; echo early > $'early\\r'`).then(() => top));
    await box.bash(
      `cd ${top}; echo late > $'early\\r'; for n in ${names}; do echo two > "./$n"; rm "d$n/$n"; echo u > "new$n"; ln -s "./$n" "l$n"; done`,
    );
    const { groups } = await requireAsGitSays(box, top);
    assert.equal(groups.uncommitted.length, 57);
    const since = groups.uncommitted.map(short).map((one) => one.replace('untracked early', 'modified early'));
    assert.deepEqual(groups.sinceStart?.map(short), since);
    for (const name of ['new\nline', '\xff\xfe', '-rf', '*', "it's $(touch ran)"]) {
      const path = textOfPath(Buffer.from(name, 'latin1'));
      assert.deepEqual(await box.sides(top, path), ['one\n', 'two\n'], path);
      assert.deepEqual(await box.sides(top, `l${path}`), ['-', `./${name}`]);
    }
    assert.deepEqual(await box.sides(top, 'early\r', 'sinceStart'), ['early\n', 'late\n']);
    // Not by the hash of the file whose name is the same without its end.
    const { groups: now } = await box.bash(`cd ${top}; echo three > cr`).then(() => box.read(top));
    const ids = ['cr', 'cr\r'].map((path) => now.uncommitted.find((one) => one.path === path)?.after?.id);
    assert.deepEqual(ids, (await box.bash(`cd ${top}; git hash-object cr ./cr?`)).trim().split('\n'));
    assert.equal(await box.bash(`ls ~/ran ${top}/ran 2>/dev/null || echo no`), 'no\n');
  });

  it('are told of links, modes, kinds, conflicts, binaries and what cannot be read', async () => {
    const top = await box.repository(
      `echo a > a; echo f > f; ln -s a l; echo x > dir; printf '\\0\\1\\2' > bin; echo c > c; git add -A; git commit -qm base; ` +
        'git checkout -qb other; echo other > c; echo theirs > both; git add -A; git commit -qm other; git checkout -q main; echo main > c; git rm -q --cached f; rm f',
    );
    await box.bash(
      `cd ${top}; git merge other >/dev/null || true; rm l; echo file > l; rm dir; mkdir dir; echo in > dir/in; ` +
        `printf '\\0\\1\\3' > bin; mkfifo pipe; echo secret > shut; chmod 000 shut; git add -N shut 2>/dev/null || true; echo n > n; git add -N n`,
    );
    const { groups } = await requireAsGitSays(box, top);
    const kinds = groups.uncommitted.map(short);
    for (const one of ['conflict c', 'typeChanged l', 'deleted dir', 'untracked dir/in', 'modified bin', 'added n']) {
      assert.ok(kinds.includes(one), `${one} in ${kinds.join()}`);
    }
    assert.deepEqual(await box.sides(top, 'l'), ['a', 'file\n']);
    const [ours, work] = await box.sides(top, 'c');
    assert.equal(ours, 'main\n');
    assert.match(work, /<<<<<<< /);
    assert.deepEqual(await box.sides(top, 'bin'), ['\0\x01\x02', '\0\x01\x03']);
    // The start is kept with a conflict as it is in the folder.
    await box.bash(`cd ${top}; echo solved > c; git add c`);
    const [before_, after] = await box.sides(top, 'c', 'sinceStart');
    assert.match(before_, /<<<<<<< /);
    assert.equal(after, 'solved\n');
  });

  it('tell of edits that git is told to overlook, and of files that pass a filter', async () => {
    const top = await box.repository(
      `echo 1 > a; echo 1 > s; echo 1 > $'n\\nl'; echo 1 > kept; echo '*.big filter=lfs' > .gitattributes; echo pointer > x.big`,
    );
    await box.bash(
      `cd ${top}; git update-index --assume-unchanged a $'n\\nl' kept; git update-index --skip-worktree s; for f in a s $'n\\nl' x.big; do echo 2 > "$f"; done`,
    );
    assert.deepEqual(await box.groups(top), {
      uncommitted: ['modified a hidden', 'modified n\nl hidden', 'modified s hidden', 'modified x.big filtered'],
      since: [],
    });
    // What is not checked out on purpose is no deletion.
    await box.bash(`cd ${top}; rm s`);
    assert.ok(!(await box.groups(top)).uncommitted.some((one) => one.startsWith('deleted')));
  });

  it('do not take for there what is below a link to itself, of which git says nothing', async () => {
    const top = await box.repository('mkdir d; echo in > d/x');
    await box.bash(`cd ${top}; rm -r d; ln -s ./d d`);
    await requireAsGitSays(box, top);
    assert.deepEqual((await box.groups(top)).since, []);
    await box.bash(`cd ${top}; rm d; mkdir d; echo in > d/x`);
    assert.deepEqual((await box.groups(top)).since, ['deleted d', 'added d/x']);
  });

  it('tell that files are gone in whose folder there is a link to itself now', async () => {
    const top = await box.repository('mkdir d e; echo in > d/x; echo in > d/y; echo in > e/x');
    await box.read(top);
    await box.bash(`cd ${top}; echo staged > d/y; echo new > d/z; git add -A; rm -r d e; ln -s ./d d; ln -s nowhere e`);
    const found = await requireAsGitSays(box, top);
    // Git lists what was staged there, as if it were there still.
    const listed = ['untracked d', 'deleted d/y', 'deleted d/z', 'untracked e', 'deleted e/x'];
    assert.deepEqual(found.groups.uncommitted.map(short), listed);
    await requireSidesAsThere(box, top, found);
    const gone = ['untracked d', 'deleted d/x', 'deleted d/y', 'untracked e', 'deleted e/x'];
    assert.deepEqual((await box.groups(top)).since, gone);
    assert.deepEqual(await box.sides(top, 'd/x', 'sinceStart'), ['in\n', '-']);
    assert.deepEqual(await box.sides(top, 'd/y', 'sinceStart'), ['in\n', '-']);
  });

  it('have their start also where the repository has cleared away what was only staged then', async () => {
    const top = await box.repository('echo one > a');
    await box.bash(`cd ${top}; echo staged > new; echo two > a; git add -A`);
    await box.read(top);
    await box.bash(`cd ${top}; git reset -q --hard; git gc -q --prune=now`);
    assert.deepEqual(await box.sides(top, 'new', 'sinceStart'), ['staged\n', '-']);
    assert.deepEqual(await box.sides(top, 'a', 'sinceStart'), ['two\n', 'one\n']);
  });

  it('tell of a file that was moved in the folder and that the index has at both places', async () => {
    const top = await box.repository('mkdir d; echo a line to know it by > d/x; echo other > a');
    await box.read(top);
    await box.bash(`cd ${top}; mkdir e; mv d/x e/x; git add -N e/x; echo more >> a`);
    const moved = ['modified a', 'renamed e/x < d/x'];
    assert.deepEqual(await box.groups(top), { uncommitted: moved, since: moved });
    assert.deepEqual(await box.sides(top, 'e/x', 'sinceStart'), Array(2).fill('a line to know it by\n'));
  });

  it('tell of such a file by what the commit has at both places, also if it was staged or moved before', async () => {
    const lines = (name: string): string => `yes ${name} | head -n 40 > ${name}`;
    const top = await box.repository(['staged', 'moved', 'over', 'there', 'over2', 'there2'].map(lines).join('; '));
    await box.read(top);
    await box.bash(
      `cp -a ${top} ${top}.start; cd ${top}; for n in staged over2; do echo more >> $n; git add $n; done; echo 1 > added; git add added; git mv moved moved2; ` +
        'git rm -q --cached there there2; mv staged s; mv added a; mv moved2 m; mv over there; mv over2 there2; git add -N s a m there there2',
    );
    const found = await requireAsGitSays(box, top);
    const { uncommitted, sinceStart } = found.groups;
    const now = [
      'added a',
      'renamed m < moved',
      'deleted over',
      'deleted over2',
      'renamed s < staged',
      'modified there',
      'modified there2',
    ];
    assert.deepEqual(uncommitted.map(short), now);
    assert.ok((await requireSidesAsThere(box, top, found, { start: `${top}.start` })) > 20);
    const told = sinceStart?.flatMap(({ path, from = path }) => [path, from]);
    assert.deepEqual([...new Set(told)].sort(), ['a', 'm', 'moved', 'over', 'over2', 's', 'staged', 'there', 'there2']);
  });

  it('are those of the repository that is asked for: worktrees, submodules and nested ones by themselves', async () => {
    const top = await box.repository('echo a > a; mkdir -p deep/er; echo d > deep/er/d');
    const other = await box.repository('echo lib > lib');
    await box.bash(
      `cd ${top}; git -c protocol.file.allow=always submodule add -q ${other} sub; git commit -qam sub; git worktree add -q /tmp/of-changes/tree; ` +
        `mkdir nested; cd nested; git init -q; echo n > n; mkdir -p ../node_modules/x; cd ../node_modules/x; git init -q; echo node_modules > ${top}/.git/info/exclude`,
    );
    const found = await box.changes.find(`${top}/deep/er`, signal);
    assert.deepEqual(found, { repositories: [top], plain: undefined, isNoted: false, more: 0, isCut: false });
    assert.deepEqual((await box.changes.find(top, signal)).repositories, [
      top,
      `${top}/nested`,
      `${top}/sub`,
      '/tmp/of-changes/tree',
    ]);
    await box.read(top);
    await box.bash(
      `cd ${top}/sub; echo more >> lib; git -c user.name=t -c user.email=t@t commit -qam more; echo dirt >> lib; echo w >> /tmp/of-changes/tree/a`,
    );
    const { groups } = await requireAsGitSays(box, top);
    assert.deepEqual(groups.uncommitted.map(short), ['untracked nested/', 'modified sub']);
    assert.deepEqual(groups.sinceStart?.map(short), ['modified sub']);
    const [was, now] = await box.sides(top, 'sub');
    assert.match(was, /"commit"/);
    assert.notEqual(was, now);
    assert.deepEqual((await box.groups(`${top}/sub`)).uncommitted, ['modified lib']);
    assert.deepEqual((await box.groups('/tmp/of-changes/tree')).uncommitted, ['modified a']);
    assert.deepEqual((await box.groups(`${top}/nested`)).uncommitted, ['untracked n']);
  });

  it('are read before the first commit, with SHA-256, a split index and a sparse checkout', async () => {
    await box.bash(
      'mkdir -p /tmp/of-changes/unborn; cd /tmp/of-changes/unborn; git init -q; echo a > a; git add a; echo b > b',
    );
    const unborn = await requireAsGitSays(box, '/tmp/of-changes/unborn');
    assert.deepEqual(unborn.groups.uncommitted.map(short), ['added a', 'untracked b']);
    assert.deepEqual(unborn.groups.sinceStart, []);
    await box.bash(
      'mkdir -p /tmp/of-changes/long; cd /tmp/of-changes/long; git init -q --object-format=sha256; echo a > a; git add a; git -c user.name=t -c user.email=t@t commit -qm a; echo b >> a',
    );
    await requireAsGitSays(box, '/tmp/of-changes/long');
    await box.bash('echo c >> /tmp/of-changes/long/a');
    assert.deepEqual(await box.sides('/tmp/of-changes/long', 'a', 'sinceStart'), ['a\nb\n', 'a\nb\nc\n']);
    const top = await box.repository('mkdir in out; echo 1 > in/a; echo 1 > out/b; echo 1 > c');
    await box.bash(`cd ${top}; git update-index --split-index; echo 2 > c`);
    await requireAsGitSays(box, top);
    await box.bash(`cd ${top}; git sparse-checkout set --cone --sparse-index in; echo 2 > in/a`);
    const sparse = await requireAsGitSays(box, top);
    assert.deepEqual(sparse.groups.uncommitted.map(short), ['modified c', 'modified in/a']);
    assert.deepEqual(sparse.groups.sinceStart?.map(short), ['modified in/a']);
  });

  it('that were made in the second of the index are found, as git finds them', async () => {
    const top = await box.repository('echo aa > f');
    for (const text of ['bb', 'cc', 'dd']) {
      await box.bash(`cd ${top}; git add -A; git commit -qm x --allow-empty; echo ${text} > f`);
      await requireAsGitSays(box, top);
      assert.deepEqual((await box.groups(top)).uncommitted, ['modified f']);
    }
  });

  it('say why they cannot be read', async () => {
    const fails = (work: Promise<unknown>, id: string): Promise<void> =>
      assert.rejects(work, (error) => {
        assert.ok(RuntimeError.is(error, 'file'), String(error));
        assert.equal(error.problem.id, id);
        return true;
      });
    await fails(box.read('/tmp/of-changes/none'), 'changes_gone');
    await fails(box.read('/tmp'), 'changes_not_repository');
    const top = await box.repository('echo a > a');
    await fails(box.read(`${top}/.git`), 'changes_not_repository');
    await box.bash(`cd ${top}; git config core.worktree /etc`);
    await fails(box.read(top), 'changes_elsewhere');
    await box.bash(`cd ${top}; git config --unset core.worktree; head -c 40 /dev/urandom > .git/index`);
    await fails(box.read(top), 'changes_unreadable');
    assert.equal(await box.bash(`ls -A /var/tmp/.runloop-devboxes-* | grep -c '^look' || true`), '0\n');
  });
});
