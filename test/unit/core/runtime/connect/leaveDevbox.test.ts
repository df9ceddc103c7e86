import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../../src/core/errors';
import { resolveConfig } from '../../../../../src/core/options/runtimeConfig';
import type { CloseMode } from '../../../../../src/core/options/runtimeOptions';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { leaveDevbox } from '../../../../../src/core/runtime/connect/leaveDevbox';
import type { RuntimeEvent } from '../../../../../src/core/runtime/runtimeStatus';
import { ScriptedAccount } from '../../../../platform/scriptedAccount';

describe('How a runtime leaves its devbox', function () {
  this.timeout(30_000);
  let account: ScriptedAccount;
  let keys: Map<string, string>;
  let told: RuntimeEvent[];

  beforeEach(async () => {
    account = await ScriptedAccount.start(
      { id: 'dbx_mine', status: 'running' },
      { id: 'dbx_asleep', status: 'suspended' },
    );
    keys = new Map([
      ['dbx_mine', 'a key'],
      ['dbx_asleep', 'another key'],
    ]);
    told = [];
  });
  afterEach(() => account.stop());

  const leave = async (id: string, mode: CloseMode, deleted?: () => Promise<void>): Promise<void> => {
    const apiKey = 'ak_of_a_test';
    const api = new RunloopApi({ apiKey, baseUrl: account.baseUrl });
    const sessionKeys = {
      get: (of: string) => Promise.resolve(keys.get(of)),
      set: (of: string, key: string) => Promise.resolve(void keys.set(of, key)),
      delete: deleted ?? ((of: string) => Promise.resolve(void keys.delete(of))),
    };
    const config = resolveConfig({ apiKey, sessionKeys });
    const devbox = await api.devboxes.retrieve(id);
    await leaveDevbox({ api, config, fire: (event) => told.push(event) }, devbox, mode);
  };

  it('shuts it down, only it, and forgets its key and no other', async () => {
    await leave('dbx_mine', 'shutdown');
    assert.deepEqual(account.changes, ['POST /v1/devboxes/dbx_mine/shutdown']);
    assert.deepEqual([...keys.keys()], ['dbx_asleep']);
    assert.deepEqual(told, []);
  });

  it('keeps the key of one that may still run, and says that it may', async () => {
    account.answers.set('shutdown', { status: 403, body: { message: 'not yours' } });
    await assert.rejects(
      leave('dbx_mine', 'shutdown'),
      (error) => RuntimeError.is(error, 'may_still_run') && error.devboxId === 'dbx_mine',
    );
    assert.deepEqual([...keys.keys()], ['dbx_mine', 'dbx_asleep']);
  });

  it('has shut it down also where its key cannot be removed, which is told without what is secret', async () => {
    await leave('dbx_mine', 'shutdown', () =>
      Promise.reject(new Error('no keyring for Bearer ak_abcdefghijklmnop1234')),
    );
    assert.deepEqual(account.changes, ['POST /v1/devboxes/dbx_mine/shutdown']);
    const [note, ...others] = told;
    assert.ok(note?.type === 'note' && note.message.startsWith('The session key could not be removed: no keyring'));
    assert.ok(!note.message.includes('abcdefghijklmnop1234'), note.message);
    assert.deepEqual(others, []);
  });

  it('suspends one that runs, and asks for nothing where it sleeps already', async () => {
    await leave('dbx_mine', 'suspend');
    assert.deepEqual(account.changes, ['POST /v1/devboxes/dbx_mine/suspend']);
    await leave('dbx_asleep', 'suspend');
    assert.equal(account.changes.length, 1);
    assert.equal(keys.size, 2);
  });

  it('asks for nothing where it is kept', async () => {
    for (const id of ['dbx_mine', 'dbx_asleep']) await leave(id, 'keep');
    assert.deepEqual([account.changes, keys.size, told], [[], 2, []]);
  });
});
