import assert from 'node:assert/strict';
import type * as http from 'node:http';
import { Readable } from 'node:stream';
import { mock } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import { after, before, beforeEach, describe, it } from 'mocha';
import { ActionServerHttp } from '../../../../src/core/actionServer/actionServerHttp';
import { RuntimeError } from '../../../../src/core/errors';
import { piecesOf, textOf } from '../../../../src/core/http/answerBody';
import { httpFetch } from '../../../../src/core/http/httpFetch';
import { requestText } from '../../../../src/core/http/httpRequest';
import { onceRule } from '../../../../src/core/http/retryRules';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

const packers = {
  gzip: () => createGzip({ level: 1 }),
  deflate: () => createDeflate({ level: 1 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
};
const json = { 'content-type': 'application/json' };

/** Megabytes of one letter that go on until nobody reads. */
function endless(start: string, mostMb = 400): Readable {
  return Readable.from(
    (function* () {
      yield Buffer.from(start);
      for (let sent = 0; sent < mostMb; sent += 1) yield Buffer.alloc(1 << 20, 'a');
    })(),
    { objectMode: false },
  );
}

/** Answers without an end, or that are far larger than they look. */
const bombs: Readonly<Record<string, (answer: http.ServerResponse, status?: number) => void>> = {
  plain: (answer, status = 200) => void endless('{"a":"').pipe(answer.writeHead(status, json)),
  ...Object.fromEntries(
    Object.entries(packers).map(([encoding, packer]) => [
      encoding,
      (answer: http.ServerResponse, status = 200) =>
        void endless('{"a":"')
          .pipe(packer())
          .pipe(answer.writeHead(status, { ...json, 'content-encoding': encoding })),
    ]),
  ),
};

describe('an answer within limits', function () {
  this.timeout(120_000);
  let server: ScriptedServer;
  let other: ScriptedServer;
  let api: RunloopApi;
  const url = (): URL => new URL(server.origin);

  before(async () => {
    server = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
    other = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
    api = new RunloopApi({ apiKey: 'ak_secret', baseUrl: server.origin });
  });
  after(async () => {
    await server.stop();
    await other.stop();
  });
  beforeEach(() => void other.seen.splice(0));

  const readers: Readonly<Record<string, () => Promise<unknown>>> = {
    'the API': () => api.devboxes.listPage({ limit: 1 }, { rule: onceRule }),
    'an action server': () =>
      new ActionServerHttp({ url: server.origin, sessionKey: 'k', tunnelToken: undefined }).once('GET', '/x', {
        timeoutMs: 30_000,
        signal: undefined,
      }),
    'a file': () => api.files.read('d', '/x'),
  };
  for (const [kind, bomb] of Object.entries(bombs)) {
    for (const [who, read] of Object.entries(readers)) {
      it(`is given up when it is too large: ${kind}, of ${who}`, async () => {
        const before = process.memoryUsage().rss;
        server.script = (_, answer) => {
          if (who === 'a file') answer.setHeader('x-file', '1');
          bomb(answer);
        };
        if (who === 'a file') {
          server.script = (_, answer) => {
            const write = answer.writeHead.bind(answer) as (status: number, headers: object) => http.ServerResponse;
            answer.writeHead = ((status: number, headers: object) =>
              write(status, { ...headers, 'content-type': 'text/plain' })) as typeof answer.writeHead;
            bomb(answer);
          };
        }
        await assert.rejects(read(), (error) => {
          assert.ok(RuntimeError.is(error, 'unexpected_answer'), String(error));
          assert.match(error.message, /larger than 32 MB/);
          return true;
        });
        assert.ok(process.memoryUsage().rss - before < 350 << 20, 'it was held in memory');
      });
    }

    it(`is read to its first 64 kB when it is a refusal: ${kind}`, async () => {
      server.script = (_, answer) => bomb(answer, 400);
      const { status, body } = await requestText(url(), { timeoutMs: 30_000 });
      assert.deepEqual([status, body.length], [400, 64 * 1024]);
      await assert.rejects(
        api.devboxes.listPage({ limit: 1 }, { rule: onceRule }),
        (error) => RuntimeError.is(error) && error.status === 400 && error.message.length < 500,
      );
    });
  }

  for (const [encoding, packer] of Object.entries(packers)) {
    it(`is unpacked: ${encoding}`, async () => {
      server.script = (_, answer) =>
        void Readable.from([JSON.stringify({ id: 'acc', name: 'grüße' })], { objectMode: false })
          .pipe(packer())
          .pipe(answer.writeHead(200, { ...json, 'content-encoding': encoding }));
      assert.deepEqual(await api.accounts.me(), { id: 'acc', name: 'grüße' });
    });
  }

  it('is not taken in a packing that nobody asked for', async () => {
    server.script = (_, answer) => answer.writeHead(200, { ...json, 'content-encoding': 'zstd' }).end('{}');
    await assert.rejects(api.accounts.me(), (error) => RuntimeError.is(error, 'unexpected_answer'));
  });

  it('is given up when nothing more comes', async () => {
    const silent = new Readable({ read: () => undefined });
    silent.push('{"begun":');
    await assert.rejects(textOf(silent, { silenceMs: 50 }), (error) => {
      assert.ok(RuntimeError.is(error, 'deadline'));
      assert.match(error.message, /stopped partway/);
      return true;
    });
    assert.equal(silent.destroyed, true);
  });

  it('is given up by what libraries use, too; a stream of events may be silent for as long as it likes', async () => {
    for (const type of ['application/json', 'text/event-stream']) {
      let last: http.ServerResponse | undefined;
      server.script = (_, answer) => void (last = answer.writeHead(200, { 'content-type': type })).write('data: 1\n\n');
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const { body } = await httpFetch(server.origin);
        const reader = (body ?? assert.fail()).getReader();
        await reader.read();
        const next: { came?: unknown } = {};
        const reading = reader.read().then(
          ({ value }) => (next.came = Buffer.from(value ?? []).toString()),
          (error: unknown) => (next.came = error),
        );
        for (let minute = 0; minute < 10; minute += 1) {
          await setImmediate();
          mock.timers.tick(60_000);
        }
        last?.end('data: 2\n\n');
        await reading;
        if (type === 'text/event-stream') assert.equal(next.came, 'data: 2\n\n');
        else assert.ok(RuntimeError.is(next.came, 'deadline'), String(next.came));
      } finally {
        mock.timers.reset();
        last?.destroy();
      }
    }
  });

  it('does not count the time that its reader takes', async () => {
    const body = Readable.from(['a', 'b', 'c'].map((text) => Buffer.from(text)));
    let read = '';
    for await (const piece of piecesOf(body, { silenceMs: 200 })) {
      await sleep(500);
      read += piece.toString();
    }
    assert.equal(read, 'abc');
  });

  it('says so when it was cut in the middle', async () => {
    server.script = (_, answer) => {
      answer.writeHead(200, { ...json, 'content-length': '1000' }).write('{"id"');
      setTimeout(() => answer.destroy(), 50);
    };
    await assert.rejects(api.devboxes.listPage({ limit: 1 }, { rule: onceRule }), (error) => {
      assert.ok(RuntimeError.is(error, 'network'));
      assert.match(error.message, /cut during the response/);
      return true;
    });
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`is not looked for at another origin, with no body and no key: ${status}`, async () => {
      server.script = (_, answer) => answer.writeHead(status, { location: `${other.origin}/v1/devboxes` }).end();
      for (const [method, body] of [
        ['POST', '{"environment_variables":{"A":"secret"}}'],
        ['GET', undefined],
      ] as const) {
        const init = { method, headers: { authorization: 'Bearer k' }, ...(body === undefined ? {} : { body }) };
        await assert.rejects(httpFetch(server.origin, init), (error) => {
          assert.ok(RuntimeError.is(error, 'unexpected_answer'));
          assert.ok(error.message.includes(other.origin), error.message);
          return true;
        });
      }
      await assert.rejects(api.devboxes.create({}, { requestId: 'r' }));
      await assert.rejects(api.accounts.me());
      assert.deepEqual(other.seen, []);
    });
  }

  it('is looked for at the same origin, with what was asked', async () => {
    server.script = ({ url: path, body, method }, answer) =>
      path === '/mcp/' ? sendJson(answer, { method, body }) : answer.writeHead(307, { location: '/mcp/' }).end();
    const answer = await httpFetch(`${server.origin}/mcp`, { method: 'POST', body: 'hello' });
    assert.deepEqual(await answer.json(), { method: 'POST', body: 'hello' });
  });

  it('is a log read entry by entry, however long it is, and none that is not one', async () => {
    const entry = JSON.stringify({ message: 'x'.repeat(1_000), source: 'exec', level: 'info', timestamp_ms: 1 });
    const count = 60_000;
    server.script = (_, answer) => {
      const text = (function* () {
        yield ' {"other":[1,{"a":"]"}],\n"logs" : [ null, 7, "}{", [[",",1]],';
        for (let sent = 0; sent < count; sent += 1) yield `${entry}${sent + 1 < count ? ',' : ''}`;
        yield ', "end\\"" ], "more":{}}';
      })();
      Readable.from(text, { objectMode: false }).pipe(answer.writeHead(200, json));
    };
    let entries = 0;
    const odd: string[] = [];
    for await (const batch of api.logs.list('d', { signal: new AbortController().signal })) {
      entries += batch.length;
      odd.push(...batch.map(({ json: text }) => String(text)).filter((text) => text !== entry));
    }
    assert.equal(entries, count + 5);
    assert.deepEqual(odd, ['null', '7', '"}{"', '[[",",1]]', '"end\\""'], 'what is no entry is text');
    assert.equal((await api.logs.newest('d', { last: 5 })).length, 5);
    for (const bad of ['{"logs":{}}', '{"logs":[{}', '{"logs":[]}x', '[{"logs":[{}]}]', '{"log":[{}]}', '[]', '']) {
      server.script = (_, answer) => answer.writeHead(200, json).end(bad);
      await assert.rejects(
        api.logs.newest('d', { rule: onceRule }),
        (error) => RuntimeError.is(error, 'unexpected_answer'),
        bad,
      );
    }
  });
});
