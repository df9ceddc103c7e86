import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { textOfPath } from '../../../../src/core/files/pathText';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, short, signal, type ChangesDevbox } from './useChanges';

describe('The changes in a folder without git', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;
  let count = 0;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'folder' });
  });

  /** A folder of its own, as these commands make it, that nobody has looked at. */
  async function folder(setUp = 'true'): Promise<string> {
    count += 1;
    const top = `/tmp/plain/${count}`;
    await box.bash(`mkdir -p ${top} && cd ${top} && { ${setUp}\n}`);
    return top;
  }
  const inside = (top: string, command: string): Promise<string> => box.bash(`cd ${top}; ${command}`);
  const since = async (top: string): Promise<string[] | undefined> => {
    const { groups } = await box.changes.readFolder(top, signal);
    assert.deepEqual(groups.uncommitted, []);
    return groups.sinceStart?.map(short);
  };
  const sides = async (top: string, path: string): Promise<[string, string]> =>
    box.sidesIn(await box.changes.readFolder(top, signal), path, 'sinceStart');
  const fails = (work: Promise<unknown>, id: string): Promise<void> =>
    assert.rejects(work, (error) => RuntimeError.is(error, 'file') && error.problem.id === id, id);
  /** Every byte, mode, name and time in the folder. */
  const fingerprint = (top: string): Promise<string> =>
    inside(
      top,
      `find . -printf '%p %y %m %s %T@ %C@ %l\\n' | sort; find . -type f -readable -exec sha256sum {} + | sort`,
    );

  it('are none at first, then what differs from that, with both sides, and nothing is written into it', async () => {
    const top = await folder('for f in a b c run; do echo $f > $f; done; mkdir in; echo d > in/d; ln -s a link');
    assert.deepEqual(await box.changes.find(top, signal), {
      repositories: [],
      plain: top,
      isNoted: false,
      more: 0,
      isCut: false,
    });
    assert.deepEqual(await since(top), []);
    assert.deepEqual(await box.changes.find(top, signal), {
      repositories: [],
      plain: top,
      isNoted: true,
      more: 0,
      isCut: false,
    });
    await inside(top, 'echo more >> a; rm b; mv c moved; chmod +x run; echo e > in/e; ln -sfn run link; touch in/d');
    const was = await fingerprint(top);
    const found = await box.changes.readFolder(top, signal);
    assert.deepEqual(found.groups.sinceStart?.map(short), [
      'modified a',
      'deleted b',
      'added in/e',
      'modified link',
      'renamed moved < c',
      'modified run',
    ]);
    assert.deepEqual(found.groups.sinceStart.at(-1)?.after?.mode, '100755');
    assert.deepEqual(await sides(top, 'a'), ['a\n', 'a\nmore\n']);
    assert.deepEqual(await sides(top, 'b'), ['b\n', '-']);
    assert.deepEqual(await sides(top, 'in/e'), ['-', 'e\n']);
    assert.deepEqual(await sides(top, 'link'), ['a', 'run']);
    assert.deepEqual(await sides(top, 'moved'), ['c\n', 'c\n']);
    assert.equal(await fingerprint(top), was);
    await inside(top, 'echo a > a; echo b > b; mv moved c; chmod -x run; rm in/e; ln -sfn a link');
    assert.deepEqual(await since(top), []);
  });

  it('are found by their bytes where size and time are as before', async () => {
    const top = await folder('echo 1 > a; touch -d 2001-01-01 a');
    await since(top);
    await inside(top, 'echo 2 > a; touch -d 2001-01-01 a');
    assert.deepEqual(await sides(top, 'a'), ['1\n', '2\n']);
    // What was changed in the second of the first look is read again at each one: a later change may have the same time.
    const fresh = await folder('echo 1 > a; echo 1 > b; sleep 2.5; echo 2 > b');
    await since(fresh);
    const records = `/var/tmp/.runloop-devboxes-*/${box.changes.keyOf(fresh)}/folder/records`;
    assert.equal(
      await box.bash(`tr '\\0' '\\n' < $(echo ${records}) | sed 's/.*[0-9] *\\(.*\\)/\\1/'`),
      '//a\njust//b\n',
    );
    assert.deepEqual(await since(fresh), []);
  });

  it('are read whatever files are called, and lead nowhere else', async () => {
    const names = `$'new\\nline' $'\\xff\\xfe' '"quoted"' ' ' '-rf' ':(glob)x' '*' '@' "it's \\$(touch ran)" 'x[$(touch ran)]' 'a\\b' 'é' $'t\\tab' .GIT 'git~1' '.git '`;
    const top = await folder(`for n in ${names}; do echo one > "./$n"; mkdir "d$n"; echo in > "d$n/$n"; done`);
    await since(top);
    await inside(
      top,
      `for n in ${names}; do echo two > "./$n"; rm "d$n/$n"; echo u > "new$n"; ln -s "./$n" "l$n"; done; ln -s /etc/passwd out; ln -s / root`,
    );
    assert.equal((await since(top))?.length, 4 * 16 + 2);
    for (const name of [
      'new\nline',
      '\xff\xfe',
      '-rf',
      '*',
      '@',
      "it's $(touch ran)",
      'x[$(touch ran)]',
      '.GIT',
      '.git ',
    ]) {
      const path = textOfPath(Buffer.from(name, 'latin1'));
      assert.deepEqual(await sides(top, path), ['one\n', 'two\n'], path);
      assert.deepEqual(await sides(top, `l${path}`), ['-', `./${name}`]);
      assert.deepEqual(await sides(top, `d${path}/${path}`), ['in\n', '-']);
    }
    assert.equal(await box.bash(`ls ~/ran ${top}/ran 2>/dev/null || echo no`), 'no\n');
  });

  it('are not held up or bent by pipes, sockets and what steers git', async () => {
    const top = await folder(
      "mkfifo pipe .gitignore in.git; mkdir sub; mkfifo sub/.gitattributes; printf '* text eol=crlf filter=x\\n' > .gitattributes; printf 'a\\nb\\n' > lf; echo s > s",
    );
    assert.deepEqual(await since(top), []);
    await inside(
      top,
      "rm .gitignore; echo '*' > .gitignore; printf 'a\\r\\nb\\r\\n' > lf; rm s; mkfifo s; echo n > new; mkfifo more",
    );
    assert.deepEqual(await since(top), ['added .gitignore', 'modified lf', 'added new', 'deleted s']);
    assert.deepEqual(await sides(top, 'lf'), ['a\nb\n', 'a\r\nb\r\n']);
  });

  it('know large files by size and time, and say so', async () => {
    const top = await folder('head -c 6000000 /dev/zero > large; head -c 6000000 /dev/zero > same; echo a > a');
    await since(top);
    await inside(top, 'printf x >> large; touch -r same ref; chmod 600 same; rm ref');
    const { groups } = await box.changes.readFolder(top, signal);
    assert.deepEqual(groups.sinceStart?.map(short), ['modified large']);
    assert.deepEqual(
      groups.sinceStart.map(({ after }) => [after?.isLarge, after?.size]),
      [[true, 6_000_001]],
    );
    const [was, is] = await sides(top, 'large');
    assert.match(was, /^Not kept: known by its size \(6000000 bytes\) and time \(\d+\.\d+\) only\.\n$/);
    assert.equal(is, '{"kind":"large","size":6000001}');
  });

  it('leave repositories within to themselves, but for files that were there before', async () => {
    const top = await folder(
      'mkdir own later node_modules; git init -q own; echo o > own/o; echo l > later/l; echo x > node_modules/x',
    );
    assert.deepEqual((await box.changes.find(top, signal)).repositories, [`${top}/own`]);
    await since(top);
    await inside(
      top,
      'echo oo > own/o; echo xx > node_modules/x; git init -q later; echo ll > later/l; git init -q new; echo n > new/n',
    );
    assert.deepEqual(await since(top), ['modified later/l']);
    assert.deepEqual(await box.changes.find(top, signal), {
      repositories: [`${top}/later`, `${top}/new`, `${top}/own`],
      plain: top,
      isNoted: true,
      more: 0,
      isCut: false,
    });
    // A repository in or around it is no folder without git.
    assert.equal((await box.changes.find(`${top}/later`, signal)).plain, undefined);
    await inside(top, 'mkdir later/deep');
    assert.equal((await box.changes.find(`${top}/later/deep`, signal)).plain, undefined);
  });

  it('go on from the same start when it becomes a repository', async () => {
    const top = await folder(
      'for f in a b c; do echo $f > $f; done; mkdir out; echo o > out/o; head -c 6000000 /dev/zero > large',
    );
    await since(top);
    await box.changes.noteTurn(top, signal, { hasGit: false });
    await inside(
      top,
      'echo its >> a; rm b; git init -q; echo out > .gitignore; git add -A; git -c user.name=t -c user.email=t@t commit -qm one; echo c2 > c; echo n > new',
    );
    const { plain, repositories } = await box.changes.find(top, signal);
    assert.deepEqual([plain, repositories], [undefined, [top]]);
    // What is ignored is not gone.
    assert.deepEqual(await box.groups(top), {
      uncommitted: ['modified c', 'untracked new'],
      since: ['added .gitignore', 'modified a', 'deleted b', 'modified c', 'added new'],
    });
    assert.deepEqual(await box.sides(top, 'a', 'sinceStart'), ['a\n', 'a\nits\n']);
    assert.deepEqual(await box.sides(top, 'b', 'sinceStart'), ['b\n', '-']);
    assert.deepEqual(await box.sides(top, 'c'), ['c\n', 'c2\n']);
    assert.match((await box.changes.folderPatch(top, 'start', signal)).toString(), /^\+its$/m);
    await box.changes.noteTurn(top, signal);
    await inside(top, 'echo turn > c');
    assert.deepEqual((await box.read(top)).groups.thisTurn?.map(short), ['modified c']);
    assert.equal((await box.groups(top)).since?.length, 5);
    // With hashes of another kind nothing can be compared: it begins anew.
    await inside(top, 'rm -rf .git; git init -q --object-format=sha256');
    assert.deepEqual((await box.groups(top)).since, []);
  });

  it('do not take for deleted what cannot be read any more', async () => {
    const top = await folder('mkdir shut; echo 1 > shut/a; echo 1 > secret; echo 1 > open');
    await since(top);
    await inside(top, 'chmod 000 shut secret; echo 2 > open');
    const isRoot = (await box.bash('id -u')) === '0\n';
    const found = await box.changes.readFolder(top, signal);
    await inside(top, 'chmod 755 shut; chmod 644 secret');
    const expected = isRoot ? ['modified open'] : ['modified open', 'modified secret', 'added shut'];
    assert.deepEqual(found.groups.sinceStart?.map(short), expected);
    assert.deepEqual(await since(top), ['modified open']);
  });

  it('in a huge folder are refused in words, and contents are kept up to a sum', async () => {
    const huge = await folder('seq -f %.0f 20001 | xargs touch');
    const many = (most: number) => (error: unknown) =>
      RuntimeError.is(error) &&
      error.problem.id === 'changes_folder_many' &&
      new RegExp(`more than ${String(most)} files`).test(error.message.replaceAll(',', ''));
    await assert.rejects(box.changes.readFolder(huge, signal), many(20_000));
    // What was noted may grow further.
    const grown = await folder('echo a > a');
    await since(grown);
    await inside(grown, 'seq -f %.0f 20001 | xargs touch');
    assert.equal((await box.changes.readFolder(grown, signal)).groups.sinceStart?.length, 20_001);
    await assert.rejects(box.changes.noteTurn(grown, signal, { hasGit: false }), many(20_000));
    await inside(grown, 'seq -f %.0f 20002 60001 | xargs touch');
    await assert.rejects(box.changes.readFolder(grown, signal), many(60_000));
    const top = await folder('for i in {1..25}; do head -c 4500000 /dev/zero > $i; done; echo a > a');
    await since(top);
    // Of those that are known by size and time, nothing is different then.
    await inside(top, 'chmod 600 *');
    assert.deepEqual(await since(top), []);
    await inside(top, 'for i in {1..25}; do echo x >> $i; done; echo b > a');
    const { groups } = await box.changes.readFolder(top, signal);
    assert.equal(groups.sinceStart?.length, 26);
    assert.deepEqual(await sides(top, 'a'), ['a\n', 'b\n']);
    const read = await box.changes.readFolder(top, signal);
    const all = await Promise.all([...Array(25).keys()].map((i) => box.sidesIn(read, String(i + 1), 'sinceStart')));
    const notKept = all.filter(([was]) => was.startsWith('Not kept'));
    assert.equal(notKept.length, 2);
  });

  it('go into a patch that git takes, and a turn of an agent begins anew', async () => {
    const top = await folder(
      "echo a > a; printf '\\0\\1' > bin; ln -s a link; echo c > c; echo gone > gone; echo d > $'d\\n\"'",
    );
    await since(top);
    await inside(top, 'mkdir ../was; cp -a . ../was');
    await inside(top, "echo b >> a; printf '\\0\\2' > bin; ln -sfn c link; chmod +x c; rm gone; mv $'d\\n\"' e");
    const patch = await box.changes.folderPatch(top, 'start', signal);
    await box.bash(
      `cd ${top}/../was; printf %s '${patch.toString('base64')}' | base64 -d > ../p; git apply ../p; diff -r --no-dereference . ${top}; test -x c; rm -rf ../was`,
    );
    await fails(box.changes.folderPatch(top, 'turn', signal), 'turn_unknown');
    await box.changes.noteTurn(top, signal, { hasGit: false });
    await inside(top, 'echo turn >> a');
    const { groups, report } = await box.changes.readFolder(top, signal);
    assert.deepEqual(groups.thisTurn?.map(short), ['modified a']);
    assert.ok((report.turn?.atMs ?? 0) >= (report.start?.atMs ?? Infinity));
    assert.deepEqual(await box.sidesIn({ top, report, groups, digest: '' }, 'a', 'thisTurn'), [
      'a\nb\n',
      'a\nb\nturn\n',
    ]);
    assert.match(
      (await box.changes.folderPatch(top, 'turn', signal)).toString(),
      /^diff --git a\/a b\/a\n[^]*\n\+turn\n$/,
    );
    await box.changes.noteTurn(top, signal, { hasGit: false });
    assert.deepEqual((await box.changes.readFolder(top, signal)).groups.thisTurn, []);
    await inside(top, 'echo x > .GIT; head -c 6000000 /dev/zero > large');
    await fails(box.changes.folderPatch(top, 'turn', signal), 'patch_folder_large');
    await inside(top, 'rm large');
    await fails(box.changes.folderPatch(top, 'turn', signal), 'patch_names');
    assert.equal(await box.bash(`ls -A /var/tmp/.runloop-devboxes-* | grep -c '^look' || true`), '0\n');
  });
});
