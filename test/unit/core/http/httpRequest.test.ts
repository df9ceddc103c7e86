import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { after, before, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { requestStream, requestText } from '../../../../src/core/http/httpRequest';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

describe('A request', function () {
  this.timeout(30_000);
  let server: ScriptedServer;
  let stop: AbortController;
  before(async () => {
    server = await ScriptedServer.start(() => undefined);
  });
  after(() => server.stop());
  beforeEach(() => {
    server.seen.length = 0;
    server.script = (_, answer) => sendJson(answer, {});
    stop = new AbortController();
  });

  const url = (): URL => new URL(`${server.origin}/secret-path?token=secret-query`);
  const listeners = (): number => getEventListeners(stop.signal, 'abort').length;

  const ways: Readonly<Record<string, (timeoutMs: number) => Promise<unknown>>> = {
    'as text': (timeoutMs) => requestText(url(), { timeoutMs, signal: stop.signal }),
    'as a stream': async (timeoutMs) => text(await requestStream(url(), { timeoutMs, signal: stop.signal })),
  };
  for (const [how, ask] of Object.entries(ways)) {
    it(`${how} is told that nobody answered in its time, and what it asked for is told to nobody`, async () => {
      server.script = () => undefined;
      await assert.rejects(ask(200), (error) => {
        assert.ok(RuntimeError.is(error, 'deadline'), String(error));
        assert.equal(error.problem.id, 'no_answer_within');
        assert.doesNotMatch(`${error.message} ${error.nextStep} ${JSON.stringify(error.problem)}`, /secret/);
        return true;
      });
      assert.equal(listeners(), 0);
    });

    it(`${how} lets go of the signal that it was given, whatever comes of it`, async () => {
      await ask(10_000);
      server.script = (_, answer) => answer.destroy();
      await assert.rejects(ask(10_000), (error) => RuntimeError.is(error, 'network'));
      server.script = (_, answer) => answer.writeHead(511).end();
      await assert.rejects(ask(10_000), (error) => RuntimeError.is(error, 'network'));
      for (let turn = 0; turn < 100 && listeners() > 0; turn += 1) await setImmediate();
      assert.equal(listeners(), 0);
    });

    it(`${how} ends with its signal, also while the rest of the answer is awaited`, async () => {
      for (const begins of [false, true]) {
        stop = new AbortController();
        const asked = new Promise<ServerResponse>((resolve) => {
          server.script = (_, answer) => {
            if (begins) answer.writeHead(200).write('half');
            resolve(answer);
          };
        });
        const asking = ask(20_000);
        asking.catch(() => undefined);
        const answer = await asked;
        if (begins) await setImmediate();
        stop.abort();
        await assert.rejects(asking);
        if (!answer.closed) await once(answer, 'close');
      }
    });
  }

  it('lets go of its signal where it cannot even begin', async () => {
    const earlier = process.env['https_proxy'];
    process.env['https_proxy'] = 'socks5://127.0.0.1:1';
    try {
      const asking = requestStream(new URL('https://api.example.test'), { timeoutMs: 1_000, signal: stop.signal });
      await assert.rejects(asking, (error) => RuntimeError.is(error, 'invalid_option'));
      assert.equal(listeners(), 0);
    } finally {
      if (earlier === undefined) delete process.env['https_proxy'];
      else process.env['https_proxy'] = earlier;
    }
  });

  it('arrives whole, whatever its method and its letters', async () => {
    for (const method of ['POST', 'DELETE', 'PUT']) {
      await requestText(url(), { method, body: 'für 人 🙂', timeoutMs: 10_000 });
    }
    assert.deepEqual(
      server.seen.map(({ method, body }) => [method, body]),
      ['POST', 'DELETE', 'PUT'].map((method) => [method, 'für 人 🙂']),
    );
  });

  it('leaves no connection open that is of another protocol than was asked for', async () => {
    for (const head of ['Upgrade: x\r\nConnection: upgrade\r\n', '']) {
      let closed: Promise<unknown> = Promise.resolve();
      server.script = (_, answer) => {
        const { socket } = answer;
        if (socket === null) return;
        closed = once(socket, 'close');
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n`);
      };
      const asking = requestText(url(), { timeoutMs: 10_000 });
      await assert.rejects(asking, (error) => RuntimeError.is(error, 'unexpected_answer'));
      await closed;
    }
  });

  it('is given up as text where the answer stops for a minute, however long it may take in all', async () => {
    const begun = new Promise<ServerResponse>((resolve) => {
      server.script = (_, answer) => {
        answer.writeHead(200).write('half');
        resolve(answer);
      };
    });
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const over = { is: false };
      const asking = requestText(url(), { timeoutMs: 3_600_000 }).finally(() => (over.is = true));
      asking.catch(() => undefined);
      const answer = await begun;
      while (!over.is) {
        await setImmediate();
        mock.timers.tick(1_000);
      }
      await assert.rejects(asking, (error) => RuntimeError.is(error) && error.problem.id === 'answer_stopped');
      if (!answer.closed) await once(answer, 'close');
    } finally {
      mock.timers.reset();
    }
  });

  it('reads no more of a body than can be sent, and none once the server has gone', async () => {
    let cut: (() => void) | undefined;
    server.server.prependOnceListener('request', (request: { socket: Socket }) => {
      cut = () => request.socket.destroy();
      cut();
    });
    const stream = new Readable({ read: () => void stream.push('x') });
    const asking = requestText(url(), { method: 'POST', bodyStream: { stream, headers: {} }, timeoutMs: 20_000 });
    await assert.rejects(asking, (error) => RuntimeError.is(error, 'network'));
    if (!stream.destroyed) await once(stream, 'close');
    const broken = new Readable({ read: () => void broken.destroy(new Error('it cannot be read')) });
    const sending = requestText(url(), {
      method: 'POST',
      bodyStream: { stream: broken, headers: {} },
      timeoutMs: 20_000,
    });
    await assert.rejects(sending, /it cannot be read/);
  });
});
