import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { fileProblemOf } from '../../../../src/core/files/fileErrors';
import { textOfPath } from '../../../../src/core/files/pathText';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('The files of a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: FilesDevbox;
  let dir: string;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api);
  });

  async function fresh(setUp = 'true'): Promise<string> {
    dir = `/tmp/files-${(count += 1)}`;
    await box.bash(`mkdir ${dir} && cd ${dir} && ${setUp}`);
    return dir;
  }

  const all = { create: true, overwrite: true, signal };
  const fails = (work: Promise<unknown>, id: string): Promise<void> =>
    assert.rejects(work, (error) => {
      assert.equal(fileProblemOf(error), id, String(error));
      return true;
    });
  async function read(path: string): Promise<Buffer> {
    return box.files.readWhole(path, await box.files.stat(path, { signal }), { signal, mostBytes: 1024 * 1024 });
  }

  it('are listed with all their names, kinds and what links lead to', async () => {
    await fresh(
      `printf abc > plain; printf x > $'new\\nline'; printf y > $'not\\xff\\xfeutf8'; printf z > "it's \\$(id) \\"q\\""; ` +
        'mkdir folder; ln -s plain link; ln -s folder down; ln -s nowhere gone; ln -s . self; mkfifo pipe; ' +
        `printf '' > $(printf 'n%.0s' $(seq 255)); printf '' > -rf; printf ' ' > ' '; printf e > é; printf p > $'\\uf7c3'; chmod 754 plain`,
    );
    const entries = await box.files.list(dir, { signal });
    const of = (name: string): string => {
      const entry = entries.find((one) => one.name === name);
      return entry === undefined
        ? 'none'
        : `${entry.isLink ? 'link to ' : ''}${entry.type} ${entry.stat().size} ${entry.stat().mode}`;
    };
    assert.equal(entries.length, 15);
    assert.equal(of('plain'), 'file 3 754');
    assert.equal(of('link'), 'link to file 3 754');
    assert.match(of('down'), /^link to folder/);
    assert.match(of('self'), /^link to folder/);
    assert.match(of('gone'), /^link to missing/);
    assert.match(of('pipe'), /^special/);
    for (const name of ['new\nline', '-rf', ' ', 'é', 'n'.repeat(255), `it's $(id) "q"`]) {
      assert.match(of(name), /^file/, name);
    }
    const odd = textOfPath(Buffer.from('not\xff\xfeutf8', 'latin1'));
    assert.match(of(odd), /^file 1/);
    for (const name of [odd, 'new\nline', `it's $(id) "q"`, textOfPath(Buffer.from('\uf7c3'))]) {
      const before_ = await read(`${dir}/${name}`);
      const { token } = await box.files.stat(`${dir}/${name}`, { signal });
      await box.files.write(`${dir}/${name}`, content(`${before_.toString()}!`), { ...all, token });
      assert.equal((await read(`${dir}/${name}`)).toString(), `${before_.toString()}!`, name);
    }
    assert.equal((await box.files.list(dir, { signal })).length, 15);
  });

  it('are told with true sizes and times, the same in a list and by themselves', async () => {
    await fresh('printf 12345 > a; touch -d "2001-02-03 04:05:06.789 UTC" a; ln -s a l');
    const stat = await box.files.stat(`${dir}/l`, { signal });
    assert.equal(stat.size, 5);
    assert.equal(stat.mtimeMs, Date.UTC(2001, 1, 3, 4, 5, 6, 789));
    const listed = (await box.files.list(dir, { signal })).find((entry) => entry.isLink) ?? assert.fail();
    assert.equal(listed.name, 'l');
    assert.deepEqual(listed.stat(), stat);
  });

  it('are 5,000 in a folder without one missing', async () => {
    await fresh('for i in $(seq 5000); do echo $i > "name of a file $i"; done');
    const entries = await box.files.list(dir, { signal });
    assert.equal(new Set(entries.map(({ name }) => name)).size, 5000);
  });

  it('keep bytes, rights, links and hard links when they are saved', async () => {
    await fresh(
      'printf "#!" > run; chmod 751 run; ln -s run link; printf one > hard; ln hard other; ln -s later dangling',
    );
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    const { token } = await box.files.stat(`${dir}/link`, { signal });
    const after = await box.files.write(`${dir}/link`, content(bytes), { ...all, token });
    assert.deepEqual([after.mode, after.isLink, after.size], ['751', true, 300_000]);
    assert.ok((await read(`${dir}/run`)).equals(bytes));
    assert.deepEqual(await box.files.stat(`${dir}/link`, { signal }), after);
    await box.files.write(`${dir}/hard`, content('two'), { ...all, token: 'any' });
    assert.equal(await box.bash(`cd ${dir}; cat other; stat -c %h hard; readlink link`), 'two2\nrun\n');
    await box.files.write(`${dir}/dangling`, content(''), { ...all, token: undefined });
    assert.equal(await box.bash(`cd ${dir}; ls -A | sort | tr '\\n' ' '`), 'dangling hard later link other run ');
    assert.equal(await box.bash('ls -A /tmp | grep -c runloop-devboxes || true'), '0\n');
  });

  it('are not overwritten where they were changed meanwhile, however well that is hidden', async () => {
    await fresh('printf aaaa > f; printf aaaa > g; printf aaaa > gone');
    const token = async (name: string): Promise<string> => (await box.files.stat(`${dir}/${name}`, { signal })).token;
    const [f, g, gone] = [await token('f'), await token('g'), await token('gone')];
    await box.bash(`cd ${dir}; touch -r f ref; printf bbbb > f; touch -r ref f; cp -p g g2; mv g2 g; rm gone`);
    await fails(box.files.write(`${dir}/f`, content('mine'), { ...all, token: f }), 'file_changed');
    await fails(box.files.write(`${dir}/g`, content('mine'), { ...all, token: g }), 'file_changed');
    await fails(box.files.write(`${dir}/gone`, content('mine'), { ...all, token: gone }), 'file_missing');
    await fails(box.files.write(`${dir}/f`, content('mine'), { ...all, token: undefined }), 'file_changed');
    assert.equal(await box.bash(`cd ${dir}; cat f g; ls -A | tr '\\n' ' '`), 'bbbbaaaaf g ref ');
    await box.files.write(`${dir}/f`, content('mine'), { ...all, token: await token('f') });
    assert.equal((await read(`${dir}/f`)).toString(), 'mine');
  });

  it('say what is in the way of making and saving them', async () => {
    await fresh(
      'mkdir folder; printf x > file; mkfifo pipe; ln -s loop loop; printf r > ro; chmod 444 ro; mkdir shut; printf k > shut/in; chmod 555 shut',
    );
    const make = { create: true, overwrite: false, token: undefined, signal };
    await fails(box.files.write(`${dir}/file`, content(''), make), 'file_exists');
    await fails(box.files.write(`${dir}/none`, content(''), { ...make, create: false }), 'file_missing');
    await fails(box.files.write(`${dir}/none/x`, content(''), make), 'file_missing');
    await fails(box.files.write(`${dir}/file/x`, content(''), make), 'file_not_folder');
    await fails(box.files.write(`${dir}/folder`, content(''), { ...all, token: 'any' }), 'file_is_folder');
    await fails(box.files.write(`${dir}/pipe`, content(''), { ...all, token: 'any' }), 'file_special');
    await fails(box.files.write(`${dir}/${'x'.repeat(256)}`, content(''), make), 'file_name_too_long');
    await fails(read(`${dir}/pipe`), 'file_special');
    await fails(read(`${dir}/folder`), 'file_is_folder');
    await fails(read(`${dir}/none`), 'file_missing');
    await fails(box.files.list(`${dir}/file`, { signal }), 'file_not_folder');
    await fails(box.files.list(`${dir}/none`, { signal }), 'file_missing');
    await fails(
      box.files.readWhole('/dev/zero', await box.files.stat('/dev/zero', { signal }), { signal, mostBytes: 9 }),
      'file_special',
    );
    if ((await box.bash('id -u')).trim() === '0') return;
    await fails(box.files.write(`${dir}/ro`, content('x'), { ...all, token: 'any' }), 'file_denied');
    await fails(box.files.write(`${dir}/shut/new`, content('x'), make), 'file_denied');
    assert.equal((await box.files.stat(`${dir}/ro`, { signal })).isWritable, false);
    await box.files.write(`${dir}/shut/in`, content('in place'), { ...all, token: 'any' });
    assert.equal((await read(`${dir}/shut/in`)).toString(), 'in place');
    await fails(box.files.list('/root', { signal }), 'file_denied');
  });

  it('are made, moved, copied and removed as those of a computer are', async () => {
    await fresh(
      'mkdir -p a/b; printf 1 > a/b/f; chmod 711 a/b/f; ln -s b a/l; printf old > t; mkdir full; printf 2 > full/x',
    );
    await box.files.createFolder(`${dir}/new`, { signal });
    await fails(box.files.createFolder(`${dir}/new`, { signal }), 'file_exists');
    await fails(box.files.createFolder(`${dir}/no/new`, { signal }), 'file_missing');
    const no = { overwrite: false, signal };
    const yes = { overwrite: true, signal };
    await box.files.copy(`${dir}/a`, `${dir}/c`, no);
    assert.equal(await box.bash(`cd ${dir}/c; stat -c %a b/f; readlink l`), '711\nb\n');
    await fails(box.files.copy(`${dir}/a`, `${dir}/full`, no), 'file_exists');
    await fails(box.files.rename(`${dir}/a`, `${dir}/full`, no), 'file_exists');
    await fails(box.files.rename(`${dir}/none`, `${dir}/x`, no), 'file_missing');
    await fails(box.files.rename(`${dir}/t`, `${dir}/none/x`, no), 'file_missing');
    await assert.rejects(box.files.copy(`${dir}/a`, `${dir}/a/b/in`, no));
    await assert.rejects(box.files.rename(`${dir}/a/b`, `${dir}/a`, yes));
    await assert.rejects(box.files.rename(`${dir}/a`, `${dir}/a/b/in`, no));
    assert.equal(await box.bash(`cd ${dir}; find a | sort | tr '\\n' ' '`), 'a a/b a/b/f a/l ');
    await box.files.rename(`${dir}/a`, `${dir}/full`, yes);
    await box.files.copy(`${dir}/t`, `${dir}/full/b/f`, yes);
    await box.files.rename(`${dir}/t`, `${dir}/full/l`, yes);
    assert.equal(await box.bash(`cd ${dir}; cat full/b/f full/l; ls -A | tr '\\n' ' '`), 'oldoldc full new ');
    await fails(box.files.delete(`${dir}/full`, { recursive: false, signal }), 'file_not_empty');
    await box.files.delete(`${dir}/full`, { recursive: true, signal });
    await box.files.delete(`${dir}/new`, { recursive: false, signal });
    await fails(box.files.delete(`${dir}/new`, { recursive: true, signal }), 'file_missing');
    await box.bash(`ln -s /etc ${dir}/etc`);
    await box.files.delete(`${dir}/etc`, { recursive: true, signal });
    assert.ok((await box.files.stat('/etc/passwd', { signal })).size > 0);
    await fails(box.files.delete('/', { recursive: true, signal }), 'file_denied');
    assert.equal(await box.bash(`cd ${dir}; ls -A`), 'c\n');
  });

  it('are missing where what is moved or copied cannot be there, and no folder where they would go below a file', async () => {
    await fresh('printf x > file; ln -s loop loop; ln -s nowhere gone');
    const to = { overwrite: true, signal };
    for (const from of ['file/x', 'file/x/y', 'loop/x', 'x'.repeat(256), 'none/x']) {
      await fails(box.files.rename(`${dir}/${from}`, `${dir}/new`, to), 'file_missing');
      await fails(box.files.copy(`${dir}/${from}`, `${dir}/new`, to), 'file_missing');
      // As the source is looked at first, what is wrong with the target is not told.
      await fails(box.files.copy(`${dir}/${from}`, `${dir}/file/x`, to), 'file_missing');
    }
    await fails(box.files.rename(`${dir}/gone`, `${dir}/file/x`, to), 'file_not_folder');
    await fails(box.files.copy(`${dir}/gone`, `${dir}/file/x`, to), 'file_not_folder');
    await box.files.copy(`${dir}/gone`, `${dir}/too`, to);
    await box.files.rename(`${dir}/gone`, `${dir}/moved`, to);
    assert.equal(
      await box.bash(`cd ${dir}; ls -A | tr '\\n' ' '; readlink too moved`),
      'file loop moved too nowhere\nnowhere\n',
    );
  });

  it('which are folders do not take the place of a link to itself, which is not moved, as the editor refuses it; files do', async () => {
    await fresh('mkdir folder; printf x > file; ln -s loop loop; ln -s nowhere gone');
    const to = { overwrite: true, signal };
    await fails(box.files.rename(`${dir}/folder`, `${dir}/loop`, to), 'file_not_folder');
    await box.files.rename(`${dir}/file`, `${dir}/loop`, to);
    await box.files.rename(`${dir}/folder`, `${dir}/gone`, to);
    assert.equal(await box.bash(`cd ${dir}; find . -mindepth 1 -printf '%y %f\n' | sort`), 'd gone\nf loop\n');
    await box.bash(`ln -s again ${dir}/again`);
    await fails(box.files.stat(`${dir}/again`, { signal }), 'file_link_loop');
    const write = { create: true, overwrite: true, token: 'any', signal };
    await fails(box.files.write(`${dir}/again`, content('x'), write), 'file_link_loop');
    await fails(box.files.rename(`${dir}/again`, `${dir}/other`, to), 'file_missing');
    await fails(box.files.copy(`${dir}/again`, `${dir}/other`, to), 'file_missing');
  });

  it('know their home', async () => {
    assert.equal(await box.files.home({ signal }), (await box.bash('printf %s "$HOME"')).trim());
  });
});
