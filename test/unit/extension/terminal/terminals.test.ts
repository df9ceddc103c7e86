import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCommand } from '../../../../src/core/platform/runCommand';
import type { FakeTerminal } from '../../../fakeVscode/terminal';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Terminals of devboxes in a window', function () {
  this.timeout(120_000);
  const used = useWindow();

  async function running(name: string): Promise<string> {
    const { id } = await used.api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  const has = (terminal: FakeTerminal | undefined, text: RegExp): Promise<void> =>
    used.editor.eventually(() => text.test(terminal?.text ?? ''));

  async function opened(id: string): Promise<FakeTerminal> {
    await used.editor.run('runloop.openTerminal', id);
    return used.editor.terminals.at(-1) ?? assert.fail();
  }

  it('open in a plain devbox, named after it, and run what is typed', async () => {
    const id = await running('plain one');
    const first = await opened(id);
    assert.deepEqual([first.name, first.isShown], ['plain one', true]);
    await has(first, /\$ $/);
    first.sendText('echo "it is $((40 + 2)), $(stty size)"');
    await has(first, /it is 42, 20 100\r\n/);
    assert.equal((await opened(id)).name, 'plain one (2)');
    first.sendText('exit 3');
    await used.editor.eventually(() => first.isClosed);
  });

  it('come back after a reload, connect when they are looked at, and have the same shell', async () => {
    const { editor } = used;
    const before = await opened(await running('comes back'));
    await has(before, /\$ $/);
    before.sendText('kept=yes; echo "shell $$"');
    await has(before, /shell \d+\r\n/);
    const pid = /shell (\d+)/.exec(before.text)?.[1];
    used.reload();
    await editor.eventually(() => editor.terminals.length === 2);
    const after = editor.terminals[1];
    assert.deepEqual([after?.name, after?.isShown, after?.text], ['comes back', false, '']);
    after?.show();
    // What it printed before the reload is there again.
    await has(after, new RegExp(`kept=yes; echo "shell \\$\\$"[^]*shell ${pid ?? ''}\r\n`));
    after?.sendText('echo "$kept $$"');
    await has(after, new RegExp(`yes ${pid ?? ''}\r\n`));
  });

  it('end their shell when their tab is closed, and do not come back then', async () => {
    const { editor } = used;
    const terminal = await opened(await running('closed tab'));
    await has(terminal, /\$ $/);
    terminal.dispose();
    await editor.eventually(() => editor.workspaceState.get('runloop.terminals') === undefined);
    used.reload();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(editor.terminals.length, 1);
  });

  it('say that the devbox sleeps, and have a new shell once it was resumed', async () => {
    const { editor, api } = used;
    const id = await running('sleeper');
    const terminal = await opened(id);
    await has(terminal, /\$ $/);
    await api.devboxes.suspend(id);
    await has(terminal, /The devbox is not running: suspend(?:ing|ed)\. A new shell opens here once it runs again\./);
    assert.match(terminal.name, /^sleeper \(suspend/);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    await editor.run('runloop.resumeDevbox', id);
    await has(terminal, /The earlier shell has ended\. This is a new one\./);
    assert.equal(terminal.name, 'sleeper');
    // Whatever a program had left in force, such as other characters, is none of the new shell's.
    assert.ok(terminal.text.includes('\u001b[!p'));
    // Where no program had taken the screen, leaving it would put the cursor where another one had begun.
    assert.ok(terminal.text.includes('\u001b7\u001b[?1049l'));
  });

  it('say that a devbox has ended for which they wait to run again, once', async () => {
    const { editor, api } = used;
    const id = await running('never again');
    const terminal = await opened(id);
    await has(terminal, /\$ $/);
    await api.devboxes.suspend(id);
    await has(terminal, /A new shell opens here once it runs again\./);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    await api.devboxes.shutdown(id);
    await editor.run('runloop.refreshDevboxes');
    await has(terminal, /The devbox has ended, and so has this shell\./);
    assert.equal(terminal.name, 'never again (shut down)');
    await editor.eventually(() => editor.workspaceState.get('runloop.terminals') === undefined);
    await editor.run('runloop.refreshDevboxes');
    assert.equal(terminal.text.split('The devbox has ended').length, 2);
  });

  it('do not wake a devbox', async () => {
    const { editor, api } = used;
    const id = await running('asleep');
    await api.devboxes.suspend(id);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    await editor.run('runloop.openTerminal', id);
    await editor.message(/^asleep is suspended\. Terminals can be opened only in running devboxes\./);
    assert.equal(editor.terminals.length, 0);
    assert.equal((await api.devboxes.retrieve(id)).status, 'suspended');
  });

  it('are offered as a profile, and end with the account', async () => {
    const { editor } = used;
    await running('of the profile');
    editor.answer(/^Select a devbox to open a terminal in/, 'of the profile');
    const profile = await editor.terminalProfiles.get('runloop.devboxTerminal')?.provideTerminalProfile({
      isCancellationRequested: false,
      onCancellationRequested: () => ({ dispose: () => 0 }),
    });
    assert.equal(profile?.options.name, 'of the profile');
    const terminal = await opened(await running('another'));
    await has(terminal, /\$ $/);
    await editor.run('runloop.signOut');
    await has(terminal, /This window is no longer signed in to the account of this devbox\./);
    terminal.sendText('echo nothing');
  });

  it('tell no program what the clipboard holds, and that a program has asked is no sign of use', async () => {
    const terminal = await opened(await running('asking'));
    await has(terminal, /\$ $/);
    terminal.sendText("stty raw -echo; echo ra''w; head -c 12 | od -c; stty sane");
    await has(terminal, /raw\n/);
    // An editor's terminal answers such questions of programs by itself.
    terminal.pty.handleInput?.('\u001b]52;c;cGFzc3dvcmQ=\u0007');
    terminal.pty.handleInput?.('\u001b[8;20;100tx');
    await has(terminal, /033 +\[ +8 +; +2 +0 +; +1 +0 +0 +t +x/);
  });

  it('stay to say why a shell has ended at once', async () => {
    const id = await running('broken');
    await runCommand(used.api, id, 'echo "echo no luck; exit 3" > ~/.bashrc');
    const terminal = await opened(id);
    await has(terminal, /no luck\r\n[^]*The shell ended before it could be used\. .*Press Enter to try again\./);
    assert.equal(terminal.isClosed, false);
    await runCommand(used.api, id, 'rm ~/.bashrc');
    terminal.sendText('');
    await has(terminal, /\$ $/);
  });

  it('give a program that floods them no more than they can draw', async () => {
    const terminal = await opened(await running('flood'));
    await has(terminal, /\$ $/);
    terminal.sendText('yes | head -c 3000000; echo "all of it"');
    await has(terminal, /all of it\r\n/);
    assert.ok(terminal.text.length > 3_000_000);
  });
});
