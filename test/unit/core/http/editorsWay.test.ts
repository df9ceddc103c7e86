import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { requestText } from '../../../../src/core/http/httpRequest';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

const mark = '__vscodeOriginal';

describe('the way to the network in an editor', () => {
  const own = { http: http.request, https: https.request };
  const environment = process.env['HTTP_PROXY'];
  let server: ScriptedServer;
  let asked: string[];
  before(async () => {
    server = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
  });
  after(() => server.stop());
  beforeEach(() => {
    asked = [];
    // As an editor does it: its own functions stand in the modules, and lead everything to where its settings say.
    const through =
      (scheme: string) =>
      (options: http.RequestOptions): http.ClientRequest => {
        asked.push(`${scheme} ${String(options.hostname)}`);
        const { method, headers, path, signal } = options;
        return own.http({
          hostname: '127.0.0.1',
          port: server.port,
          method,
          headers,
          path,
          ...(signal ? { signal } : {}),
        });
      };
    Object.assign(http, { [mark]: {}, request: through('http') });
    Object.assign(https, { request: through('https') });
    // Where the editor has a way, the environment's is not asked.
    process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
  });
  afterEach(() => {
    Object.assign(http, { request: own.http });
    Object.assign(https, { request: own.https });
    Reflect.deleteProperty(http, mark);
    if (environment === undefined) delete process.env['HTTP_PROXY'];
    else process.env['HTTP_PROXY'] = environment;
  });

  it('is by the functions that the editor has put into the modules, after this file was read (N1)', async () => {
    server.script = (_, answer) => sendJson(answer, {});
    assert.equal((await requestText(new URL('http://api.example/x'), { timeoutMs: 5_000 })).status, 200);
    assert.deepEqual(asked, ['http api.example']);
  });

  it('is not asked for this computer', async () => {
    server.script = (_, answer) => sendJson(answer, {});
    for (const host of ['127.0.0.1', 'localhost', 'devbox.localhost']) {
      const { status } = await requestText(new URL(`http://${host}:${server.port}/x`), { timeoutMs: 5_000 });
      assert.equal(status, 200);
    }
    assert.deepEqual(asked, []);
  });

  const refusals = { 403: 'proxy_refusal', 404: 'proxy_refusal', 407: 'proxy_password', 502: 'proxy_refusal' } as const;
  for (const [status, problem] of Object.entries(refusals)) {
    it(`tells a proxy’s refusal of a tunnel from an answer: ${status} (N2)`, async () => {
      // The editor gives it as if the server had said it; it has not come through the server's encryption.
      server.script = (_, answer) => answer.writeHead(Number(status)).end('No.');
      await assert.rejects(requestText(new URL('https://api.example/x'), { timeoutMs: 5_000 }), (error) => {
        assert.ok(RuntimeError.is(error, 'network'), String(error));
        assert.equal(error.problem.id, problem);
        assert.equal(error.status, undefined);
        return true;
      });
    });
  }

  for (const [status, problem] of Object.entries({ 407: 'proxy_password', 511: 'network_sign_in' })) {
    it(`tells what only somebody in between says: ${status}`, async () => {
      server.script = (_, answer) => answer.writeHead(Number(status)).end('No.');
      await assert.rejects(
        requestText(new URL('http://api.example/x'), { timeoutMs: 5_000 }),
        (error) => RuntimeError.is(error) && error.problem.id === problem,
      );
    });
  }
});
