import assert from 'node:assert/strict';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { runCommand } from '../../../../src/core/platform/runCommand';
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
    readonly variables?: Readonly<Record<string, string>>;
    /** A file of the open folder that is loaded as well. */
    readonly load?: string;
  }

  /** Answers every step. @returns the devbox's id */
  async function start(name: string, given: Given): Promise<string> {
    const { editor, extension } = used;
    editor.answer(/Select what to start from/, given.source ?? 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, 'Shut down after 1 h');
    editor.answer(/Initial content of the workspace/, given.content ?? 'Nothing');
    for (const [variable, value] of Object.entries(given.variables ?? {})) {
      editor.answer(/Environment variables/, 'Add a variable…');
      editor.answer(/Name of the variable/, variable);
      editor.answer(new RegExp(`Value of ${variable}$`), value);
    }
    if (given.load !== undefined) editor.answer(/Environment variables/, given.load);
    editor.answer(/Environment variables/, 'Continue');
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

  it('gives the devbox each variable as it was typed, one at a time (U18)', async () => {
    const variables = {
      A: `x;y=z "q" 'r'`,
      Name: 'größe 日本 🙂 $HOME `id` %s',
      EMPTY: '',
      B: ' one; TWO=2 ',
    };
    const seen = await variablesIn(await start('typed', { variables }));
    for (const [name, value] of Object.entries(variables)) assert.equal(seen[name], value, name);
    assert.equal(seen['TWO'], undefined);
  });

  it('shows no value anywhere: dots while it is typed, names in the list and the summary (U18)', async () => {
    const { editor } = used;
    await start('hidden', { variables: { TOKEN: 'hunter2-in-clear' } });
    const asked = editor.boxes.filter((box) => 'password' in box && /Value of TOKEN/.test(box.question));
    assert.deepEqual(
      asked.map((box) => 'password' in box && box.password),
      [true],
    );
    const others = editor.boxes.filter((box) => !asked.includes(box));
    const shown = others.map((box) => [
      box.question,
      'items' in box ? box.items : '',
      'password' in box ? box.value : '',
    ]);
    const said = JSON.stringify([shown, editor.messages, editor.inputs.map(({ prompt }) => prompt), editor.progress]);
    assert.match(said, /sets TOKEN/);
    assert.doesNotMatch(said, /hunter2/);
    const { settings, workspaceState, globalState, channels } = editor;
    const kept = JSON.stringify([settings.below('runloop'), ...channels.map(({ text }) => text)]);
    assert.doesNotMatch(kept, /hunter2/);
    for (const memory of [workspaceState, globalState]) {
      assert.doesNotMatch(JSON.stringify(memory.keys().map((key) => memory.get(key))), /hunter2/);
    }
  });

  it('takes variables from a .env file, and nothing of a file with a line that is none, which it does not quote', async () => {
    const { editor } = used;
    const folder = await mkdtemp(join(tmpdir(), 'dot-env-'));
    editor.workspaceFolders = [{ uri: Uri.file(folder), name: 'mine', index: 0 }];
    const file = join(folder, '.env');
    await writeFile(file, '# mine\nexport A=one # first\nB="two\\nlines"\n');
    const seen = await variablesIn(
      await start('from-file', { variables: { A: 'before', C: 'stays' }, load: 'Load .env' }),
    );
    assert.deepEqual([seen['A'], seen['B'], seen['C']], ['one', 'two\nlines', 'stays']);
    await writeFile(file, 'A=one\nsk-secret-token\n');
    const broken = await variablesIn(await start('from-broken', { load: 'Load .env' }));
    assert.equal(broken['A'], undefined);
    const { text } = await editor.message(/^Line 2 of \.env is not NAME=value/);
    assert.doesNotMatch(text, /secret/);
  });

  it('changes and removes a variable again', async () => {
    const { editor } = used;
    editor.answer(/Environment variables/, 'Add a variable…');
    editor.answer(/Name of the variable/, 'GONE');
    editor.answer(/Value of GONE$/, 'one');
    editor.answer(/Environment variables/, 'GONE');
    editor.answer(/Select what to do with GONE/, 'Remove the variable');
    editor.answer(/Environment variables/, 'Add a variable…');
    editor.answer(/Name of the variable/, 'KEPT');
    editor.answer(/Value of KEPT$/, 'one');
    editor.answer(/Environment variables/, 'KEPT');
    editor.answer(/Select what to do with KEPT/, 'Change the value…');
    editor.answer(/Value of KEPT$/, 'two');
    const seen = await variablesIn(await start('changed', {}));
    assert.deepEqual([seen['GONE'], seen['KEPT']], [undefined, 'two']);
  });

  it('keeps what was entered when one goes back to an earlier step and comes again (U18)', async () => {
    const { editor, extension } = used;
    editor.answer(/Select what to start from/, 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, /1 h/);
    for (let times = 0; times < 2; times += 1) editor.answer(/Initial content of the workspace/, 'Nothing');
    editor.answer(/Environment variables/, 'Add a variable…');
    editor.answer(/Name of the variable/, 'KEPT');
    editor.answer(/Value of KEPT$/, 'as it was');
    const starting = editor.run('runloop.startWithOptions');
    const isEntered = (): boolean =>
      editor.boxes.some((one) => one.isShown && 'items' in one && one.items.some(({ label }) => label === 'KEPT'));
    await editor.eventually(isEntered);
    const box = await editor.box(/Environment variables/);
    editor.answer(/Environment variables/, 'Continue');
    editor.answer(/Devbox name/, 'went-back');
    box.press('Back');
    await starting;
    await editor.message(/^Devbox went-back is ready/);
    const { id } = (await extension.list()).find(({ name }) => name === 'went-back') ?? assert.fail();
    assert.equal((await variablesIn(id))['KEPT'], 'as it was');
  });

  it('does not go on with what is no name, and says how to write one', async () => {
    const { editor } = used;
    editor.answer(/Select what to start from/, 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, /1 h/);
    editor.answer(/Initial content of the workspace/, 'Nothing');
    editor.answer(/Environment variables/, 'Add a variable…');
    const starting = editor.run('runloop.startWithOptions');
    const box = await editor.box(/Name of the variable/);
    for (const wrong of ['2B', 'größe', 'A B', 'A=1', '', 'A-B']) {
      box.type(wrong);
      box.accept();
      assert.ok('validationMessage' in box);
      assert.match(JSON.stringify(box.validationMessage), /Enter a name of letters/, wrong);
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
    const { platform } = used;
    const names = { 'my-key': 'one', 'my.key': 'two', '2nd': 'three', PLAIN: 'four', schlüssel: 'five', 日本: 'six' };
    for (const [name, value] of Object.entries(names)) {
      await platform.client().secrets.create({ name, value });
    }
    const { editor } = used;
    editor.answer(/Select what to start from/, 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, /1 h/);
    editor.answer(/Initial content of the workspace/, 'Nothing');
    editor.answer(/Environment variables/, 'Continue');
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
