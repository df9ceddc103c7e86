import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { CommandRun } from '../../../../src/extension/runs/commandRuns';
import { RunDocuments } from '../../../../src/extension/runs/runDocuments';
import { RunHistory } from '../../../../src/extension/runs/runHistory';
import type { SignedIn } from '../../../../src/extension/account/account';
import { SecretSessionKeys } from '../../../../src/extension/account/sessionKeys';
import { KnownSecrets } from '../../../../src/extension/session/knownSecrets';
import { Log } from '../../../../src/extension/messages/log';
import { FakeMemory } from '../../../fakeVscode/memory';
import { startCuttingProxy } from '../../core/logs/cuttingProxy';
import { orderFaults } from '../../../platform/orderedFaults';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('The document of a command', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });

  const account = (): SignedIn => ({
    api: used.api,
    ended: new AbortController().signal,
    source: 'secret',
    baseUrl: used.api.baseUrl,
    apiKey: used.platform.apiKey,
  });

  it('has a group for each devbox, with how it ended', async () => {
    const { api, editor } = used;
    const devboxes = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const { id } = await api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
        return (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
      }),
    );
    const uses: string[] = [];
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    const run = new CommandRun(1, 'echo "in $HOME"; exit 3', { account: account(), devboxes }, () => undefined);
    assert.match(run.text(), /── one \(dbx_\w+\) ── waiting…/);
    await run.run({ knownSecrets, devboxUse: { used: (id) => uses.push(id) } });
    const text = run.text();
    assert.match(
      text,
      /^\$ echo "in \$HOME"; exit 3\n\n── one \(dbx_\w+\) ── exit code 3 after [\d.]+ s\nin \/home\/user\n/,
    );
    assert.match(text, /\n\n── two \(dbx_\w+\) ── exit code 3 after [\d.]+ s\nin \/home\/user\n$/);
    assert.deepEqual(new Set(uses), new Set(devboxes.map(({ id }) => id)));
  });

  it('keeps the end of what is long, and says what is left out', async () => {
    const { api, editor } = used;
    const { id } = await api.devboxes.create({ name: 'long' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    const run = new CommandRun(
      2,
      'seq -f "%.0f xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" 20000',
      { account: account(), devboxes: [devbox] },
      () => undefined,
    );
    await run.run({ knownSecrets, devboxUse: { used: () => undefined } });
    assert.match(run.text(), /… \d+ earlier lines are in the log of the devbox\.\n/);
    assert.match(run.text(), /\n20000 x+\n$/);
    assert.ok(run.text().length < 500_000);
  });

  it('keeps no more of lines that are empty', async () => {
    const { api, editor } = used;
    const { id } = await api.devboxes.create({ name: 'empty lines' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    const command = "yes '' | head -n 1000000; echo over";
    const run = new CommandRun(3, command, { account: account(), devboxes: [devbox] }, () => undefined);
    await run.run({ knownSecrets, devboxUse: { used: () => undefined } });
    assert.match(run.text(), /\nover\n$/);
    assert.ok(run.text().length < 500_000, String(run.text().length));
  });

  it('says that a command was not stopped that Runloop does not end, and stops it when it is asked to once more', async () => {
    const { api, editor, platform } = used;
    const { id } = await api.devboxes.create({ name: 'not stopped' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    const run = new CommandRun(
      5,
      'sleep 300 & echo "child $!"; wait',
      { account: account(), devboxes: [devbox] },
      () => undefined,
    );
    const running = run.run({ knownSecrets, devboxUse: { used: () => undefined } });
    const shows = (wanted: RegExp): Promise<void> => editor.eventually(() => wanted.test(run.text()));
    await shows(/\nchild \d+\n/);
    const child = /\nchild (\d+)\n/.exec(run.text())?.[1] ?? '';
    const lives = async (): Promise<boolean> => (await runCommand(api, id, `kill -0 ${child}`)).exitStatus === 0;
    await orderFaults(platform, {
      fault: 'status',
      status: 409,
      method: 'POST',
      path: '/v1/devboxes/*/executions/*/kill',
    });
    void run.stop();
    await shows(/ ── not stopped, and may still be running: The Runloop API refused the request/);
    assert.deepEqual([run.isOver, await lives()], [false, true]);
    await orderFaults(platform);
    void run.stop();
    await running;
    assert.match(run.text(), / ── stopped after [\d.]+ s\n/);
    assert.equal(await lives(), false);
  });

  it('says where nobody can tell whether a command was started', async () => {
    const { api, editor, platform } = used;
    const { id } = await api.devboxes.create({ name: 'unknown' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    const ends: boolean[] = [];
    // What was put off was not started; a server that failed may have done it before.
    for (const status of [503, 429, 400]) {
      const path = '/v1/devboxes/*/execute_async';
      await orderFaults(platform, { fault: 'status', status, method: 'POST', path });
      const run = new CommandRun(6, 'true', { account: account(), devboxes: [devbox] }, () => undefined);
      await run.run({ knownSecrets, devboxUse: { used: () => undefined } });
      ends.push(/ ── may be running all the same: /.test(run.text()));
    }
    await orderFaults(platform);
    assert.deepEqual(ends, [true, false, false]);
  });

  it('says where nobody can tell how a command ended, without the advice to try again', async () => {
    const { api, editor, platform } = used;
    const { id } = await api.devboxes.create({ name: 'end unknown' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    for (const status of [409, 404, 400]) {
      await orderFaults(platform, { fault: 'status', status, method: 'GET', path: '/v1/devboxes/*/executions/*' });
      const run = new CommandRun(7, 'echo out; exit 3', { account: account(), devboxes: [devbox] }, () => undefined);
      await run.run({ knownSecrets, devboxUse: { used: () => undefined } });
      assert.match(
        run.text(),
        new RegExp(` ── how it ended is not known: The [^.]*\\(${status}\\)[^.]*\\. after [\\d.]+ s\\n`),
      );
    }
    await orderFaults(platform);
  });

  it('shows no secret of the devbox that stands in the command either', async () => {
    const { api, editor } = used;
    const { id } = await api.devboxes.create({ name: 'secret' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    knownSecrets.add(id, ['hunter2xyz']);
    const memory = new FakeMemory();
    const documents = new RunDocuments({ knownSecrets, devboxUse: { used: () => undefined }, memory, log: new Log() });
    try {
      const { ended } = await documents.start(account(), 'echo hunter2xyz', [devbox]);
      await ended;
      const shown = editor.documents.at(-1) ?? assert.fail();
      const text = documents.provideTextDocumentContent(shown.uri);
      assert.doesNotMatch(JSON.stringify(memory.get('runloop.openRuns')), /hunter2xyz/);
      assert.match(text, /\$ echo \[removed\]\n[^]*\n\[removed\]\n/);
      assert.doesNotMatch(`${shown.uri.toString()} ${text}`, /hunter2xyz/);
    } finally {
      documents.dispose();
    }
  });

  it('is of a command that is kept for the next time, unless a secret of the devbox is in it', async () => {
    const { api, editor } = used;
    const { id } = await api.devboxes.create({ name: 'kept' }, { requestId: crypto.randomUUID() });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    await editor.secrets.store('runloop.setValues', JSON.stringify({ [id]: ['hunter2xyz'] }));
    for (const command of ['echo hunter2xyz', 'echo kept']) {
      const running = editor.run('runloop.runCommand', id);
      const box = await editor.box(/^Run Command in kept/);
      box.type(command);
      box.accept();
      await running;
    }
    const kept = (): string => JSON.stringify(editor.globalState.get('runloop.commandHistory'));
    await editor.eventually(() => kept().includes('echo kept'));
    assert.doesNotMatch(kept(), /hunter2xyz/);
  });

  it('keeps commands for the next time in each devbox, and none with a secret in it', async () => {
    const memory = new FakeMemory();
    const history = new RunHistory(memory);
    await history.add('git status', ['one']);
    await history.add('curl -H "Authorization: Bearer abcdefghijklmnop" https://example.com', ['one']);
    await history.add('ls', ['one', 'two']);
    await history.add('git status', ['one']);
    await history.add('make', ['three']);
    // As another window has it, or the next one.
    const later = new RunHistory(memory);
    assert.deepEqual(later.of(['one']), { here: ['git status', 'ls'], elsewhere: ['make'] });
    assert.deepEqual(later.of(['two']), { here: ['ls'], elsewhere: ['make', 'git status'] });
    assert.deepEqual(later.of(['two', 'three']), { here: ['make', 'ls'], elsewhere: ['git status'] });
    assert.deepEqual(later.of(['a new one']), { here: [], elsewhere: ['make', 'git status', 'ls'] });
    for (let count = 0; count < 400; count += 1) await later.add(`echo ${count}`, ['two']);
    assert.equal(later.of(['two']).here.length, 50);
    assert.equal(later.of(['one']).here.length, 0);
  });

  it('says that output comes at the end, and that its beginning is missing, where Runloop offers no more', async () => {
    const { api, editor, platform } = used;
    const { id } = await api.devboxes.create({ name: 'without streams' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const proxy = await startCuttingProxy(platform.baseUrl, { hide: '/stream_' });
    try {
      const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
      const there = { ...account(), api: new RunloopApi({ apiKey: platform.apiKey, baseUrl: proxy.url }) };
      const run = new CommandRun(
        4,
        'while [ ! -e ~/go ]; do sleep 0.1; done; seq 3000000',
        { account: there, devboxes: [devbox] },
        () => undefined,
      );
      const running = run.run({ knownSecrets, devboxUse: { used: () => undefined } });
      await editor.eventually(() =>
        /running…\n… Runloop shows the output of this command when it has ended\.\n$/.test(run.text()),
      );
      await runCommand(api, id, 'touch ~/go');
      await running;
      assert.match(
        run.text(),
        /exit code 0 after [\d.]+ s\n… The lines before these are in the log of the devbox\.\n\d+\n/,
      );
      assert.match(run.text(), /\n3000000\n$/);
      assert.ok(run.text().split('\n').length > 10_000, 'only some of the lines that can be had');
    } finally {
      await proxy.close();
    }
  });
});
