import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import type * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { ActionServerHttp } from '../../../../src/core/actionServer/actionServerHttp';
import { downloadFolder } from '../../../../src/core/actionServer/transfer/downloadFolder';
import { RuntimeError } from '../../../../src/core/errors';
import { leastPace, longestSilenceMs, piecesOf, type BodyLimits } from '../../../../src/core/http/answerBody';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { ScriptedServer } from '../../../network/scriptedServer';

describe('an answer that comes slowly', function () {
  this.timeout(60_000);
  let server: ScriptedServer;
  let api: RunloopApi;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-slow-'));
    server = await ScriptedServer.start(() => undefined);
    api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: server.origin });
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

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

  /** What is read as it comes, as long as it may be; each tells of the bytes that came. */
  const downloads: Readonly<Record<string, (onBytes: (count: number) => void) => Promise<unknown>>> = {
    'a file': async (onBytes) => {
      const { signal } = new AbortController();
      for await (const { length } of api.files.download('d', { path: '/x', signal })) onBytes(length);
    },
    'a folder of an action server': async (onBytes) => {
      const http = new ActionServerHttp({ url: server.origin, sessionKey: undefined, tunnelToken: undefined });
      let before = 0;
      const onProgress = (received: number): void => {
        onBytes(received - before);
        before = received;
      };
      await downloadFolder(http, { path: '/workspace', zipFile: join(folder, 'got.zip'), onProgress });
    },
  };

  for (const [name, download] of Object.entries(downloads)) {
    it(`is given up where the download of ${name} drips for ever, or stops`, async () => {
      for (const drips of [true, false]) {
        let last: http.ServerResponse | undefined;
        server.script = (_, answer) =>
          void (last = answer.writeHead(200, { 'content-type': 'application/octet-stream' })).write(' ');
        const seen: { count: number; ended?: unknown } = { count: 0 };
        mock.timers.enable({ apis: ['setTimeout', 'Date'] });
        try {
          const reading = download((count) => (seen.count += count)).then(
            () => (seen.ended = 'whole'),
            (error: unknown) => (seen.ended = error),
          );
          const isOver = (): boolean => seen.ended !== undefined;
          for (let minute = 1; minute < 60 && !isOver(); minute += 1) {
            while (seen.count < (drips ? minute : 1) && !isOver()) await setImmediate();
            for (let turn = 0; turn < 5; turn += 1) await setImmediate();
            mock.timers.tick(59_000);
            if (drips) last?.write(' ');
          }
          last?.end();
          await reading;
        } finally {
          mock.timers.reset();
          last?.destroy();
        }
        assert.ok(RuntimeError.is(seen.ended, 'deadline'), String(seen.ended));
        assert.match(seen.ended.message, drips ? /too slowly/ : /stopped partway/);
        assert.deepEqual(await readdir(folder), []);
      }
    });
  }

  it('is not waited for any more where what has come cannot be written', async () => {
    let last: http.ServerResponse | undefined;
    server.script = (_, answer) =>
      void (last = answer.writeHead(200, { 'content-type': 'application/zip' })).write(' ');
    const http = new ActionServerHttp({ url: server.origin, sessionKey: undefined, tunnelToken: undefined });
    const zipFile = join(folder, 'got.zip');
    // Told of only when the next byte is waited for.
    await symlink('/dev/full', `${zipFile}.part`);
    const reading = downloadFolder(http, { path: '/workspace', zipFile });
    await assert.rejects(reading, (error) => RuntimeError.is(error, 'transfer') && /ENOSPC/.test(error.message));
    const closed = last ?? assert.fail();
    if (!closed.destroyed) await once(closed, 'close');
    assert.deepEqual(await readdir(folder), []);
  });
});
