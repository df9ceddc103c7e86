import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../../src/core/errors';
import { EventStream } from '../../../../../src/core/actionServer/eventStream';
import { containerName, resolveConfig } from '../../../../../src/core/options/runtimeConfig';
import { containerNameKey } from '../../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { bringUp, type BringUpContext, type Connection } from '../../../../../src/core/runtime/connect/bringUp';
import { ScriptedAccount } from '../../../../platform/scriptedAccount';

describe('What bringing a devbox up asks for', function () {
  this.timeout(60_000);
  let account: ScriptedAccount;
  let keys: Map<string, string>;

  beforeEach(async () => {
    account = await ScriptedAccount.start();
    keys = new Map();
  });
  afterEach(() => account.stop());

  const tunnel = (keepsAlive: boolean) => ({ tunnel_key: 'k', auth_mode: 'open', http_keep_alive: keepsAlive });
  const ours = { [containerNameKey]: containerName('mine') };
  const up = async (
    devbox: { readonly status: string; readonly tunnel?: unknown; readonly metadata?: unknown },
    context: Partial<Pick<BringUpContext, 'resumeSuspended' | 'isUnasked'>> = {},
  ): Promise<Connection> => {
    account.devboxes.set('dbx_1', { ...devbox, id: 'dbx_1' });
    const apiKey = 'ak_of_a_test';
    const sessionKeys = {
      get: (of: string) => Promise.resolve(keys.get(of)),
      set: (of: string, key: string) => Promise.resolve(void keys.set(of, key)),
      delete: () => Promise.resolve(),
    };
    const api = new RunloopApi({ apiKey, baseUrl: account.baseUrl });
    const found = await api.devboxes.retrieve('dbx_1');
    return bringUp(
      {
        api,
        config: resolveConfig({ apiKey, sid: 'mine', sessionKeys }),
        call: { signal: new AbortController().signal },
        resumeSuspended: false,
        isUnasked: true,
        client: { events: new EventStream(), onLost: () => undefined },
        onPhase: () => undefined,
        onStarted: () => undefined,
        ...context,
      },
      found,
      { isNew: false },
    );
  };
  const fails = async (work: Promise<unknown>, code: RuntimeErrorCode): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(RuntimeError.is(error, code), String(error));
      return true;
    });
  };
  /** What went through the tunnel. */
  const reached = (): readonly string[] => account.asked.filter((line) => line.startsWith('tunnel'));

  it('is no resume where none is wanted, and one where it is', async () => {
    for (const isUnasked of [true, false]) {
      for (const status of ['suspended', 'suspending']) await fails(up({ status }, { isUnasked }), 'devbox_suspended');
    }
    assert.deepEqual(account.changes, []);
    keys.set('dbx_1', 'the key');
    await up({ status: 'suspended', tunnel: tunnel(false) }, { resumeSuspended: true, isUnasked: false });
    assert.deepEqual(account.changes, ['POST /v1/devboxes/dbx_1/resume']);
  });

  it('is nothing of one that has ended', async () => {
    for (const status of ['shutdown', 'failure']) {
      await fails(up({ status }, { resumeSuspended: true, isUnasked: false }), 'devbox_ended');
    }
    assert.deepEqual([account.changes, reached()], [[], []]);
  });

  it('is nothing through a tunnel that counts as use, unless somebody asks', async () => {
    keys.set('dbx_1', 'the key');
    await up({ status: 'running', tunnel: tunnel(true) });
    assert.deepEqual([account.changes, reached()], [[], []]);
    await up({ status: 'running', tunnel: tunnel(false) });
    assert.deepEqual(reached(), ['tunnel /alive', 'tunnel /list_files']);
    await up({ status: 'running', tunnel: tunnel(true) }, { isUnasked: false });
    assert.equal(reached().length, 4);
    assert.deepEqual(account.changes, []);
  });

  it('starts no server that is gone where nobody asks, nor ever in a devbox of somebody else', async () => {
    keys.set('dbx_1', 'the key');
    account.answers.set('alive', { status: 502, body: { detail: 'nothing listens there' } });
    await fails(up({ status: 'running', tunnel: tunnel(false), metadata: ours }), 'no_action_server');
    await fails(up({ status: 'running', tunnel: tunnel(false) }, { isUnasked: false }), 'no_action_server');
    assert.deepEqual(account.changes, []);
  });

  it('takes the key that it knows, else that of the devbox, and keeps it', async () => {
    account.answers.set('read_file_contents', { body: 'that of the devbox\n' });
    keys.set('dbx_1', 'the key');
    await up({ status: 'running', tunnel: tunnel(false) });
    assert.ok(!account.asked.some((line) => line.endsWith('/read_file_contents')), account.asked.join('\n'));
    assert.deepEqual([...keys], [['dbx_1', 'the key']]);
    keys.clear();
    await up({ status: 'running', tunnel: tunnel(false) });
    assert.deepEqual([...keys], [['dbx_1', 'that of the devbox']]);
  });

  it('goes on without a key only where the devbox has none, and not where it is not told', async () => {
    for (const status of [400, 404]) {
      account.answers.set('read_file_contents', { status, body: { message: 'no such file' } });
      await up({ status: 'running', tunnel: tunnel(false) });
    }
    account.answers.set('read_file_contents', { status: 403, body: { message: 'not yours' } });
    const { length } = reached();
    await fails(up({ status: 'running', tunnel: tunnel(false) }), 'permission');
    assert.deepEqual([reached().length, keys.size], [length, 0]);
  });
});
