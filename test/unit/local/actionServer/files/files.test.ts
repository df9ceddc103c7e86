import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import { RunningServer } from '../runningServer';

describe('actions on files', () => {
  let server: RunningServer;
  let number = 0;
  let folder: string;
  before(async () => (server = await RunningServer.start()));
  after(() => server.stop());
  beforeEach(async () => {
    number += 1;
    folder = join(server.workspace, `case ${number}`);
    await mkdir(folder);
    await server.run(`cd '${folder}'`);
  });

  const extras = (json: Record<string, unknown>): Record<string, unknown> => json['extras'] as Record<string, unknown>;

  describe('write', () => {
    it('makes folders and ends every line', async () => {
      const { json } = await server.action('write', { path: 'new/deep/w.txt', content: 'a\nb' });
      const path = join(folder, 'new/deep/w.txt');
      assert.deepEqual(json, {
        message: `I wrote to the file ${path}.`,
        observation: 'write',
        content: '',
        extras: { path },
      });
      assert.equal(await readFile(path, 'utf8'), 'a\nb\n');
      assert.equal((await stat(path)).mode & 0o777, 0o664);
    });

    it('replaces lines of an existing file and keeps its mode', async () => {
      const path = join(folder, 'f');
      await writeFile(path, '1\n2\n3\n');
      await chmod(path, 0o600);
      await server.action('write', { path, content: 'x', start: 0, end: 0 });
      assert.equal(await readFile(path, 'utf8'), 'x\n1\n2\n3\n');
      await server.action('write', { path, content: 'y', start: 2, end: -1 });
      assert.equal(await readFile(path, 'utf8'), 'x\n1\ny\n');
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    });

    it('says why it cannot', async () => {
      const directory = await server.action('write', { path: folder, content: '' });
      assert.equal(directory.json['content'], `Path is a directory: ${folder}. You can only write to files`);
      await writeFile(join(folder, 'latin'), Buffer.from([0xe9, 0x0a]));
      const latin = await server.action('write', { path: 'latin', content: '', start: 1 });
      assert.equal(latin.json['content'], `File could not be decoded as utf-8: ${join(folder, 'latin')}`);
      const below = await server.action('write', { path: 'latin/x', content: '' });
      assert.equal(below.status, 500);
      assert.match(String(below.json['detail']), /^Internal server error: /);
    });
  });

  describe('read', () => {
    it('reads line windows the way clients know', async () => {
      await writeFile(join(folder, 'five'), 'one\ntwo\nthree\nfour\nfive');
      const cases: [number, number, string][] = [
        ...([
          [0, -1, 'one two three four five'],
          [2, -1, 'three four five'],
          [0, 2, 'one two'],
        ] as [number, number, string][]),
        ...([
          [1, 99, 'two three four five'],
          [4, 5, 'four five'],
          [99, -1, ''],
          [3, 1, 'four'],
        ] as [number, number, string][]),
        ...([
          [3, 3, 'four'],
          [0, 0, 'one'],
          [-5, 2, 'one two'],
        ] as [number, number, string][]),
      ];
      for (const [start, end, expected] of cases) {
        const { json } = await server.action('read', { path: 'five', start, end });
        assert.equal(String(json['content']).trim().replaceAll('\n', ' '), expected, `${start},${end}`);
        assert.deepEqual(extras(json), { path: join(folder, 'five'), impl_source: 'default' });
      }
    });

    it('gives line ends as OpenHands does, and Unicode', async () => {
      await writeFile(join(folder, 'f'), 'a\r\né 日本 😀\r\n');
      assert.equal((await server.action('read', { path: 'f' })).json['content'], 'a\né 日本 😀\n');
    });

    it('gives images as data, other binary files not at all', async () => {
      const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]);
      await writeFile(join(folder, 'i.PNG'), png);
      const image = await server.action('read', { path: join(folder, 'i.PNG') });
      assert.equal(image.json['content'], `data:image/png;base64,${png.toString('base64')}`);
      await writeFile(join(folder, 'b'), Buffer.from([1, 0, 2]));
      const binary = await server.action('read', { path: 'b' });
      assert.deepEqual(binary.json, {
        message: 'ERROR_BINARY_FILE',
        observation: 'error',
        content: 'ERROR_BINARY_FILE',
        extras: { error_id: '' },
      });
    });

    it('says why it cannot', async () => {
      const missing = await server.action('read', { path: 'no' });
      assert.equal(
        missing.json['content'],
        `File not found: ${folder}/no. Your current working directory is ${folder}.`,
      );
      const directory = await server.action('read', { path: '' });
      assert.equal(directory.json['content'], `Path is a directory: ${folder}. You can only read files`);
      await writeFile(join(folder, 'latin'), Buffer.from([0xe9, 0x0a]));
      const latin = await server.action('read', { path: 'latin' });
      assert.equal(latin.json['content'], `File could not be decoded as utf-8: ${folder}/latin.`);
    });
  });

  describe('edit', () => {
    const edit = async (path: string, command: string, args: Record<string, unknown> = {}) => {
      const { status, json } = await server.action('edit', { path, command, ...args });
      assert.equal(status, 200);
      return { json, content: String(json['content']), diff: String(extras(json)['diff']) };
    };

    it('creates, replaces, inserts, views and undoes', async () => {
      const path = join(folder, 'e.txt');
      const created = await edit(path, 'create', { file_text: 'l1\nl2\n' });
      assert.equal(created.content, `File created successfully at: ${path}`);
      assert.deepEqual(extras(created.json), {
        path,
        prev_exist: false,
        old_content: null,
        new_content: null,
        impl_source: 'oh_aci',
        diff: `--- ${path}\n+++ ${path}\n@@ -0,0 +1,2 @@\n+l1\n+l2`,
        _diff_cache: null,
      });
      const replaced = await edit(path, 'str_replace', { old_str: 'l1', new_str: 'L1' });
      assert.match(replaced.content, /^The file .* has been edited\. /);
      assert.match(replaced.content, / {5}1\tL1\n {5}2\tl2\n/);
      assert.equal(replaced.diff, `--- ${path}\n+++ ${path}\n@@ -1 +1 @@\n-l1\n+L1`);
      const inserted = await edit(path, 'insert', { insert_line: '1', new_str: 'middle' });
      assert.equal(inserted.diff, `--- ${path}\n+++ ${path}\n@@ -1,0 +2 @@\n+middle`);
      assert.equal(await readFile(path, 'utf8'), 'L1\nmiddle\nl2\n');
      assert.match((await edit(path, 'view')).content, / {5}1\tL1\n {5}2\tmiddle\n {5}3\tl2\n {5}4\t\n$/);
      assert.match((await edit(path, 'undo_edit')).content, /undone successfully/);
      assert.equal(await readFile(path, 'utf8'), 'L1\nl2\n');
      await edit(path, 'undo_edit');
      await edit(path, 'undo_edit');
      assert.equal(await readFile(path, 'utf8'), 'l1\nl2\n');
      assert.equal((await edit(path, 'undo_edit')).content, `ERROR:\nNo edit history found for ${path}.`);
    });

    it('tells of many occurrences in a large file at once', async () => {
      const path = join(folder, 'many');
      await writeFile(path, 'a b c d e f\n'.repeat(100_000));
      const { content } = await edit(path, 'str_replace', { old_str: ' ', new_str: '_' });
      assert.match(content, /Multiple occurrences of old_str ` ` in lines \[1, 2, 3, .*, 100000\]/);
    });

    it('says why it cannot', async () => {
      const path = join(folder, 'f');
      await writeFile(path, 'same\nsame\nother\n');
      const cases: [string, Record<string, unknown>, RegExp][] = [
        ['create', { file_text: 'x' }, /^ERROR:\nInvalid `path` parameter: /],
        ['create', {}, /^ERROR:\nParameter `file_text` is required for command: create\.$/],
        [
          'str_replace',
          { old_str: 'no' },
          /^ERROR:\nNo replacement was performed, old_str `no` did not appear verbatim in /,
        ],
        ['str_replace', { old_str: '', new_str: 'x' }, /Multiple occurrences of old_str `` in lines \[1, 2, /],
        [
          'str_replace',
          { old_str: 'same', new_str: 'x' },
          /Multiple occurrences of old_str `same` in lines \[1, 2\]\./,
        ],
        ['str_replace', { old_str: 'a', new_str: 'a' }, /^ERROR:\nInvalid `new_str` parameter: a\./],
        ['insert', { insert_line: 4, new_str: 'x' }, /^ERROR:\nInvalid `insert_line` parameter: 4\./],
        [
          'insert',
          { insert_line: 'x', new_str: 'x' },
          /^ERROR:\nInvalid insert_line value: 'x'\. Expected an integer\.$/,
        ],
        ['undo_edit', {}, /^ERROR:\nNo edit history found for /],
        ['write', {}, /^ERROR:\nUnrecognized command write\. The allowed commands /],
      ];
      for (const [command, args, expected] of cases) {
        const { content, diff } = await edit(path, command, args);
        assert.match(content, expected);
        assert.equal(diff, '');
      }
      assert.match(
        (await edit('f', 'view')).content,
        /^ERROR:\nInvalid `path` parameter: f\. The path should be an absolute path, starting with `\/`\.$/,
      );
      await writeFile(path, Buffer.from([0, 1, 2]));
      assert.match((await edit(path, 'view')).content, /^ERROR:\nFile validation failed for /);
      assert.equal(await readFile(path, 'latin1'), '\u0000\u0001\u0002');
    });

    it('keeps the encoding, and line ends', async () => {
      const path = join(folder, 'latin');
      await writeFile(path, Buffer.from('caf\u00e9\r\nb\r\n', 'latin1'));
      await edit(path, 'str_replace', { old_str: 'b', new_str: 'c' });
      assert.deepEqual(await readFile(path), Buffer.from('caf\u00e9\r\nc\r\n', 'latin1'));
    });

    it('shows directories and ranges', async () => {
      await mkdir(join(folder, 'd/.hidden'), { recursive: true });
      await writeFile(join(folder, 'd/x'), '');
      await writeFile(join(folder, '.h'), '');
      const listing = (await edit(folder, 'view')).content;
      assert.ok(listing.includes(`\n${folder}/\n${folder}/d/\n${folder}/d/x\n\n1 hidden`), listing);
      const path = join(folder, 'f');
      await writeFile(path, 'a\nb\nc\n');
      const view = async (range: unknown) =>
        String((await server.action('read', { path, impl_source: 'oh_aci', view_range: range })).json['content']);
      assert.match(await view([2, 3]), /:\n {5}2\tb\n {5}3\tc\n$/);
      assert.match(await view([3, -1]), /:\n {5}3\tc\n$/);
      assert.match(await view([3, 9]), /^NOTE: /);
      assert.match(
        await view([0, 1]),
        /^ERROR:\nInvalid `view_range` parameter: \[0, 1\]\. Its first element `0` should be /,
      );
    });

    it('leaves model-based edits to the client', async () => {
      const { status, json } = await server.action('edit', { path: '/x', impl_source: 'llm_based_edit' });
      assert.deepEqual([status, json['detail']], [500, 'Internal server error: ']);
    });
  });

  describe('list_files', () => {
    it('lists directories first, hidden entries too', async () => {
      for (const name of ['Bdir', 'adir', '.hid']) await mkdir(join(folder, name));
      for (const name of ['Z.txt', 'a.txt', 'b', '.env']) await writeFile(join(folder, name), '');
      await symlink('adir', join(folder, 'linkdir'));
      await symlink('nowhere', join(folder, 'broken'));
      const { text } = await server.request('POST', '/list_files', { path: folder });
      assert.equal(text, '[".hid/","adir/","Bdir/","linkdir/",".env","a.txt","b","Z.txt"]');
    });

    it("starts from the working directory, not from the shell's", async () => {
      assert.ok((await server.request('POST', '/list_files', {})).text.includes(`case ${number}/`));
      assert.equal((await server.request('POST', '/list_files', { path: `case ${number}` })).text, '[]');
      assert.equal((await server.request('POST', '/list_files', { path: '/nonexistent' })).text, '[]');
      for (const bad of ['', '[]', '{"path":1}', 'x']) {
        assert.equal((await server.request('POST', '/list_files', bad)).status, 500);
      }
    });
  });
});
