import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readlinkSync, statSync, writeFileSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import type { FakeTreeView } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

/** What this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // That of the folder itself, which is closed by now.
      return [];
    }
  });
}

type Shown = Awaited<ReturnType<FakeTreeView['rows']>>[number];

describe('Files in the view', function () {
  this.timeout(120_000);
  const used = useWindow();

  const label = ({ item }: Shown): string => (typeof item.label === 'string' ? item.label : '');
  const view = (): FakeTreeView => used.editor.views.get('runloop.devboxes') ?? assert.fail();
  async function below(row: unknown, name: string | RegExp): Promise<Shown> {
    const rows = await view().rows(row);
    return (
      rows.find((one) => (typeof name === 'string' ? label(one) === name : name.test(label(one)))) ??
      assert.fail(rows.map(label).join())
    );
  }
  /** A devbox with something in its home, and its row "Files". */
  async function opened(name: string, setUp: string): Promise<{ readonly box: FilesDevbox; readonly files: Shown }> {
    const box = await filesDevbox(used.api, name);
    await box.bash(`rm -rf ~/* && cd ~ && ${setUp}`);
    view().setVisible(true);
    await used.editor.run('runloop.refreshDevboxes');
    const devbox = await eventually(
      async () => {
        const groups = await view().rows();
        return (await Promise.all(groups.map(({ row }) => view().rows(row)))).flat().find((one) => label(one) === name);
      },
      (row) => row !== undefined,
    );
    return { box, files: await below(devbox?.row, 'Files') };
  }
  const names = async (row: unknown): Promise<string[]> => (await view().rows(row)).map(label);

  it('are below a running devbox: workspace first, folders before files, names as plain text', async () => {
    const { box, files } = await opened(
      'tree of files',
      `mkdir b a; touch b10 b9 '$(zap) [x](command:y)' $'two\\nlines' $'\\xff'; ln -s a la; ln -s nothing lost; ln -s b9 l9; echo hi > a/in`,
    );
    const rows = await view().rows(files.row);
    assert.deepEqual(rows.map(label), [
      'a',
      'b',
      'la',
      '$(zap) [x](command:y)',
      'b9',
      'b10',
      'l9',
      'lost',
      'two␤lines',
      '\ufffd',
      '/',
    ]);
    const [a] = rows;
    assert.deepEqual(
      ['la', 'l9', 'lost'].map((name) => rows.find((row) => label(row) === name)?.item.description),
      ['link', 'link', 'link to no file'],
    );
    assert.deepEqual([a?.item.contextValue, a?.item.command], ['file.folder', undefined]);
    assert.deepEqual(await names(a?.row), ['in']);
    const inside = await below(a?.row, 'in');
    assert.equal(inside.item.command?.command, 'vscode.open');
    assert.ok((await names((await below(files.row, '/')).row)).includes('etc'));
    // What hangs in two places is two rows, which the editor tells apart by their ids.
    const home = (await box.bash('printf %s ~')).split('/').slice(1);
    let above = await below(files.row, '/');
    for (const name of home) above = await below(above.row, name);
    const again = await below(above.row, 'a');
    assert.notEqual(again.row, a?.row);
    assert.notEqual(again.item.id, a?.item.id);
    // The same file is the same row.
    assert.equal((await below(files.row, 'a')).row, a?.row);
  });

  it('tell their folder in grey: what the metadata say, else the home, and where they really are', async () => {
    const { files } = await opened('home of files', 'touch one');
    assert.deepEqual([files.item.description, files.item.tooltip], ['~', 'Files in the home folder']);
    const metadata = { 'workspace-path': '/not/there' };
    const { id } = await used.api.devboxes.create({ name: 'moved', metadata }, { requestId: 'files-moved' });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    await used.editor.run('runloop.refreshDevboxes');
    const groups = await view().rows();
    const devboxes = (await Promise.all(groups.map(({ row }) => view().rows(row)))).flat();
    const moved = devboxes.find((one) => label(one) === 'moved');
    const before = await below(moved?.row, 'Files');
    assert.deepEqual([before.item.description, before.item.tooltip], ['/not/there', 'Files in /not/there']);
    await view().rows(before.row);
    const after = await below(moved?.row, 'Files');
    assert.equal(after.row, before.row);
    assert.match(String(after.item.description), /^\/(?:home|root)/);
    await used.api.devboxes.shutdown(id);
  });

  it('say why a folder cannot be listed, and ask nothing of a devbox that sleeps', async () => {
    const { box, files } = await opened('sleeps soon', 'mkdir a b');
    const [a, b] = [await below(files.row, 'a'), await below(files.row, 'b')];
    await box.bash('rmdir ~/a ~/b');
    const [inA] = await view().rows(a.row);
    const [inB] = await view().rows(b.row);
    assert.notEqual(inA?.item.id, inB?.item.id);
    assert.match(
      (await view().rows(a.row)).map((row) => `${label(row)}: ${String(row.item.description)}`).join(),
      /could not be listed: "a" does not exist/,
    );
    await used.api.devboxes.suspend(box.id, {});
    await used.api.devboxes.waitForStatus(box.id, ['suspended'], 20);
    // What was listed because it had changed is true for a moment more.
    await eventually(
      async () => (await view().rows(files.row)).map(({ item }) => String(item.description)).join(),
      (said) => said.includes('is suspended'),
    );
    assert.equal((await used.api.devboxes.retrieve(box.id)).status, 'suspended');
  });

  it('are made, renamed and removed, with a question, and told where they are in the way', async () => {
    const { editor } = used;
    const { box, files } = await opened('changes', 'mkdir a; touch there');
    editor.answer(/^New Folder in/, 'new one');
    await editor.run('runloop.newFolder', files.row);
    editor.answer(/^New File in/, '-rf; $(touch pwned)');
    const closed = (await below(files.row, 'new one')).row;
    const revealed = view().revealed.length;
    await editor.run('runloop.newFile', closed);
    assert.deepEqual(view().revealed.slice(revealed), [closed], 'the folder that was closed is open');
    view().setOpen(closed, true);
    editor.answer(/^New Folder in/, 'within');
    await editor.run('runloop.newFolder', closed);
    assert.equal(view().revealed.length, revealed + 1);
    await box.bash('rmdir ~/new*/within');
    assert.equal(
      await box.bash('cd ~; find . -mindepth 1 -not -name ".*" | sort'),
      './a\n./new one\n./new one/-rf; $(touch pwned)\n./there\n',
    );
    editor.answer(/^Rename a/, 'there');
    await editor.run('runloop.renameFile', (await below(files.row, 'a')).row);
    await editor.message(/"there" already exists in the devbox/);
    // Enter without a name.
    const told = editor.messages.length;
    for (const [command, question, of] of [
      ['runloop.newFile', /^New File/, files.row],
      ['runloop.newFolder', /^New Folder/, files.row],
      ['runloop.renameFile', /^Rename a/, (await below(files.row, 'a')).row],
    ] as const) {
      editor.answer(question, '');
      await editor.run(command, of);
    }
    assert.equal(editor.messages.length, told);
    editor.answer(/^Rename a/, 'b');
    await editor.run('runloop.renameFile', (await below(files.row, 'a')).row);
    editor.answer(/everything in it/, undefined);
    await editor.run('runloop.deleteFile', (await below(files.row, 'new one')).row);
    const both = [(await below(files.row, 'new one')).row, (await below(files.row, 'there')).row];
    editor.answer(/Delete 2 files and folders/, 'Delete');
    await editor.run('runloop.deleteFile', both[0], both);
    assert.deepEqual(await names(files.row), ['b', '/']);
    await editor.run('runloop.refreshFiles', files.row);
  });

  it('open as folders of the workspace, which tell their devbox', async () => {
    const { editor } = used;
    const { files } = await opened('opened here', 'mkdir app');
    editor.answer(/Select where to open the folder/, 'Add to This Workspace');
    await editor.run('runloop.openFolderHere', (await below(files.row, 'app')).row);
    assert.deepEqual(
      editor.workspaceFolders?.map(({ name, uri }) => [name, uri.scheme]),
      [['app (opened here)', 'runloop']],
    );
  });

  it('are renamed and deleted by the keys of the view, never more than the rows that are selected', async () => {
    const { editor } = used;
    const { box, files } = await opened('keys', 'mkdir a; touch there too');
    const select = async (...labels: string[]): Promise<void> => {
      view().selection = await Promise.all(labels.map(async (one) => (await below(files.row, one)).row));
    };
    await select('there');
    editor.answer(/^Rename there/, 'here');
    await editor.run('runloop.renameDevbox', 'selection');
    await select('here', 'a');
    await editor.run('runloop.copyDevboxId', 'selection');
    const home = (await box.bash('printf %s ~')).trim();
    assert.equal(editor.clipboard, `${home}/here\n${home}/a`);
    editor.answer(/Delete 2 files and folders/, 'Delete');
    await editor.run('runloop.shutDownDevbox', 'selection');
    assert.deepEqual(await names(files.row), ['too', '/']);
    // Neither all of the computer, nor all that is in the home folder, nor what has no rows of its own.
    await select('/');
    await editor.run('runloop.shutDownDevbox', 'selection');
    view().selection = [files.row];
    await editor.run('runloop.shutDownDevbox', 'selection');
    await editor.run('runloop.copyDevboxId', 'selection');
    assert.equal(editor.messages.length, 1, 'the question above, and no other');
    assert.equal(await box.bash('cd ~; find . -mindepth 1 -not -name ".*"'), './too\n');
  });

  it('go up and come down with all that is in a folder, and what can be executed', async () => {
    const { editor } = used;
    const { box, files } = await opened(
      'transfers',
      `mkdir -p d/in; printf run > d/in/x; chmod 700 d/in/x; printf $'a\\xff' > d/bytes; touch d/empty; ln -s /etc/passwd d/link; mkfifo d/pipe`,
    );
    const { item: pipe } = await below((await below(files.row, 'd')).row, 'pipe');
    assert.equal(pipe.description, 'device, pipe or socket');
    assert.ok(typeof pipe.tooltip === 'string' && pipe.tooltip.endsWith('/d/pipe\ndevice, pipe or socket'));
    const folder = mkdtempSync(join(tmpdir(), 'transfer-'));
    editor.openDialog = [Uri.file(folder)];
    await editor.run('runloop.downloadFile', (await below(files.row, 'd')).row);
    await editor.message(
      /Downloaded 3 files.*2 links and special files were left out: link, pipe|Downloaded 3 files.*left out/,
    );
    assert.deepEqual(readdirSync(join(folder, 'd')).sort(), ['bytes', 'empty', 'in']);
    assert.equal(readFileSync(join(folder, 'd', 'in', 'x'), 'utf8'), 'run');
    assert.equal(statSync(join(folder, 'd', 'in', 'x')).mode & 0o100, 0o100);
    assert.deepEqual([...readFileSync(join(folder, 'd', 'bytes'))], [0x61, 0xff]);
    const source = join(folder, 'up');
    mkdirSync(join(source, 'deep'), { recursive: true });
    writeFileSync(join(source, 'deep', 'tool'), Buffer.alloc(3_000_000, 'x'), { mode: 0o755 });
    writeFileSync(join(source, 'empty'), '');
    editor.openDialog = [Uri.file(source)];
    await editor.run('runloop.uploadFiles', files.row);
    await editor.message(/Uploaded 2 files/);
    assert.equal(await box.bash('cd ~/up; stat -c "%a %s %n" deep/tool empty'), '755 3000000 deep/tool\n644 0 empty\n');
    editor.answer(/Replace "up" in the devbox\?/, undefined);
    await editor.run('runloop.uploadFiles', files.row);
    editor.saveTo = Uri.file(join(folder, 'one'));
    await editor.run('runloop.downloadFile', (await below((await below(files.row, 'd')).row, 'bytes')).row);
    assert.equal(readFileSync(join(folder, 'one')).length, 2);
    assert.ok(!readdirSync(folder).some((name) => name.endsWith('.part')));
  });

  it('come down beside any others: what is called like a part of a file, and the longest names', async () => {
    const { editor } = used;
    const { files } = await opened(
      'beside',
      `mkdir d; cd d; for i in $(seq 20); do printf whole > f$i; printf part > f$i.part; done; printf long > $(printf '%0255d' 0)`,
    );
    const folder = mkdtempSync(join(tmpdir(), 'transfer-'));
    editor.openDialog = [Uri.file(folder)];
    await editor.run('runloop.downloadFile', (await below(files.row, 'd')).row);
    await editor.message(/Downloaded 41 files/);
    const texts = readdirSync(join(folder, 'd')).map((name) => readFileSync(join(folder, 'd', name), 'utf8'));
    assert.deepEqual(texts.sort(), ['long', ...Array<string>(20).fill('part'), ...Array<string>(20).fill('whole')]);
    writeFileSync(join(folder, 'one.part'), 'mine');
    editor.saveTo = Uri.file(join(folder, 'one'));
    await editor.run('runloop.downloadFile', (await below((await below(files.row, 'd')).row, 'f1')).row);
    assert.equal(readFileSync(join(folder, 'one.part'), 'utf8'), 'mine');
    assert.deepEqual(readdirSync(folder).sort(), ['d', 'one', 'one.part']);
  });

  it('leave nothing half-way behind where a transfer is cancelled', async () => {
    const { editor } = used;
    const { box, files } = await opened('cancelled', 'head -c 50000000 /dev/urandom > large');
    const folder = mkdtempSync(join(tmpdir(), 'transfer-'));
    editor.saveTo = Uri.file(join(folder, 'large'));
    editor.cancel(/^Downloading/);
    await editor.run('runloop.downloadFile', (await below(files.row, 'large')).row);
    assert.deepEqual(readdirSync(folder), []);
    writeFileSync(join(folder, 'up'), Buffer.alloc(5_000_000));
    editor.openDialog = [Uri.file(join(folder, 'up'))];
    editor.cancel(/^Uploading/);
    await editor.run('runloop.uploadFiles', files.row);
    assert.equal(await box.bash('ls -A ~/up /tmp/.runloop-devboxes-* 2>/dev/null || true'), '');
    // Nor is the file held open here.
    await eventually(
      () => Promise.resolve(openFiles().filter((path) => path.startsWith(folder))),
      (open) => open.length === 0,
    );
  });
});
