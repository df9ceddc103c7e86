import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { fileProblemOf } from '../../../../src/core/files/fileErrors';
import { entriesOf } from '../../../../src/core/files/fileFacts';
import { searchFiles } from '../../../../src/core/files/fileSearch';
import { requireName, shownName, textOfPath } from '../../../../src/core/files/pathText';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('Bad input of the files of a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api);
  });

  async function fresh(setUp: string): Promise<string> {
    const dir = `/tmp/bad-${(count += 1)}`;
    await box.bash(`mkdir ${dir} && cd ${dir} && ${setUp}`);
    return dir;
  }
  const fails = (work: Promise<unknown>, ...ids: readonly string[]): Promise<void> =>
    assert.rejects(work, (error) => {
      assert.ok(ids.includes(fileProblemOf(error) ?? ''), String(error));
      return true;
    });
  const all = { create: true, overwrite: true, signal };
  const token = async (path: string): Promise<string> => (await box.files.stat(path, { signal })).token;
  async function read(path: string): Promise<Buffer> {
    return box.files.readWhole(path, await box.files.stat(path, { signal }), { signal, mostBytes: 20e6 });
  }

  it('what a file has become meanwhile is not written over: a folder, a link elsewhere, a pipe, another file, nothing', async () => {
    const became: Readonly<Record<string, readonly [string, string]>> = {
      folder: ['mkdir f', 'file_is_folder'],
      link: ['ln -s ../outside f', 'file_changed'],
      loop: ['ln -s f f', 'file_missing'],
      pipe: ['mkfifo f', 'file_special'],
      other: ['printf other > f', 'file_changed'],
      nothing: ['true', 'file_missing'],
    };
    await box.bash('printf outside > /tmp/outside');
    for (const [kind, [make, problem]] of Object.entries(became)) {
      for (const bytes of ['mine', Buffer.alloc(90_000, 1)]) {
        const dir = await fresh('printf old > f');
        const read_ = await box.files.stat(`${dir}/f`, { signal });
        await box.bash(`cd ${dir}; rm f; ${make}; find . -printf '%p %y %l\\n' > /tmp/before`);
        const saved = box.files.write(`${dir}/f`, content(bytes), { ...all, token: read_.token });
        // Linux calls a loop by another name.
        await (kind === 'loop' ? assert.rejects(saved) : fails(saved, problem));
        assert.equal(
          await box.bash(`cd ${dir}; find . -printf '%p %y %l\\n' | diff /tmp/before - && cat /tmp/outside`),
          'outside',
          kind,
        );
        // What was looked at before is not what is read now.
        if (kind === 'folder') {
          await fails(box.files.readWhole(`${dir}/f`, read_, { signal, mostBytes: 9e6 }), 'file_is_folder');
        }
        if (kind === 'pipe') {
          await fails(
            box.files.readWhole(`${dir}/f`, read_, { signal, mostBytes: 9e6 }),
            'file_special',
            'file_denied',
          );
        }
        if (kind === 'nothing') {
          await fails(box.files.readWhole(`${dir}/f`, read_, { signal, mostBytes: 9e6 }), 'file_missing');
        }
      }
    }
    const dir = await fresh('mkdir d; printf old > d/f');
    const before_ = await token(`${dir}/d/f`);
    await box.bash(`cd ${dir}; mv d e; printf x > d`);
    await fails(
      box.files.write(`${dir}/d/f`, content('mine'), { ...all, token: before_ }),
      'file_missing',
      'file_not_folder',
    );
    await fails(box.files.list(`${dir}/d`, { signal }), 'file_not_folder');
    assert.equal(await box.bash(`cat ${dir}/e/f ${dir}/d`), 'oldx');
  });

  it('a folder that has become a link out of the workspace leads no save and no removal there', async () => {
    const dir = await fresh('mkdir d d/in out; printf old > d/f; printf old > d/in/f; printf theirs > out/f');
    const looked = await token(`${dir}/d/f`);
    await box.bash(`cd ${dir}; mv d e; ln -s out d; rm -r e/in; ln -s ../out e/in`);
    await fails(box.files.write(`${dir}/d/f`, content('mine'), { ...all, token: looked }), 'file_changed');
    await box.files.delete(`${dir}/e`, { recursive: true, signal });
    await box.files.delete(`${dir}/d`, { recursive: true, signal });
    assert.equal(await box.bash(`cd ${dir}; cat out/f; find . | sort | tr '\\n' ' '`), 'theirs. ./out ./out/f ');
  });

  it('places that cannot be written, pipes and devices are refused with a word of their own', async () => {
    for (const [path, ...ids] of [
      ['/sys/fs/new', 'file_read_only', 'file_denied'],
      ['/proc/new', 'file_missing', 'file_denied'],
      ['/dev/full', 'file_special'],
      ['/dev/null', 'file_special'],
      ['/dev', 'file_is_folder'],
      ['/etc/hostname/x', 'file_not_folder'],
    ] as const) {
      await fails(box.files.write(path, content('x'), { ...all, token: 'any' }), ...ids);
    }
    await fails(box.files.createFolder('/sys/fs/new', { signal }), 'file_read_only', 'file_denied');
    await fails(
      box.files.rename('/sys/fs', '/sys/other', { overwrite: false, signal }),
      'file_read_only',
      'file_denied',
    );
    await fails(box.files.delete('/sys/fs', { recursive: true, signal }), 'file_read_only', 'file_denied');
    for (const path of ['/dev/zero', '/dev/tty', '/dev/full']) await fails(read(path), 'file_special');
    assert.equal((await read('/proc/version')).length > 0, true);
    const dir = await fresh(
      `mkfifo pipe; perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("socket")) or die'`,
    );
    for (const name of ['pipe', 'socket']) {
      await fails(read(`${dir}/${name}`), 'file_special');
      await fails(box.files.write(`${dir}/${name}`, content('x'), { ...all, token: 'any' }), 'file_special');
    }
    assert.equal(await box.bash(`cd ${dir}; find . -mindepth 1 -printf '%f %y\\n' | sort`), 'pipe p\nsocket s\n');
  });

  it('bytes that are no text, and 10 MB of them, come and go as they are', async () => {
    const dir = await fresh('true');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    for (const what of [bytes, Buffer.from('\r\n\0\ud800'), Buffer.alloc(10_000_000, bytes)]) {
      await box.files.write(`${dir}/f`, content(what), { ...all, token: 'any' });
      assert.ok((await read(`${dir}/f`)).equals(what));
    }
  });

  it('5,000 names of 255 bytes each, and a search that finds 10 MB in one line, do not break anything', async () => {
    const dir = await fresh(`for i in $(seq 10000 14999); do : > "$(printf '%0250d' 0)$i"; done`);
    assert.equal((await box.files.list(dir, { signal })).length, 5_000);
    const other = await fresh(
      'head -c 10000000 /dev/zero | tr "\\0" x > f; echo needle >> f; printf "\\nneedle\\n" >> f',
    );
    const query = { text: 'needle', isRegExp: false, matchCase: true, isWord: false, include: [], exclude: [] };
    const context = { devboxId: box.id, commands: box.commands, requireRunning: () => sleep(0) };
    const lines: number[] = [];
    for await (const found of searchFiles(context, other, query, signal)) {
      for (const { line, text } of found) {
        assert.ok(text.length < 10_000);
        lines.push(line);
      }
    }
    assert.deepEqual(lines, [0, 2]);
  });

  it('paths that are longer than Linux takes are told as such, by us and by the devbox', async () => {
    const [part, dir] = ['d'.repeat(200), await fresh(':')];
    const path = (parts: number): string => `${dir}/${Array<string>(parts).fill(part).join('/')}`;
    await box.bash(`cd ${dir}; for i in {1..25}; do mkdir ${part}; cd -P ${part}; done`);
    await box.files.write(`${path(19)}/leaf`, content('x'), { ...all, token: undefined });
    await fails(box.files.list(path(25), { signal }), 'file_name_too_long');
    await fails(box.files.copy(path(1), `${dir}/copy`, { ...all, overwrite: false }), 'file_name_too_long');
    assert.equal(await box.bash(`ls ${dir}`), `${part}\n`);
  });

  it('names that are none, or lead elsewhere, are refused before anything is asked', () => {
    for (const name of ['', '.', '..', 'a/b', '/', 'a\0b', 'half \ud800']) {
      assert.throws(
        () => requireName(name),
        (error) => fileProblemOf(error) === 'file_name_refused',
        JSON.stringify(name),
      );
    }
    assert.throws(
      () => requireName('é'.repeat(128)),
      (error) => fileProblemOf(error) === 'file_name_too_long' && String(error).length < 200,
    );
    for (const name of ['...', '-rf', ' ', 'a\nb', '$(id)', 'x'.repeat(255), textOfPath(Buffer.of(0xff))]) {
      assert.equal(requireName(name), name);
    }
    // What says it lists a folder is hostile as well.
    const facts = 'w f 644 1 1.0 1.0 1.1';
    const said = ['../up', 'a/b', '..', '.', '', 'fine'].flatMap((name) => [facts, name]);
    const told = entriesOf(Buffer.from([...said, 'no facts', 'odd', facts, 'cut'].join('\0')));
    assert.deepEqual(
      told.map(({ name }) => name),
      ['fine'],
    );
    assert.equal(shownName('a\r\nb\u202e\u0007'), 'a\u2424\u2424b');
  });
});
