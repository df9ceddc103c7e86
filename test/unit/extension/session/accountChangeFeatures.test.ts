import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from './changingAccounts';

const neverCancelled = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => 0 }) };

const usedBefore = /in the account that this window used before/;

describe('What was begun for an account, at each wait of it', function () {
  this.timeout(180_000);
  const used = useWindow();
  const accounts = useChangingAccounts(used);
  const { changeAtEachWait } = accounts;

  async function running(name: string): Promise<string> {
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name });
    return id;
  }
  const hits = (seen: ReadonlySet<string>, ...wanted: readonly string[]): void => {
    for (const what of wanted) assert.ok(seen.has(what), `${what} is not among ${[...seen].join()}`);
  };
  /** Devboxes of the first account with this name that live. */
  const livingOfFirst = async (name: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const devbox of used.api.devboxes.list({})) {
      if (devbox.name === name && ['running', 'provisioning', 'initializing'].includes(devbox.status)) {
        found.push(devbox.id);
      }
    }
    return found;
  };

  it('a terminal belongs to it, or is not opened', async () => {
    const { editor } = used;
    await running('with a terminal');
    let shells = 0;
    const seen = await changeAtEachWait(
      async () => {
        editor.terminals.length = 0;
        editor.answer(/^Select a devbox to open a terminal in/, 'with a terminal');
        await editor.run('runloop.openTerminal');
        const terminal = editor.terminals.at(-1);
        await editor.eventually(() => /\$ $|no longer signed in/.test(terminal?.text ?? ''));
        if (terminal?.text.endsWith('$ ') === true) shells += 1;
      },
      (where) => {
        const kept = JSON.stringify(editor.workspaceState.get('runloop.terminals') ?? []);
        assert.ok(!kept.includes(accounts.otherBaseUrl), `${where}: ${kept}`);
        for (const terminal of editor.terminals) {
          assert.match(terminal.text, /no longer signed in|^$/, where);
          terminal.sendText('echo nothing');
        }
        editor.forgive();
      },
    );
    editor.forgive();
    hits(seen, 'request', 'question', 'memory');
    assert.ok(shells >= 1, 'at last it opens');
  });

  it('a command runs in its devboxes, or not at all, also if it is run again', async () => {
    const { editor } = used;
    const id = await running('with a command');
    const textOf = (index: number): string => {
      const uri = editor.documents.at(index)?.uri;
      const provider = editor.contentProviders.get('runloop-run');
      const text = uri === undefined ? '' : provider?.provideTextDocumentContent(uri, neverCancelled);
      return typeof text === 'string' ? text : assert.fail();
    };
    const isOver = (): boolean => !/waiting…|running…/.test(textOf(-1));
    const seen = await changeAtEachWait(async () => {
      editor.documents.length = 0;
      const asked = editor.run('runloop.runCommand', id);
      const done = { is: false };
      const end = (): void => void (done.is = true);
      asked.then(end, end);
      const box = await eventually(
        () => Promise.resolve(editor.boxes.find((one) => one.isShown && /^Run Command in/.test(one.question))),
        (one) => one !== undefined || done.is,
      );
      box?.type('echo hello');
      box?.accept();
      await asked;
      await editor.eventually(isOver);
    });
    hits(seen, 'request', 'memory', 'context', 'document');
    assert.match(textOf(-1), /exit code 0[^]*hello/);
    // The document is there still, and its account is not.
    const uri = editor.documents.at(-1)?.uri;
    editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
    await used.extension.list();
    await editor.run('runloop.runCommandAgain', uri);
    await editor.message(/has switched to another account/);
    editor.settings.set('runloop.baseUrl', accounts.proxy.baseUrl);
    await editor.run('runloop.runCommandAgain', uri);
    await editor.eventually(() => editor.documents.length === 2 && isOver());
    assert.match(textOf(-1), /exit code 0[^]*hello/);
  });

  it('a snapshot is taken in it or not at all, and no devbox of another is offered from it', async () => {
    const { editor } = used;
    await running('with a snapshot');
    const told: string[] = [];
    const seen = await changeAtEachWait(
      async () => {
        editor.answer(/^Select a devbox to take a snapshot of/, 'with a snapshot');
        await editor.run('runloop.snapshotDevbox');
      },
      (where) => {
        editor.forgive();
        for (const { text, buttons } of editor.messages.filter((one) => /^Snapshot /.test(one.text))) {
          // The account may change while the message itself is shown.
          if (where.endsWith('question') && !usedBefore.test(text)) continue;
          told.push(text);
          assert.match(text, usedBefore, where);
          assert.ok(!buttons.includes('Start From It…'), where);
        }
      },
    );
    editor.forgive();
    hits(seen, 'request', 'question');
    assert.ok(told.length > 0, 'whoever pays for a snapshot is told');
  });

  it('a devbox that is started again is made in it or not at all, with what was kept for it', async () => {
    const { editor } = used;
    const id = await running('once more');
    await used.platform.client().devboxes.shutdown(id);
    const choices = {
      source: { kind: 'plain' },
      size: 'SMALL',
      endRule: { kind: 'lifetime', seconds: 600 },
      environment: { OF_THE_FIRST: 'a value of the first account' },
    };
    await editor.secrets.store('runloop.startedChoices', JSON.stringify({ [id]: choices }));
    let made = 0;
    const seen = await changeAtEachWait(
      async () => {
        const others = await livingOfFirst('once more');
        await Promise.all(others.map((one) => used.api.devboxes.shutdown(one)));
        await editor.run('runloop.startAgain', id);
        made += (await livingOfFirst('once more')).length;
      },
      () => editor.forgive(),
    );
    editor.forgive();
    hits(seen, 'request', 'secret', 'memory', 'question');
    assert.ok(made >= 1, 'at last it starts');
  });

  it('nothing is started for another one than that in which its name was asked for', async () => {
    const { editor } = used;
    const endRule = { kind: 'lifetime', seconds: 3_600 };
    await editor.globalState.update('runloop.lastChoices', {
      choices: { source: { kind: 'plain' }, size: 'SMALL', endRule },
      settings: JSON.stringify({ source: { kind: 'blueprint', name: 'openhands' }, size: 'LARGE', endRule }),
    });
    let made = 0;
    const seen = await changeAtEachWait(
      async () => {
        const others = await livingOfFirst('named');
        await Promise.all(others.map((one) => used.api.devboxes.shutdown(one)));
        editor.answer(/^Start Devbox/, 'named');
        await editor.run('runloop.startDevbox');
        made += (await livingOfFirst('named')).length;
      },
      () => editor.forgive(),
    );
    editor.forgive();
    hits(seen, 'request', 'question', 'secret');
    assert.ok(made >= 1, 'at last it starts');
  });

  it('nothing of it is shown or kept alive where the next account cannot be read', async () => {
    const { editor, platform, extension } = used;
    const { id } = await platform.client().devboxes.createAndAwaitRunning({
      name: 'kept alive',
      launch_parameters: { after_idle: { idle_time_seconds: 3_600, on_idle: 'suspend' } },
    });
    await accounts.beginWithFirst();
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    await extension.list();
    await editor.run('runloop.toggleKeepAlive', id);
    const hasHeart = (): boolean =>
      editor.statusItems.some((one) => one.id === 'runloop.keepAlive' && one.isShown && /kept alive/.test(one.text));
    assert.ok(hasHeart());
    const shown = async (): Promise<string> => {
      const items: unknown[] = [];
      for (const { row } of await view.rows()) for (const { item } of await view.rows(row)) items.push(item.label);
      return JSON.stringify(items);
    };
    assert.match(await shown(), /kept alive/);
    // Nobody listens there.
    await editor.secrets.store('runloop.apiKey:http://127.0.0.1:9', 'ak_nobody');
    editor.settings.set('runloop.baseUrl', 'http://127.0.0.1:9');
    await editor.run('runloop.refreshDevboxes').catch(() => undefined);
    assert.doesNotMatch(await shown(), /kept alive/);
    assert.ok(!hasHeart());
    view.setVisible(false);
    editor.messages.length = 0;
    await used.api.devboxes.shutdown(id);
  });

  it('a devbox whose end is confirmed after the account changed stays', async () => {
    const { editor } = used;
    const id = await running('stays');
    await accounts.beginWithFirst();
    editor.answer(/^Shut down the devbox stays/, 'Shut Down');
    editor.whileBusy = async (what) => {
      if (!/^question Shut down the devbox/.test(what)) return;
      editor.whileBusy = () => Promise.resolve();
      editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
      await used.extension.list();
    };
    await editor.run('runloop.shutDownDevbox', id);
    await editor.message(/has switched to another account/);
    assert.deepEqual(await livingOfFirst('stays'), [id]);
  });
});
