import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

describe('a refusal for want of payment', () => {
  let server: ScriptedServer;
  before(async () => {
    server = await ScriptedServer.start((_, answer) => sendJson(answer, { message: 'Out of credit.' }, 402));
  });
  after(() => server.stop());

  it('says so, leads to the payment and is not asked again', async () => {
    const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
    for (const call of [
      () => api.devboxes.create({}, { requestId: 'r' }),
      () => api.devboxes.shutdown('dbx_1'),
      () => api.devboxes.listPage({ limit: 1 }),
    ]) {
      server.seen.length = 0;
      await assert.rejects(call(), (error) => {
        assert.ok(RuntimeError.is(error, 'payment'), String(error));
        assert.match(error.message, /Out of credit/);
        assert.equal(error.nextStep, 'Check the payment method and credit of the account in the Runloop dashboard.');
        return true;
      });
      assert.equal(server.seen.length, 1);
    }
  });
});
