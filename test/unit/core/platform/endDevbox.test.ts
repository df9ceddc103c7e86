import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { endDevbox } from '../../../../src/core/platform/endDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RuntimeError } from '../../../../src/core/errors';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

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
