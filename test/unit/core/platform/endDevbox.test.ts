import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { endDevbox, type EndOptions } from '../../../../src/core/platform/endDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RuntimeError } from '../../../../src/core/errors';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

describe('A devbox that is shut down, where the answers are about another one', function () {
  this.timeout(30_000);
  const running: { server?: ScriptedServer } = {};
  afterEach(() => running.server?.stop());

  for (const [what, status] of [
    ['that has ended', 200],
    ['that has ended, and a refusal before', 409],
  ] as const) {
    it(`does not count as ended: ${what}`, async () => {
      const other = { id: 'dbx_other', status: 'shutdown' };
      const server = await ScriptedServer.start(({ url }, answer) => {
        if (url.includes('/shutdown') && status !== 200) sendJson(answer, { message: 'a snapshot is taken' }, status);
        else sendJson(answer, other);
      });
      running.server = server;
      const api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: server.origin });
      await assert.rejects(endDevbox(api, 'dbx_this'), (error) => RuntimeError.is(error));
    });
  }
});

describe('A devbox that is shut down', function () {
  this.timeout(30_000);
  let account: ScriptedAccount;
  beforeEach(async () => {
    account = await ScriptedAccount.start({ id: 'dbx_1', status: 'running' });
  });
  afterEach(() => account.stop());
  const end = (options?: EndOptions): ReturnType<typeof endDevbox> =>
    endDevbox(new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: account.baseUrl }), 'dbx_1', options);
  const refused = { status: 403, body: { message: 'not yours' } };

  it('is not ended by force unless that is said', async () => {
    assert.equal((await end())?.status, 'shutdown');
    await end({ force: true });
    const [first, second] = account.changes;
    assert.deepEqual(
      [first, second],
      ['dbx_1/shutdown', 'dbx_1/shutdown?force=true'].map((path) => `POST /v1/devboxes/${path}`),
    );
  });

  it('has ended where a look says so after a refusal, and where the account has it no more', async () => {
    account.answers.set('shutdown', refused);
    await assert.rejects(end(), (error) => RuntimeError.is(error, 'permission'));
    account.devboxes.set('dbx_1', { id: 'dbx_1', status: 'shutdown' });
    assert.equal((await end())?.status, 'shutdown');
    account.devboxes.clear();
    assert.equal(await end(), undefined);
  });

  it('has not ended with an answer that says that it runs, but once it is seen to have', async () => {
    const running = { id: 'dbx_1', status: 'running' };
    account.answers.set('shutdown', { body: running });
    await assert.rejects(end(), (error) => RuntimeError.is(error) && /dbx_1/.test(error.devboxId ?? ''));
    account.devboxes.set('dbx_1', { ...running, status: 'failure' });
    assert.equal((await end())?.status, 'failure');
  });
});
