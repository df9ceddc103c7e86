import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { after, before, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { httpFetch } from '../../../../src/core/http/httpFetch';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

describe('What libraries fetch', function () {
  this.timeout(20_000);
  let server: ScriptedServer;
  before(async () => {
    server = await ScriptedServer.start(() => undefined);
  });
  after(() => server.stop());
  beforeEach(() => {
    server.seen.length = 0;
    server.script = (_, answer) => sendJson(answer, {});
  });

  /** The next answer, once `begin` has begun it. */
  const answering = (begin: (answer: ServerResponse) => void): Promise<ServerResponse> =>
    new Promise((resolve) => {
      server.script = (_, answer) => {
        begin(answer);
        resolve(answer);
      };
    });
  const closed = async (answer: ServerResponse): Promise<void> => {
    if (!answer.closed) await once(answer, 'close');
  };

  it('ends with its signal, for the reason that this gives', async () => {
    const stop = new AbortController();
    const reason = new Error('the library’s own');
    const asked = answering(() => undefined);
    const fetching = httpFetch(server.origin, { signal: stop.signal });
    fetching.catch(() => undefined);
    const answer = await asked;
    stop.abort(reason);
    await assert.rejects(fetching, (error) => error === reason);
    await closed(answer);
  });

  it('ends with its signal, or its reader, while the rest is awaited', async () => {
    for (const how of ['signal', 'reader'] as const) {
      const stop = new AbortController();
      const begun = answering((answer) => answer.writeHead(200, { 'content-type': 'text/event-stream' }).write('data'));
      const { body } = await httpFetch(server.origin, { signal: stop.signal });
      const reader = (body ?? assert.fail()).getReader();
      await reader.read();
      const rest = reader.read();
      rest.catch(() => undefined);
      if (how === 'signal') stop.abort();
      else await reader.cancel();
      await closed(await begun);
      await rest.catch(() => undefined);
    }
  });

  it('is given up where nothing begins in two minutes', async () => {
    const asked = answering(() => undefined);
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const over = { is: false };
      const fetching = httpFetch(server.origin).finally(() => (over.is = true));
      fetching.catch(() => undefined);
      const answer = await asked;
      mock.timers.tick(119_000);
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      assert.equal(over.is, false);
      mock.timers.tick(1_001);
      await assert.rejects(fetching, (error) => RuntimeError.is(error, 'deadline'));
      await closed(answer);
    } finally {
      mock.timers.reset();
    }
  });

  it('is not sent again by an answer that would have it sent as something else', async () => {
    for (const status of [301, 302, 303]) {
      server.seen.length = 0;
      const begun = answering((answer) => answer.writeHead(status, { location: '/next' }).write('x'));
      await assert.rejects(httpFetch(server.origin, { method: 'POST', body: 'mine' }), (error) => {
        assert.ok(RuntimeError.is(error, 'unexpected_answer'), String(error));
        assert.match(error.message, /would drop the request/);
        return true;
      });
      await closed(await begun);
      assert.equal(server.seen.length, 1);
    }
  });

  it('leaves no connection open behind an answer that leads somewhere else', async () => {
    for (const location of ['/next', 'http://elsewhere.invalid/secret?token=1', 'http://[']) {
      const begun: ServerResponse[] = [];
      server.script = ({ url }, answer) => {
        if (url === '/next') sendJson(answer, {});
        else begun.push(answer.writeHead(302, { location }));
        if (url !== '/next') answer.write('x');
      };
      const fetching = httpFetch(`${server.origin}/secret?token=1`);
      if (location === '/next') assert.equal((await fetching).status, 200);
      else await assert.rejects(fetching, (error) => RuntimeError.is(error) && !/secret|token/.test(error.message));
      await closed(begun[0] ?? assert.fail());
    }
  });

  it('has no status that does not exist, and no connection behind it', async () => {
    const begun = answering((answer) => answer.writeHead(600).write('x'));
    await assert.rejects(httpFetch(server.origin), (error) => RuntimeError.is(error, 'unexpected_answer'));
    await closed(await begun);
  });
});
