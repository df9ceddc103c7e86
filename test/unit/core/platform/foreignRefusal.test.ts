import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { onceRule } from '../../../../src/core/http/retryRules';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { ScriptedServer } from '../../../network/scriptedServer';

interface Refusal {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ofType = (type: string, body: string): Refusal => ({ headers: { 'content-type': type }, body });
const bearer = 'Bearer realm="api", error="invalid_token"';

/** How somebody on the way refuses. */
const foreign: Readonly<Record<string, Refusal>> = {
  'a firewall': ofType('text/plain; charset=utf-8', 'Access denied by policy 17\n'),
  'a proxy': { headers: { 'content-type': 'text/plain', 'www-authenticate': 'Basic realm="proxy"' }, body: 'no' },
  'a hotel': ofType('text/html', '<!doctype html><html><body>Sign in</body></html>'),
  'a page without its first lines': ofType('text/html; charset=utf-8', 'Sign in'),
  'a page that asks for a bearer': {
    headers: { 'content-type': 'text/html', 'www-authenticate': bearer },
    body: '<p>Sign in</p>',
  },
  'a storage': ofType('application/xml', '<Error><Code>AccessDenied</Code></Error>'),
  nobody: { headers: {}, body: '' },
  'a text that is called JSON': ofType('application/json', 'RBAC: access denied'),
  'JSON that is called a text': ofType('text/plain', '{"message":"no"}'),
};

/** How the API may refuse: its bodies are not documented, so JSON of any shape is its own. */
const own: Readonly<Record<string, Refusal>> = {
  'the local platform': ofType('application/json', '{"error":"unauthorized","message":"The key is wrong."}'),
  'a gateway of its own': ofType('application/json; charset=utf-8', '{"Message":"no"}'),
  'a problem (RFC 9457)': ofType('application/problem+json', '{"title":"no"}'),
  'an empty object': ofType('application/json', '{}'),
  'a text in JSON': ofType('application/json', '"no"'),
  'a challenge for the key, with nothing': { headers: { 'www-authenticate': bearer }, body: '' },
  'a challenge for the key, in words': {
    headers: { 'content-type': 'text/plain', 'www-authenticate': `Basic realm="x", ${bearer}` },
    body: 'Credentials are required to access this resource.',
  },
};

const signal = new AbortController().signal;
const calls: Readonly<Record<string, (api: RunloopApi) => Promise<unknown>>> = {
  me: (api) => api.accounts.me({ rule: onceRule }),
  list: (api) => api.devboxes.listPage({ limit: 1 }, { rule: onceRule }),
  create: (api) => api.devboxes.create({}, { requestId: 'r' }),
  shutdown: (api) => api.devboxes.shutdown('dbx_1', { rule: onceRule }),
  devboxNow: (api) => api.devboxes.retrieveCounted('dbx_1', { signal }),
  upload: (api) => api.files.upload('dbx_1', { path: '/x', size: 1, content: [Buffer.from('x')], signal }),
  download: (api) => api.files.download('dbx_1', { path: '/x', signal }).next(),
};

describe('That the key may not do something', function () {
  this.timeout(30_000);
  let server: ScriptedServer;
  let api: RunloopApi;
  before(async () => {
    server = await ScriptedServer.start((_, answer) => answer.end());
    api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
  });
  after(() => server.stop());

  async function eachCall(refusal: Refusal, status: number, check: (error: RuntimeError, name: string) => void) {
    server.script = (_, answer) => answer.writeHead(status, { ...refusal.headers }).end(refusal.body);
    for (const [name, make] of Object.entries(calls)) {
      // Whoever reads a devbox as a stream believes no 402 at all.
      if (status === 402 && name === 'devboxNow') continue;
      server.seen.splice(0);
      await assert.rejects(make(api), (error) => {
        assert.ok(RuntimeError.is(error), `${name}: ${String(error)}`);
        check(error, name);
        return true;
      });
      assert.equal(server.seen.length, 1, name);
    }
  }

  for (const status of [401, 402, 403]) {
    for (const [who, refusal] of Object.entries(foreign)) {
      it(`is not believed of ${who} that says ${status}: no new key is asked for`, async () => {
        await eachCall(refusal, status, (error, name) => {
          assert.equal(error.code, 'unexpected_answer', name);
          assert.match(error.message, new RegExp(`not (?:by|from) the Runloop API.*${status}|${status}.*not by`), name);
          assert.doesNotMatch(`${error.message} ${error.nextStep}`, /key|policy|payment/i, name);
          assert.match(error.nextStep, /proxy|network/, name);
        });
      });
    }
  }

  const codes: Readonly<Record<number, RuntimeErrorCode>> = { 401: 'authentication', 403: 'permission' };
  for (const [status, code] of Object.entries(codes)) {
    for (const [who, refusal] of Object.entries(own)) {
      it(`is believed of ${who} that says ${status}`, async () => {
        await eachCall(refusal, Number(status), (error, name) => {
          assert.equal(error.code, code, name);
          assert.match(error.nextStep, /key/, name);
        });
      });
    }
  }
});
