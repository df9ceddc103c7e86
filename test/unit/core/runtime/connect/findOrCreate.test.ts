import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../../src/core/errors';
import { containerName, resolveConfig } from '../../../../../src/core/options/runtimeConfig';
import type { RunloopRuntimeOptions } from '../../../../../src/core/options/runtimeOptions';
import { containerNameKey } from '../../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { findOrCreate, type FoundOrCreated } from '../../../../../src/core/runtime/connect/findOrCreate';
import { ScriptedAccount, type ToldDevbox } from '../../../../platform/scriptedAccount';

describe('Whether a runtime makes a devbox', function () {
  this.timeout(30_000);
  let account: ScriptedAccount;
  let told: string[];
  let keys: Map<string, string>;

  beforeEach(async () => {
    account = await ScriptedAccount.start({ id: 'dbx_theirs', status: 'running', name: 'mine', metadata: {} });
    told = [];
    keys = new Map();
  });
  afterEach(() => account.stop());

  const own = (id: string, status: string, createTimeMs: number): ToldDevbox => ({
    id,
    status,
    name: 'renamed',
    create_time_ms: createTimeMs,
    metadata: { [containerNameKey]: containerName('mine') },
  });
  const find = (options: Partial<RunloopRuntimeOptions>): Promise<FoundOrCreated> => {
    const apiKey = 'ak_of_a_test';
    const api = new RunloopApi({ apiKey, baseUrl: account.baseUrl });
    const sessionKeys = {
      get: (of: string) => Promise.resolve(keys.get(of)),
      set: (of: string, key: string) => Promise.resolve(void keys.set(of, key)),
      delete: () => Promise.resolve(assert.fail('a key is forgotten')),
    };
    return findOrCreate({
      api,
      config: resolveConfig({ apiKey, sid: 'mine', sessionKeys, ...options }),
      call: { signal: new AbortController().signal },
      onPhase: (phase) => told.push(phase),
      onStart: ({ devbox }) => told.push(`start ${account.creates.length} ${devbox?.id ?? 'of none yet'}`),
      onCreated: ({ id }) => told.push(`created ${id}`),
    });
  };

  it('never does where it is to attach, whether or not it may go on in its own', async () => {
    for (const reuseExisting of [true, false]) {
      const attachToExisting = true;
      const found = await find({ attachToExisting, reuseExisting, devboxId: 'dbx_theirs' });
      assert.deepEqual([found.devbox.id, found.isNew, found.sessionKey], ['dbx_theirs', false, undefined]);
      assert.equal((await find({ attachToExisting, reuseExisting })).devbox.id, 'dbx_theirs');
      for (const missing of [{ devboxId: 'dbx_gone' }, { sid: 'nobody' }]) {
        await assert.rejects(find({ attachToExisting, reuseExisting, ...missing }), (error) =>
          RuntimeError.is(error, 'devbox_not_found'),
        );
      }
    }
    assert.deepEqual([account.changes, new Set(told)], [[], new Set(['looking'])]);
  });

  it('takes none for gone that it is not told of', async () => {
    account.answers.set('', { status: 403, body: { message: 'not yours' } });
    const attaching = find({ attachToExisting: true, devboxId: 'dbx_theirs' });
    await assert.rejects(attaching, (error) => RuntimeError.is(error, 'permission'));
    await assert.rejects(find({}), (error) => RuntimeError.is(error, 'permission'));
    assert.deepEqual(account.changes, []);
  });

  it('goes on in the newest of its own that has not ended, and makes none beside it', async () => {
    for (const devbox of [
      own('dbx_old', 'suspended', 1),
      own('dbx_new', 'running', 2),
      own('dbx_over', 'shutdown', 3),
    ]) {
      account.devboxes.set(devbox.id, devbox);
    }
    const found = await find({});
    assert.deepEqual([found.devbox.id, found.isNew, account.changes], ['dbx_new', false, []]);
  });

  it('makes one, once, where it has none: its start is told before it is sent, and its key is kept', async () => {
    const { devbox, isNew, sessionKey } = await find({});
    assert.deepEqual(told, ['looking', 'creating', 'start 0 of none yet', `created ${devbox.id}`]);
    assert.deepEqual(account.changes, ['POST /v1/devboxes']);
    assert.equal(isNew, true);
    assert.match(sessionKey ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual([...keys], [[devbox.id, sessionKey]]);
    // Another start gets another key.
    assert.notEqual((await find({ reuseExisting: false })).sessionKey, sessionKey);
  });

  it('looks for none of its own where it is not to go on in it', async () => {
    account.devboxes.set('dbx_own', own('dbx_own', 'running', 1));
    assert.equal((await find({ reuseExisting: false })).isNew, true);
    assert.deepEqual([account.asked, told[0]], [['POST /v1/devboxes'], 'creating']);
  });

  it('makes none for a workspace that cannot be read', async () => {
    await assert.rejects(find({ workspaceBase: '/nowhere/at/all' }), (error) => RuntimeError.is(error, 'transfer'));
    assert.deepEqual(account.changes, []);
  });
});
