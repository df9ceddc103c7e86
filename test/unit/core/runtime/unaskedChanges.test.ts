import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import type { RunloopRuntimeOptions } from '../../../../src/core/options/runtimeOptions';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

const tunnel = { tunnel_key: 'k', auth_mode: 'open', http_keep_alive: false };

describe('What a runtime changes, and what it does not', function () {
  this.timeout(30_000);
  let account: ScriptedAccount;
  let runtime: RunloopRuntime;

  beforeEach(async () => {
    account = await ScriptedAccount.start({ id: 'dbx_theirs', status: 'running', tunnel });
    account.answers.set('execute_action', { body: { observation: 'run', content: '', extras: { exit_code: 0 } } });
    account.answers.set('read_file_contents', { body: 'a key' });
  });
  afterEach(async () => {
    account.answers.clear();
    await runtime.close({ mode: 'keep' });
    await account.stop();
  });

  const connected = async (options: Partial<RunloopRuntimeOptions> = {}): Promise<void> => {
    runtime = new RunloopRuntime({
      apiKey: 'ak_of_a_test',
      baseUrl: account.baseUrl,
      sid: 'mine',
      headlessMode: true,
      plugins: [],
      ...options,
    });
    await runtime.connect();
  };
  const attach = { attachToExisting: true, devboxId: 'dbx_theirs' };
  const becomes = (status: string, keepsAlive = false): void => {
    const changed = { id: 'dbx_theirs', status, tunnel: { ...tunnel, tunnel_key: 'j', http_keep_alive: keepsAlive } };
    account.devboxes.set('dbx_theirs', changed);
  };

  /** What went through a tunnel. */
  const reached = (): readonly string[] => account.asked.filter((line) => line.startsWith('tunnel'));

  it('shuts down at its end what it has made, once, and nothing else', async () => {
    await connected();
    assert.deepEqual([runtime.createdHere, runtime.devbox?.id], [true, 'dbx_2']);
    await Promise.all([runtime.close(), runtime.close()]);
    await runtime.close({ mode: 'shutdown' });
    assert.deepEqual(account.changes, ['POST /v1/devboxes', 'POST /v1/devboxes/dbx_2/shutdown']);
  });

  it('is asked about by no later window once it is ready', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    try {
      await connected({ startNotes: new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) }) });
      assert.deepEqual([account.creates.length, readdirSync(folder)], [1, []]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('keeps at its end what it has attached to, and leaves each devbox as it is told to', async () => {
    await connected(attach);
    await runtime.close();
    await connected({ closeMode: 'keep' });
    await runtime.close();
    assert.deepEqual(account.changes, ['POST /v1/devboxes']);
    await connected({ ...attach, closeMode: 'shutdown' });
    await runtime.close({ mode: 'suspend' });
    assert.deepEqual(account.changes.slice(1), ['POST /v1/devboxes/dbx_theirs/suspend']);
  });

  it('has ended what it made for a connect that failed, and does not end it again', async () => {
    account.answers.set('alive', { status: 401, body: { detail: 'no' } });
    await assert.rejects(connected(), (error) => RuntimeError.is(error) && error.code !== 'may_still_run');
    const ended = ['POST /v1/devboxes', 'POST /v1/devboxes/dbx_2/shutdown'];
    assert.deepEqual(account.changes, ended);
    await runtime.close();
    assert.deepEqual(account.changes, ended);
  });

  it('tries again at its end to end what it could not, unless it is to be kept', async () => {
    for (const mode of ['keep', 'default'] as const) {
      account.answers.set('alive', { status: 401, body: { detail: 'no' } });
      account.answers.set('shutdown', { status: 403, body: { message: 'not now' } });
      await assert.rejects(connected({ reuseExisting: false }), (error) => RuntimeError.is(error, 'may_still_run'));
      account.answers.delete('shutdown');
      const { length } = account.changes;
      await runtime.close({ mode });
      const id = runtime.devbox?.id ?? '';
      assert.deepEqual(account.changes.slice(length), mode === 'keep' ? [] : [`POST /v1/devboxes/${id}/shutdown`]);
    }
  });

  it('resumes none that was suspended meanwhile, unless it is asked to', async () => {
    await connected({ ...attach, resumeSuspended: false });
    becomes('suspended');
    await assert.rejects(runtime.reconnect(), (error) => RuntimeError.is(error, 'devbox_suspended'));
    await assert.rejects(runtime.reconnect({ isUnasked: true }), (error) => RuntimeError.is(error, 'devbox_suspended'));
    assert.deepEqual([account.changes, runtime.state], [[], 'disconnected']);
    await runtime.reconnect({ resumeSuspended: true });
    assert.deepEqual([account.changes, runtime.state], [['POST /v1/devboxes/dbx_theirs/resume'], 'ready']);
  });

  it('resumes what it has suspended when that is asked for', async () => {
    await connected({ ...attach, resumeSuspended: false });
    await runtime.suspend();
    const { length } = reached();
    // Somebody asks: its server is asked for, also where that counts as use.
    becomes('suspended', true);
    await runtime.resume();
    assert.ok(reached().length > length);
    const verbs = ['suspend', 'resume'].map((verb) => `POST /v1/devboxes/dbx_theirs/${verb}`);
    assert.deepEqual([account.changes, runtime.state], [verbs, 'ready']);
  });

  it('asks nothing through a tunnel that counts as use where nobody asked, and does where somebody did', async () => {
    await connected(attach);
    const before = reached().length;
    becomes('running', true);
    await runtime.reconnect({ isUnasked: true });
    assert.equal(reached().length, before);
    await runtime.reconnect();
    assert.ok(reached().length > before);
    assert.deepEqual(account.changes, []);
  });

  it('tells Runloop of use of its own devbox only, and of none where there is no idle rule', async () => {
    await connected(attach);
    await runtime.actions.run('true');
    assert.deepEqual(account.changes, []);
    await runtime.keepAlive();
    assert.deepEqual(account.changes, ['POST /v1/devboxes/dbx_theirs/keep_alive']);
  });
});
