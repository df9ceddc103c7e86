import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'mocha';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { DevboxTerminals, type TerminalServices } from '../../../../src/extension/terminal/terminals';
import { DevboxTerminal } from '../../../../src/extension/terminal/devboxTerminal';
import { RememberedTerminals } from '../../../../src/extension/terminal/rememberedTerminals';
import { startDelay } from '../../../bench/delay';
import { FakeMemory } from '../../../fakeVscode/memory';
import { FakeTerminal } from '../../../fakeVscode/terminal';
import { useWindow } from '../../../fakeVscode/useWindow';

const key = 'runloop.terminals';

describe('What is left of a terminal', function () {
  this.timeout(120_000);
  const used = useWindow();

  async function running(name: string): Promise<string> {
    const { id } = await used.api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  const has = (terminal: FakeTerminal | undefined, text: RegExp): Promise<void> =>
    used.editor.eventually(() => text.test(terminal?.text ?? ''));
  const isForgotten = (): Promise<void> =>
    used.editor.eventually(() => used.editor.workspaceState.get(key) === undefined);

  async function opened(id: string): Promise<FakeTerminal> {
    await used.editor.run('runloop.openTerminal', id);
    const terminal = used.editor.terminals.at(-1) ?? assert.fail();
    await has(terminal, /\$ $/);
    return terminal;
  }

  it('says in one line that its start file may ask for something, shows that, and types nothing into it', async () => {
    const { editor, api } = used;
    const id = await running('asks');
    await runCommand(api, id, `echo 'read -p "Name? " a; echo "hello, $a"' > ~/.bashrc`);
    await editor.run('runloop.openTerminal', id);
    const terminal = editor.terminals.at(-1) ?? assert.fail();
    await has(terminal, /its start file may ask for something\.[^]*Name\? /);
    terminal.sendText('Jo');
    await has(terminal, /hello, Jo\r\n[^]*\$ $/);
    assert.equal(terminal.text.match(/its start file/g)?.length, 1);
    assert.doesNotMatch(terminal.text, /COLORTERM/);
  });

  it('says that its devbox has ended, and does not come back after a reload', async () => {
    const { editor, api } = used;
    const id = await running('ends');
    const terminal = await opened(id);
    await api.devboxes.shutdown(id);
    await has(terminal, /The devbox has ended, and so has this shell\./);
    assert.equal(terminal.isClosed, false);
    await isForgotten();
    used.reload();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(editor.terminals.length, 1);
  });

  it('is not kept of a devbox that has ended while nobody looked at its tab', async () => {
    const { editor, api } = used;
    const id = await running('ends unseen');
    await opened(id);
    used.reload();
    await editor.eventually(() => editor.terminals.length === 2);
    await api.devboxes.shutdown(id);
    await editor.run('runloop.refreshDevboxes');
    await isForgotten();
    const after = editor.terminals[1];
    after?.show();
    await has(after, /The devbox has ended, and so has this shell\./);
  });

  it('does not say that a devbox has ended which this account does not have, and is kept until its tab is closed', async () => {
    const { editor, api } = used;
    const [one] = [{ devboxId: 'dbx_anothers', baseUrl: api.baseUrl, name: 'vscode-anothers', title: 'of another' }];
    await editor.workspaceState.update(key, [one]);
    used.reload();
    await editor.eventually(() => editor.terminals.length === 1);
    const [terminal] = editor.terminals;
    terminal?.show();
    await has(
      terminal,
      /This devbox is not in the account that this window is signed in to, or Runloop no longer has it\./,
    );
    assert.doesNotMatch(terminal?.text ?? '', /has ended/);
    assert.notEqual(editor.workspaceState.get(key), undefined);
    terminal?.dispose();
    await isForgotten();
  });

  it('says in a tab that nobody has looked at why it stays empty after a sign-out, and is gone when that is closed', async () => {
    const { editor } = used;
    const id = await running('left unseen');
    await opened(id);
    used.reload();
    await editor.eventually(() => editor.terminals.length === 2);
    const [, after] = editor.terminals;
    await editor.run('runloop.signOut');
    assert.equal(after?.text, '');
    after.show();
    assert.match(after.text, /This window is no longer signed in to the account of this devbox\./);
    assert.notEqual(editor.workspaceState.get(key), undefined);
    after.dispose();
    await isForgotten();
  });

  it('listens to its account no more, whether its tab was closed or its shell has ended', async () => {
    const { editor, api, platform } = used;
    const id = await running('many');
    const devbox = await api.devboxes.retrieve(id);
    const ended = new AbortController();
    const remembered = new RememberedTerminals(new FakeMemory());
    const services = {
      store: { onDidChange: () => ({ dispose: () => undefined }), get: () => undefined },
      devboxUse: { used: () => undefined },
      rememberedTerminals: remembered,
      log: { failure: (doing: string, error: unknown) => assert.fail(`${doing}: ${String(error)}`) },
    } as unknown as TerminalServices;
    const terminals = new DevboxTerminals(services);
    const account = {
      api,
      ended: ended.signal,
      source: 'secret',
      baseUrl: api.baseUrl,
      apiKey: platform.apiKey,
    } as const;
    const made = async (): Promise<FakeTerminal> => {
      const terminal = new FakeTerminal(terminals.options(account, devbox));
      await has(terminal, /\$ $/);
      return terminal;
    };
    (await made()).dispose();
    const exits = await made();
    exits.sendText('exit');
    await editor.eventually(() => exits.isClosed && remembered.all().length === 0);
    await editor.eventually(() => getEventListeners(ended.signal, 'abort').length === 0);
    terminals.dispose();
  });

  it('has the word in its tab for what becomes of a devbox that does not run', async () => {
    const { editor, api, platform } = used;
    const id = await running('sleeps');
    const devbox = await api.devboxes.retrieve(id);
    let tell: (change: { readonly ids: ReadonlySet<string> }) => void = () => assert.fail();
    const terminals = new DevboxTerminals({
      store: {
        onDidChange: (listener: typeof tell) => {
          tell = listener;
          return { dispose: () => undefined };
        },
        get: () => ({ ...devbox, status: 'resuming' }),
      },
      rememberedTerminals: new RememberedTerminals(new FakeMemory()),
      devboxUse: { used: () => undefined },
    } as unknown as TerminalServices);
    const { signal: ended } = new AbortController();
    const account = { api, ended, source: 'secret', baseUrl: api.baseUrl, apiKey: platform.apiKey } as const;
    const terminal = new FakeTerminal(terminals.options(account, devbox));
    await has(terminal, /\$ $/);
    await api.devboxes.suspend(id);
    await has(terminal, /The devbox is not running: suspend/);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    await editor.eventually(() => {
      tell({ ids: new Set([id]) });
      return terminal.name === 'sleeps (resuming)';
    });
    terminals.dispose();
  });

  it('says that a connection is back, where it has said that it was lost', async () => {
    const id = await running('comes and goes');
    const { editor, platform } = used;
    const way = await startDelay(Number(new URL(platform.baseUrl).port), 0);
    const pty = new DevboxTerminal({
      api: new RunloopApi({ apiKey: platform.apiKey, baseUrl: way.url }),
      devboxId: id,
      name: `t-${crypto.randomUUID()}`,
      folder: undefined,
      tunnelUrlTemplate: undefined,
      ended: new AbortController().signal,
      isRestored: false,
      title: 'comes and goes',
      onKey: () => undefined,
      onGone: () => undefined,
      onDevboxEnded: () => undefined,
      onFailure: (doing, error) => assert.fail(`${doing}: ${String(error)}`),
    });
    try {
      const terminal = new FakeTerminal({ name: 'comes and goes', pty });
      await has(terminal, /\$ $/);
      // One that is short is nobody's business.
      way.cut();
      const cutMs = performance.now();
      let typed = 0;
      await editor.eventually(() => {
        terminal.sendText(`echo "short $((6 * 7)) ${(typed += 1)}"`);
        return /short 42 \d+\r\n/.test(terminal.text);
      });
      // On a busy computer it may have taken as long as what is told.
      if (performance.now() - cutMs < 1_000) assert.doesNotMatch(terminal.text, /onnect/);
      const cutting = setInterval(() => way.cut(), 5);
      await has(terminal, /Connection lost.*Reconnecting…/);
      clearInterval(cutting);
      await has(terminal, /Reconnecting…[^]*Reconnected after \d+ s\.[^ ]/);
      terminal.sendText('echo "back $((6 * 7))"');
      await has(terminal, /back 42\r\n/);
    } finally {
      pty.leave();
      way.close();
    }
  });
});
