import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import {
  accountWord,
  childAddress,
  childKeys,
  fileAddress,
  addressedFile,
} from '../../../../src/extension/files/fileAddress';
import { useWindow } from '../../../fakeVscode/useWindow';
import { FileType, Uri } from '../../../fakeVscode/values';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

describe('The file system of devboxes', function () {
  this.timeout(120_000);
  const used = useWindow();
  const replace = { create: true, overwrite: true };

  const fs = (): vscode.FileSystemProvider => used.editor.fileSystems.get('runloop') ?? assert.fail();
  const at = ({ id }: FilesDevbox, path: string): vscode.Uri => {
    const account = accountWord({ baseUrl: used.platform.baseUrl, apiKey: used.platform.apiKey });
    return fileAddress({ account, devboxId: id, path });
  };
  const text = async (uri: vscode.Uri): Promise<string> => Buffer.from(await fs().readFile(uri)).toString();
  /** What a save of the editor does. */
  async function save(uri: vscode.Uri, content: string): Promise<vscode.FileStat> {
    await fs().stat(uri);
    await fs().writeFile(uri, Buffer.from(content), replace);
    return fs().stat(uri);
  }
  async function fails(work: unknown, code: string): Promise<void> {
    await assert.rejects(Promise.resolve(work), (error) => {
      assert.equal(error instanceof Error && 'code' in error ? error.code : undefined, code, String(error));
      return true;
    });
  }

  it('names account and devbox, in small letters, and any path', () => {
    for (const devboxId of ['dbx_31Abc9Z', 'dbx_a-b', 'x.Y', 'dbx_-0']) {
      for (const path of ['/', '/a b/é', '/new\nline', '/a#b?c%20', '/\uf7ff']) {
        const uri = fileAddress({ account: '0123abcd', devboxId, path });
        assert.deepEqual(addressedFile(Uri.parse(uri.toString())), { account: '0123abcd', devboxId, path });
      }
    }
    assert.equal(addressedFile(Uri.parse('file:///x')), undefined);
    assert.equal(addressedFile(Uri.parse('runloop://nonsense/x')), undefined);
    const folder = fileAddress({ account: '0123abcd', devboxId: 'dbx_1', path: '/a' });
    assert.equal(addressedFile(childAddress(folder, 'b#?\\c'))?.path, '/a/b#?\\c');
    for (const of of [folder, folder.with({ path: '/' }), folder.with({ path: '/ä b%' })]) {
      const keyOf = childKeys(of);
      for (const name of ['plain-1_2.txt~', 'with  blanks', "b#?\\c'(é)", '%20', 'a\nb', '\uf7ff', ':', '..']) {
        assert.equal(keyOf(name), childAddress(of, name).toString());
      }
    }
  });

  it('reads and saves with what the editor does, and keeps rights', async () => {
    const box = await filesDevbox(used.api);
    await box.bash(
      'mkdir /tmp/w; printf one > /tmp/w/f; chmod 755 /tmp/w/f; ln -s f /tmp/w/l; ln -s . /tmp/w/d; ln -s x /tmp/w/no',
    );
    const uri = at(box, '/tmp/w/l');
    assert.deepEqual(
      (await fs().readDirectory(at(box, '/tmp/w'))).sort().map(([name, type]) => `${name} ${type}`),
      [
        `d ${FileType.SymbolicLink | FileType.Directory}`,
        `f ${FileType.File}`,
        `l ${FileType.SymbolicLink | FileType.File}`,
        `no ${FileType.SymbolicLink}`,
      ],
    );
    const before = await fs().stat(uri);
    assert.deepEqual([await text(uri), before.size, before.type], ['one', 3, FileType.SymbolicLink | FileType.File]);
    const after = await save(uri, 'longer');
    assert.equal(after.size, 6);
    assert.ok(after.mtime > before.mtime);
    assert.equal(await box.bash('cat /tmp/w/f; stat -c %a /tmp/w/f'), 'longer755\n');
    await fails(fs().readFile(at(box, '/tmp/w/no')), 'FileNotFound');
  });

  it('tells another time after every change, also one of equal size that sets the time back', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('printf aaaa > /tmp/f');
    const first = await fs().stat(at(box, '/tmp/f'));
    await box.bash('touch -r /tmp/f /tmp/r; printf bbbb > /tmp/f; touch -r /tmp/r /tmp/f; sleep 1.1');
    const second = await fs().stat(at(box, '/tmp/f'));
    assert.equal(second.size, first.size);
    assert.notEqual(second.mtime, first.mtime);
  });

  it('tells what a save has done to the same file under its other names', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('mkdir /tmp/n; cd /tmp/n; printf one > f; ln -s f l; ln f hard; ln -s . d');
    const names = ['f', 'l', 'hard', 'd/f'].map((name) => at(box, `/tmp/n/${name}`));
    for (const [round, written] of names.entries()) {
      for (const uri of names) await fs().stat(uri);
      await fs().writeFile(written, Buffer.alloc(10 + round), replace);
      for (const uri of names) assert.equal((await fs().stat(uri)).size, 10 + round);
    }
  });

  it('saves over what was written, made and moved here meanwhile by another name, but not over what others write', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('mkdir /tmp/m; cd /tmp/m; printf one > f; ln -s f l; ln -s . d');
    const of = (name: string): ReturnType<typeof at> => at(box, `/tmp/m/${name}`);
    const look = async (...names: readonly string[]): Promise<void> => {
      for (const name of names) await Promise.allSettled([fs().stat(of(name))]);
    };
    const write = async (name: string): Promise<void> => fs().writeFile(of(name), Buffer.from(name), replace);
    await look('f', 'l', 'd/f', 'new', 'd/new', 'd/too');
    for (const name of ['f', 'l', 'd/f', 'l', 'f', 'new', 'd/new', 'd/too']) await write(name);
    await look('d/f', 'd/g');
    await fs().rename(of('f'), of('g'), { overwrite: false });
    await write('d/f');
    await write('d/g');
    assert.equal(await box.bash('cd /tmp/m; cat f g l new too'), 'd/fd/gd/fd/newd/too');
    await look('f');
    await write('too');
    await box.bash('printf other > /tmp/m/f');
    await assert.rejects(write('f'), /was changed in the devbox meanwhile/);
  });

  it('does not save over what was changed after the editor has looked', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('printf one > /tmp/f');
    const uri = at(box, '/tmp/f');
    assert.equal(await text(uri), 'one');
    await box.bash('printf two > /tmp/f');
    await assert.rejects(
      Promise.resolve(fs().writeFile(uri, Buffer.from('mine'), replace)),
      /changed in the devbox meanwhile/,
    );
    assert.equal(await box.bash('cat /tmp/f'), 'two');
    // The editor's own question comes with the next look; who says Overwrite then, does.
    await save(uri, 'mine');
    assert.equal(await box.bash('cat /tmp/f'), 'mine');
    // Removed here, and made anew at once: not a conflict.
    await fs().delete(uri, { recursive: false });
    await fs().writeFile(uri, Buffer.from('new'), replace);
    await fails(fs().stat(at(box, '/tmp/g')), 'FileNotFound');
    await box.bash('printf theirs > /tmp/g');
    await assert.rejects(Promise.resolve(fs().writeFile(at(box, '/tmp/g'), Buffer.from('mine'), replace)), /changed/);
  });

  it('does as the editor does with files of a computer: behind a link to nowhere, and where nothing is to be removed', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('mkdir /tmp/c; ln -s new /tmp/c/l');
    const link = at(box, '/tmp/c/l');
    assert.equal((await fs().stat(link)).type, FileType.SymbolicLink);
    await fs().writeFile(link, Buffer.from('made'), replace);
    assert.equal(await box.bash('cd /tmp/c; readlink l; cat new'), 'new\nmade');
    await fs().delete(at(box, '/tmp/c/none'), { recursive: true });
    await fails(fs().delete(at(box, '/tmp/c/none'), { recursive: false }), 'FileNotFound');
  });

  it('tells of a link to itself the same whether its folder was listed or not', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('mkdir /tmp/loops; ln -s loop /tmp/loops/loop');
    await assert.rejects(async () => fs().stat(at(box, '/tmp/loops/loop')), /links to it lead in a circle/);
    assert.equal((await fs().readDirectory(at(box, '/tmp/loops'))).length, 1);
    await assert.rejects(async () => fs().stat(at(box, '/tmp/loops/loop')), /links to it lead in a circle/);
  });

  it('asks anew after Refresh, however short the last look is ago', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('printf one > /tmp/f');
    const uri = at(box, '/tmp/f');
    used.editor.visibleTextEditors = [];
    const open = { uri, isFolder: true };
    await fs().stat(uri);
    await box.bash('printf longer > /tmp/f');
    await used.editor.run('runloop.refreshFiles', open);
    assert.equal((await fs().stat(uri)).size, 6);
  });

  it('says once where the content of before is after a save in place that was cut off, when the file is opened or saved', async () => {
    const box = await filesDevbox(used.api);
    await box.bash(
      `mkdir /tmp/w; cd /tmp/w; printf half > hard; ln hard other; printf whole > f
       for of in hard f; do printf old > /tmp/.runloop-kept-$(find $of -printf %D.%i)-word-$of; done; rm /tmp/.runloop-kept-*-f`,
    );
    const kept = (await box.bash('echo /tmp/.runloop-kept-*')).trim();
    assert.equal(await text(at(box, '/tmp/w/f')), 'whole');
    const told = (): readonly string[] =>
      used.editor.messages.map(({ text: said }) => said).filter((said) => /cut off/.test(said));
    const compared: unknown[] = [];
    used.editor.commands.set('vscode.diff', (...uris: readonly unknown[]) =>
      compared.push(uris.slice(0, 2).map(String)),
    );
    assert.deepEqual(told(), []);
    assert.equal(await text(at(box, '/tmp/w/hard')), 'half');
    const words =
      `A save of "hard" was cut off, and the file may be damaged. Its content of before is still in the devbox: ` +
      `${kept}. Compare them, then delete that file.`;
    assert.deepEqual(told(), [words]);
    await save(at(box, '/tmp/w/hard'), 'mended');
    assert.equal(await text(at(box, '/tmp/w/other')), 'mended');
    assert.deepEqual(told(), [words], 'once');
    await box.bash(`printf old > ${kept}-2; rm ${kept}`);
    used.editor.answer(/was cut off/, 'Compare');
    await save(at(box, '/tmp/w/hard'), 'mended again');
    assert.equal(told().length, 2, 'a save tells it, too');
    await used.editor.eventually(() => compared.length > 0);
    assert.deepEqual(compared, [[at(box, `${kept}-2`).toString(), at(box, '/tmp/w/hard').toString()]]);
  });

  it('refuses with the codes that the editor tells apart', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('mkdir -p /tmp/d/in; printf x > /tmp/f; mkfifo /tmp/p; truncate -s 60M /tmp/big');
    const no = { create: true, overwrite: false };
    await fails(fs().stat(at(box, '/tmp/none')), 'FileNotFound');
    await fails(fs().readFile(at(box, '/tmp/d')), 'FileIsADirectory');
    await fails(fs().readDirectory(at(box, '/tmp/f')), 'FileNotADirectory');
    await fails(fs().writeFile(at(box, '/tmp/f'), Buffer.from(''), no), 'FileExists');
    await fails(
      fs().writeFile(at(box, '/tmp/none'), Buffer.from(''), { create: false, overwrite: true }),
      'FileNotFound',
    );
    await fails(fs().createDirectory(at(box, '/tmp/d')), 'FileExists');
    await fails(fs().rename(at(box, '/tmp/f'), at(box, '/tmp/d'), { overwrite: false }), 'FileExists');
    await fails(fs().rename(at(box, '/tmp/none'), at(box, '/tmp/x'), { overwrite: false }), 'FileNotFound');
    await fails(fs().copy?.(at(box, '/tmp/f'), at(box, '/tmp/d'), { overwrite: false }), 'FileExists');
    await assert.rejects(Promise.resolve(fs().readFile(at(box, '/tmp/p'))), /pipe/);
    await assert.rejects(Promise.resolve(fs().readFile(at(box, '/tmp/big'))), /50 MB/);
    await fails(fs().stat(Uri.parse('runloop://nonsense/x')), 'FileNotFound');
    if ((await box.bash('id -u')).trim() === '0') return;
    await fails(fs().writeFile(at(box, '/etc/new'), Buffer.from(''), no), 'NoPermissions');
    assert.equal((await fs().stat(at(box, '/etc/passwd'))).permissions, 1);
  });

  it('says in a message what the editor does not say of a file that it shows: a pipe, one too large, links that lead nowhere', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('mkfifo /tmp/p; truncate -s 60M /tmp/big; ln -s nothing /tmp/broken; ln -s loop /tmp/loop');
    const [pipe, big] = [at(box, '/tmp/p'), at(box, '/tmp/big')];
    const [broken, loop] = [at(box, '/tmp/broken'), at(box, '/tmp/loop')];
    const messages = (): number => used.editor.messages.length;
    const before = messages();
    await assert.rejects(Promise.resolve(fs().readFile(pipe)), /pipe/);
    assert.equal(messages(), before, 'nobody looks at it');
    used.editor.tabs = [pipe, big, broken, loop].map((uri) => ({ input: { uri } }));
    await assert.rejects(Promise.resolve(fs().readFile(pipe)), /pipe/);
    await used.editor.message(
      /"p" is a device, pipe or socket, which cannot be opened as a file\. Use a terminal for it\./,
    );
    await assert.rejects(Promise.resolve(fs().readFile(big)), /50 MB/);
    await used.editor.message(/"big" is larger than 50 MB.*Download it instead/);
    await fails(fs().readFile(broken), 'FileNotFound');
    await used.editor.message(/"broken" is a link to something that does not exist\. Look at the link in a terminal\./);
    await assert.rejects(Promise.resolve(fs().readFile(loop)), /lead in a circle/);
    await used.editor.message(/"loop" cannot be reached: the links to it lead in a circle\./);
    await fails(fs().readFile(at(box, '/tmp/none')), 'FileNotFound');
  });

  it('is unavailable, and wakes nothing, while the devbox is suspended', async () => {
    const box = await filesDevbox(used.api);
    const uri = at(box, '/tmp');
    await fs().stat(uri);
    await used.api.devboxes.suspend(box.id, {});
    await used.api.devboxes.waitForStatus(box.id, ['suspended'], 20);
    await fails(fs().stat(at(box, '/tmp/x')), 'Unavailable');
    await fails(fs().readDirectory(uri), 'Unavailable');
    await fails(fs().writeFile(at(box, '/tmp/x'), Buffer.from(''), replace), 'Unavailable');
    assert.equal((await used.api.devboxes.retrieve(box.id)).status, 'suspended');
  });

  it('keeps what is open after a sign-out, read-only, and leads to no other account', async () => {
    const box = await filesDevbox(used.api);
    await box.bash('printf one > /tmp/f');
    const uri = at(box, '/tmp/f');
    const before = await fs().stat(uri);
    await used.editor.run('runloop.signOut');
    const after = await fs().stat(uri);
    assert.deepEqual({ ...after, permissions: undefined }, { ...before, permissions: undefined });
    assert.equal(after.permissions, 1);
    await fails(fs().writeFile(uri, Buffer.from('x'), replace), 'Unavailable');
    await fails(fs().readFile(uri), 'Unavailable');
    await fails(fs().stat(at(box, '/tmp/other')), 'Unavailable');
    assert.equal(await box.bash('cat /tmp/f'), 'one');
  });
});
