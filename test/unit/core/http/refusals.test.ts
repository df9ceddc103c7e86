import assert from 'node:assert/strict';
import type * as http from 'node:http';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { after, before, beforeEach, describe, it } from 'mocha';
import { ActionServerHttp } from '../../../../src/core/actionServer/actionServerHttp';
import { RuntimeError } from '../../../../src/core/errors';
import { httpFetch } from '../../../../src/core/http/httpFetch';
import { requestError, requestText } from '../../../../src/core/http/httpRequest';
import { onceRule } from '../../../../src/core/http/retryRules';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { eventually } from '../../../eventually';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

/** Megabytes of a refusal that has no end, and those that connections may have taken before they were closed. */
const [offeredMb, mostTakenMb] = [200, 16];

describe('a refusal', function () {
  this.timeout(120_000);
  let server: ScriptedServer;
  let taken = 0;
  let isClosed = false;
  before(async () => {
    server = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
  });
  after(() => server.stop());
  beforeEach(() => {
    taken = 0;
    isClosed = false;
    server.seen.splice(0);
    server.script = (_, answer) => refuse(answer);
  });

  function refuse(answer: http.ServerResponse): void {
    const megabytes = (function* () {
      for (taken = 0; taken < offeredMb; taken += 1) yield Buffer.alloc(1 << 20, 'a');
    })();
    answer.once('close', () => (isClosed = true));
    Readable.from(megabytes, { objectMode: false }).pipe(answer.writeHead(400, { 'content-type': 'application/json' }));
  }

  const readers: Readonly<Record<string, () => Promise<unknown>>> = {
    'of the API': () =>
      new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin }).devboxes.listPage({ limit: 1 }, { rule: onceRule }),
    'of an action server': () =>
      new ActionServerHttp({ url: server.origin, sessionKey: 'k', tunnelToken: undefined }).once('GET', '/x', {
        timeoutMs: 30_000,
        signal: undefined,
      }),
    'of a download of an action server': () =>
      new ActionServerHttp({ url: server.origin, sessionKey: 'k', tunnelToken: undefined }).stream('/x', {
        timeoutMs: 30_000,
        signal: undefined,
      }),
  };
  for (const [who, read] of Object.entries(readers)) {
    it(`${who} is read no further than its beginning`, async () => {
      await assert.rejects(read(), (error) => RuntimeError.is(error) && error.status === 400);
      await eventually(
        () => Promise.resolve(isClosed),
        (closed) => closed,
      );
      assert.ok(taken < mostTakenMb, `${taken} MB were taken`);
    });
  }

  it('is said where redirects lead in a circle, or on for ever', async () => {
    for (const next of ['/x', '']) {
      server.seen.splice(0);
      server.script = ({ url }, answer) =>
        answer.writeHead(307, { location: next === '' ? `${url.slice(0, 500)}x` : next }).end();
      await assert.rejects(httpFetch(`${server.origin}/x`), (error) => {
        assert.ok(RuntimeError.is(error, 'unexpected_answer'));
        assert.match(error.message, /in a loop/);
        return true;
      });
      assert.ok(server.seen.length <= 10, `${server.seen.length} requests`);
    }
  });
});

describe('a failure without an answer', () => {
  const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code });
  const several = (...errors: Error[]): Error => new AggregateError(errors);
  const wordsOf = (error: unknown): string =>
    requestError(error, new URL('https://devbox.test/x'), { timeoutMs: 1_000 }, false).message;

  for (const [what, error, words] of [
    ['without words', new Error(''), 'the connection failed'],
    ['of blanks', new Error(' \n'), 'the connection failed'],
    ['with a code alone', coded('', 'ECONNRESET'), 'ECONNRESET'],
    ['of several addresses', several(coded('connect ENETUNREACH', 'ENETUNREACH')), 'connect ENETUNREACH'],
    ['of several addresses, without words', several(coded('', 'ECONNREFUSED')), 'ECONNREFUSED'],
    ['of no address', Object.assign(several(), { code: 'ETIMEDOUT' }), 'ETIMEDOUT'],
    ['of several, of which none says anything', several(new Error('')), 'the connection failed'],
    ['that is no error', 'gone', 'gone'],
  ] as const) {
    it(`is told in words, also one ${what}`, () => {
      const message = wordsOf(error);
      assert.ok(message.includes(words), message);
      assert.doesNotMatch(message, /[:,(]\s*\.|\.\./);
    });
  }

  it('names neither the tunnel of a devbox, which is a key, nor what was asked of anybody', () => {
    const url = new URL('https://key-of-it.tunnel.test/secret-path?token=secret-query');
    const said = 'getaddrinfo ENOTFOUND key-of-it.tunnel.test (key-of-it.tunnel.test)';
    for (const timedOut of [false, true]) {
      const failed = coded(said, 'ENOTFOUND');
      const ofDevbox = requestError(failed, url, { timeoutMs: 1_000, devboxId: 'dbx_1' }, timedOut);
      const shown = inspect(ofDevbox, { depth: 9 });
      assert.match(shown, /dbx_1/);
      assert.doesNotMatch(shown, /key-of-it|secret/);
      const ofApi = requestError(failed, url, { timeoutMs: 1_000 }, timedOut);
      assert.match(ofApi.message, /key-of-it\.tunnel\.test/);
      assert.doesNotMatch(inspect(ofApi, { depth: 9 }), /secret/);
    }
  });

  it('is told of a host that nobody answers for', async () => {
    await assert.rejects(requestText(new URL('http://127.0.0.1:1/'), { timeoutMs: 5_000 }), (error) => {
      assert.ok(RuntimeError.is(error, 'network'));
      assert.match(error.message, /127\.0\.0\.1:1.*\w\.?$/);
      return true;
    });
  });
});
