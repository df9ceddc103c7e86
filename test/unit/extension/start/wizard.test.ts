import assert from 'node:assert/strict';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { runCommand } from '../../../../src/core/platform/executions';
import { Uri } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Starting a devbox with options, by clicking', function () {
  this.timeout(120_000);
  const used = useWindow();
  const closing: (() => unknown)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  interface Given {
    readonly source?: string;
    readonly content?: string;
    readonly variables?: string;
  }

  /** Answers every step. @returns the devbox's id */
  async function start(name: string, given: Given): Promise<string> {
    const { editor, extension } = used;
    editor.answer(/Select what to start from/, given.source ?? 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, /1 h/);
    editor.answer(/Initial content of the workspace/, given.content ?? 'Nothing');
    editor.answer(/Environment variables/, given.variables ?? '');
    editor.answer(/Devbox name/, name);
    await editor.run('runloop.startWithOptions');
    await editor.message(new RegExp(`^Devbox ${name} is ready`));
    const { id } = (await extension.list()).find((one) => one.name === name) ?? assert.fail(`no ${name}`);
    return id;
  }

  async function variablesIn(id: string): Promise<Readonly<Record<string, string>>> {
    const { stdout } = await runCommand(used.api, id, 'env -0 | base64 -w0');
    return Object.fromEntries(
      Buffer.from(stdout, 'base64')
        .toString()
        .split('\0')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  it('gives the devbox each variable as it was typed', async () => {
    const typed: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['A=1; Name=x', { A: '1', Name: 'x' }],
      [
        `A=x;y=z "q" 'r'; B='one; TWO=2'; C="say \\"hi\\"; \\\\"`,
        { A: `x;y=z "q" 'r'`, B: 'one; TWO=2', C: 'say "hi"; \\' },
      ],
      ['A=größe 日本 🙂 $HOME `id` %s; B==', { A: 'größe 日本 🙂 $HOME `id` %s', B: '=' }],
    ];
    for (const [index, [text, variables]] of typed.entries()) {
      const seen = await variablesIn(await start(`typed-${index}`, { variables: text }));
      for (const [name, value] of Object.entries(variables)) assert.equal(seen[name], value, text);
    }
  });

  it('does not go on with what is no variable, and says how to write one', async () => {
    const { editor } = used;
    editor.answer(/Select what to start from/, 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, /1 h/);
    editor.answer(/Initial content of the workspace/, 'Nothing');
    const starting = editor.run('runloop.startWithOptions');
    const box = await editor.box(/Environment variables/);
    for (const wrong of ['2B=3', 'größe=1', 'A B=1', 'A=1; b', '=x', 'A-B=1']) {
      box.type(wrong);
      box.accept();
      assert.ok('validationMessage' in box);
      assert.match(JSON.stringify(box.validationMessage), /Enter NAME=value/, wrong);
      assert.ok(box.isShown, wrong);
    }
    box.hide();
    await starting;
  });

  for (const source of ['Plain devbox', 'openhands']) {
    it(`says what of a folder cannot go: ${source}`, async () => {
      const { editor } = used;
      const folder = await mkdtemp(join(tmpdir(), 'left-out-'));
      await writeFile(join(folder, 'goes.txt'), 'goes');
      await mkdir(join(folder, 'deep'));
      await symlink('/etc/passwd', join(folder, 'deep', 'outside'));
      await symlink('../goes.txt', join(folder, 'deep', 'inside'));
      const socket = createServer().listen(join(folder, 'socket'));
      closing.push(() => socket.close());
      editor.workspaceFolders = [{ uri: Uri.file(folder), name: 'mine', index: 0 }];
      await start(`with-folder-${source.length}`, { source, content: 'Upload the folder mine' });
      const { kind, text } = await editor.message(/^Not uploaded/);
      assert.equal(kind, 'warning');
      assert.match(text, /deep\/outside/);
      assert.match(text, /socket/);
      assert.doesNotMatch(text, /inside|goes/);
    });
  }

  // The last one: from here on, the account has secrets.
  it('passes secrets on whose names are no variables, under the name that it says', async () => {
    const { api } = used;
    const names = { 'my-key': 'one', 'my.key': 'two', '2nd': 'three', PLAIN: 'four', schlüssel: 'five', 日本: 'six' };
    for (const [name, value] of Object.entries(names)) {
      await api.change('/v1/secrets', 'listing secrets', { name, value }, {});
    }
    const { editor } = used;
    editor.answer(/Select what to start from/, 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, /1 h/);
    editor.answer(/Initial content of the workspace/, 'Nothing');
    editor.answer(/Environment variables/, '');
    const starting = editor.run('runloop.startWithOptions');
    const box = await editor.box(/Account secrets/);
    assert.ok('items' in box);
    await editor.eventually(() => !box.busy);
    assert.deepEqual(box.items.map(({ label }) => label).sort(), Object.keys(names).sort());
    box.selectedItems = box.items;
    editor.answer(/Devbox name/, 'secretive');
    box.accept();
    await starting;
    const { id } = (await used.extension.list()).find(({ name }) => name === 'secretive') ?? assert.fail();
    const seen = await variablesIn(id);
    for (const { label, description } of box.items) {
      const variable = description?.replace(/^as /, '') ?? label;
      assert.equal(seen[variable], Object.entries(names).find(([name]) => name === label)?.[1], `${label} ${variable}`);
    }
    assert.equal(new Set(box.items.map(({ label, description }) => description ?? label)).size, 6);
  });
});
