import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { RuntimeError } from '../../../../src/core/errors';
import { StreamUnavailable } from '../../../../src/core/platform/logRequest';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { openStream, readEvents, type RawEvent } from '../../../../src/core/platform/serverSentEvents';

describe('server-sent events', function () {
  this.timeout(120_000);
  let server: Server | undefined;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** An API whose every answer is these pieces, each sent on its own. */
  async function answering(pieces: Iterable<Buffer | string>, type = 'text/event-stream'): Promise<RunloopApi> {
    server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': type });
      response.socket?.setNoDelay(true);
      void (async () => {
        for (const piece of pieces) {
          if (response.destroyed) return;
          await new Promise((resolve) => response.write(piece, resolve));
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new RunloopApi({ apiKey: 'ak_test0', baseUrl: `http://127.0.0.1:${port}` });
  }

  async function eventsOf(pieces: Iterable<Buffer | string>): Promise<RawEvent[]> {
    const api = await answering(pieces);
    const events: RawEvent[] = [];
    const response = await openStream(api, 'x/logs/tail', 'dbx_1', { signal: deadline(50_000) });
    for await (const batch of readEvents(response, undefined)) events.push(...batch);
    server?.close();
    return events;
  }

  it('end with CR, LF or CRLF, and are whole wherever they are split', async () => {
    for (const end of ['\n', '\r', '\r\n']) {
      const lines = [
        ': hello',
        'id: 7',
        'data: first ä😀',
        'data: second',
        'retry: 10',
        'unknown: x',
        '',
        'data:third',
        '',
      ];
      const bytes = Buffer.from(`\ufeff${lines.join(end)}${end}`);
      const expected = [
        { id: 7, json: 'first ä😀\nsecond' },
        { id: undefined, json: 'third' },
      ];
      for (let at = 0; at <= bytes.length; at += 3) {
        const events = await eventsOf([bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0));
        assert.deepEqual(events, expected, `${JSON.stringify(end)} at ${at}`);
      }
      const single = Array.from(bytes, (byte) => Buffer.from([byte]));
      assert.deepEqual(await eventsOf(single), expected, `${JSON.stringify(end)}, byte by byte`);
    }
  });

  it('have an id only where it counts, and are none without their end', async () => {
    assert.deepEqual(
      await eventsOf(['id: 1\0\ndata: a\n\nid: x1\ndata: b\n\nid\ndata\n\nid: 2\n\ndata: c\n\ndata: cut off\n']),
      [
        { id: undefined, json: 'a' },
        { id: undefined, json: 'b' },
        { id: undefined, json: '' },
        { id: undefined, json: 'c' },
      ],
    );
  });

  it('of the type "error" end the stream with what they say', async () => {
    await assert.rejects(
      eventsOf(['event: error\ndata: {"message":"gone \\u001b[31mred"}\n\n']),
      (error) => RuntimeError.is(error, 'network') && error.message.includes('gone red'),
    );
  });

  it('without an end are given up before they fill the memory', async () => {
    function* endless(): Generator<string> {
      yield 'data: ';
      for (let at = 0; at < 5_000; at += 1) yield 'x'.repeat(1 << 16);
    }
    await assert.rejects(eventsOf(endless()), StreamUnavailable);
    function* list(): Generator<string> {
      yield '{"logs":[{"message":"';
      for (let at = 0; at < 5_000; at += 1) yield 'x'.repeat(1 << 16);
    }
    server?.close();
    const api = await answering(list(), 'application/json');
    const reading = async (): Promise<void> => {
      for await (const batch of api.logs.list('dbx_1', { signal: deadline(50_000) })) assert.equal(batch.length, 0);
    };
    await assert.rejects(reading(), (error) => RuntimeError.is(error, 'unexpected_answer'));
  });
});
