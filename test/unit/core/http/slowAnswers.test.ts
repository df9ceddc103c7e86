import assert from 'node:assert/strict';
import type * as http from 'node:http';
import { Readable } from 'node:stream';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { leastPace, longestSilenceMs, piecesOf, type BodyLimits } from '../../../../src/core/http/answerBody';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { ScriptedServer } from '../../../network/scriptedServer';

describe('an answer that comes slowly', function () {
  this.timeout(60_000);
  let server: ScriptedServer;
  let api: RunloopApi;
  before(async () => {
    server = await ScriptedServer.start(() => undefined);
    api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: server.origin });
  });
  after(() => server.stop());

  /** A body that gives so many bytes each 59 s, by the test's clock, for two hours. @returns what came, or why it failed */
  const drip = async (bytes: number, limits: BodyLimits): Promise<number | RuntimeError> => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const body = new Readable({ read: () => undefined });
    const over = { is: false };
    const reading = (async (): Promise<number | RuntimeError> => {
      let count = 0;
      try {
        for await (const piece of piecesOf(body, limits)) count += piece.length;
        return count;
      } catch (error) {
        return RuntimeError.is(error) ? error : assert.fail(String(error));
      }
    })().finally(() => (over.is = true));
    try {
      for (let at = 0; at < 120 && !over.is; at += 1) {
        for (let turn = 0; turn < 5; turn += 1) await setImmediate();
        mock.timers.tick(59_000);
        body.push(Buffer.alloc(bytes));
      }
      body.push(null);
      return await reading;
    } finally {
      mock.timers.reset();
    }
  };

  it('is given up where a byte comes now and then, for ever', async () => {
    const told = await drip(1, { silenceMs: longestSilenceMs, pace: leastPace });
    assert.ok(RuntimeError.is(told, 'deadline'), String(told));
    assert.match(told.message, /too slowly: \d+ bytes in \d+ minutes/);
  });

  it('is read to its end where it is slow, and where it may be as slow as it likes', async () => {
    assert.equal(await drip(2_000, { silenceMs: longestSilenceMs, pace: leastPace }), 240_000);
    assert.equal(await drip(1, {}), 120);
  });

  it('is given up where a download drips for ever', async () => {
    let last: http.ServerResponse | undefined;
    server.script = (_, answer) =>
      void (last = answer.writeHead(200, { 'content-type': 'application/octet-stream' })).write(' ');
    const seen: { count: number; ended?: unknown } = { count: 0 };
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    try {
      const { signal } = new AbortController();
      const reading = (async () => {
        for await (const piece of api.files.download('d', { path: '/x', signal })) seen.count += piece.length;
      })().then(
        () => (seen.ended = 'whole'),
        (error: unknown) => (seen.ended = error),
      );
      const isOver = (): boolean => seen.ended !== undefined;
      for (let minute = 1; minute < 60 && !isOver(); minute += 1) {
        while (seen.count < minute && !isOver()) await setImmediate();
        mock.timers.tick(59_000);
        last?.write(' ');
      }
      last?.end();
      await reading;
    } finally {
      mock.timers.reset();
      last?.destroy();
    }
    assert.ok(RuntimeError.is(seen.ended, 'deadline'), String(seen.ended));
    assert.match(seen.ended.message, /too slowly/);
  });
});
