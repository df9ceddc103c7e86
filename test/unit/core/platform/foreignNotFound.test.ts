import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { askedForReadRule } from '../../../../src/core/http/retryRules';
import { endDevbox } from '../../../../src/core/platform/endDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { findDevbox } from '../../../../src/core/runtime/connect/findDevbox';
import { ScriptedServer } from '../../../network/scriptedServer';

/** What programs on the way say of a path that they do not know. */
const foreign: Readonly<Record<string, readonly [type: string | undefined, body: string]>> = {
  'a router': ['text/plain; charset=utf-8', '404 page not found\n'],
  'an ingress': ['text/plain', 'default backend - 404'],
  'a web server': ['text/html', '<html><body><h1>404 Not Found</h1></body></html>'],
  'a storage': ['application/xml', '<Error><Code>NoSuchKey</Code></Error>'],
  nobody: [undefined, ''],
  'a text in JSON': ['application/json', '"not found"'],
};

describe('That a devbox is not there', function () {
  this.timeout(30_000);
  let server: ScriptedServer;
  let api: RunloopApi;
  before(async () => {
    server = await ScriptedServer.start((_, answer) => answer.end());
    api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
  });
  after(() => server.stop());

  for (const [who, [type, body]] of Object.entries(foreign)) {
    it(`is not believed of ${who}: it is said neither to have ended nor to be unknown`, async () => {
      server.script = (_, answer) =>
        answer.writeHead(404, type === undefined ? {} : { 'content-type': type }).end(body);
      const isForeign = (error: unknown): boolean => RuntimeError.is(error, 'unexpected_answer');
      await assert.rejects(endDevbox(api, 'dbx_1'), isForeign);
      await assert.rejects(api.devboxes.retrieve('dbx_1', { rule: askedForReadRule }), isForeign);
      await assert.rejects(findDevbox(api, { sid: 'x', devboxId: 'dbx_1' }, { rule: askedForReadRule }), isForeign);
    });
  }

  it('is believed of the API', async () => {
    server.script = (_, answer) =>
      answer.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not_found","message":"None"}');
    assert.equal(await endDevbox(api, 'dbx_1'), undefined);
    await assert.rejects(api.devboxes.retrieve('dbx_1'), (error) => RuntimeError.is(error, 'not_found'));
  });
});
