import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'mocha';
import { ActionServerHttp } from '../../../../src/core/actionServer/actionServerHttp';
import { downloadFolder } from '../../../../src/core/actionServer/transfer/downloadFolder';
import { uploadToPlain } from '../../../../src/core/actionServer/transfer/uploadToPlain';
import { RuntimeError } from '../../../../src/core/errors';
import { requestText } from '../../../../src/core/http/httpRequest';
import { followEvents } from '../../../../src/core/logs/followDevbox';
import { httpFetch } from '../../../../src/core/http/httpFetch';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { openStream, readEvents } from '../../../../src/core/platform/serverSentEvents';

/** The smallest archive. */
const emptyZip = Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(18)]);
const packers: Readonly<Record<string, readonly [encoding: string, pack: (body: Buffer) => Buffer]>> = {
  gzip: ['gzip', gzipSync],
  deflate: ['deflate', deflateSync],
  'deflate without its frame': ['deflate', deflateRawSync],
  brotli: ['br', brotliCompressSync],
};
const unpackable: Readonly<Record<string, readonly [encoding: string, pack: (body: Buffer) => Buffer]>> = {
  'no gzip': ['gzip', (body) => body],
  'no deflate': ['deflate', () => Buffer.from('{"x":1}')],
  'no brotli': ['br', () => Buffer.alloc(40, 0xff)],
  // Of the ways to pack a block there is none with this number.
  'a spoiled gzip': ['gzip', (body) => Buffer.concat([gzipSync(body).subarray(0, 10), Buffer.alloc(20, 0xff)])],
};

/** Everything that asks over HTTP reads bodies that are packed, and tells of those that are not what they say. */
describe('a packed answer', function () {
  this.timeout(30_000);
  let server: Server;
  let origin: string;
  let folder: string;
  let bytes: (path: string) => Buffer;
  let ends = true;
  const sockets = new Set<Socket>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-packed-'));
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      let asked = '';
      socket.on('data', (data) => {
        asked += data.toString('latin1');
        const [, path = '', length = '0'] = /^\w+ (\S+)[^]*?(?:content-length: (\d+)[^]*?)?\r\n\r\n/i.exec(asked) ?? [];
        if (path === '' || asked.length - asked.indexOf('\r\n\r\n') - 4 < Number(length)) return;
        asked = '';
        if (ends) socket.end(bytes(path));
        else socket.write(bytes(path));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const answer = (
    type: string,
    body: Buffer | string,
    [encoding, pack]: (typeof packers)[string] = ['', (plain) => plain],
  ): Buffer => {
    const packed = pack(Buffer.from(body));
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${packed.length}\r\nconnection: close\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), packed]);
  };
  const signal = (): AbortSignal => new AbortController().signal;
  const api = (): RunloopApi => new RunloopApi({ apiKey: 'ak_x', baseUrl: origin });
  const actions = (): ActionServerHttp =>
    new ActionServerHttp({ url: origin, sessionKey: 'k', tunnelToken: 't', devboxId: 'dbx_1' });

  /** What each asks for, what comes, and what it makes of it. */
  const readers: Readonly<
    Record<string, { type: string; body: Buffer | string; is: unknown; read: () => Promise<unknown> }>
  > = {
    'a library': {
      type: 'text/plain',
      body: 'hello',
      is: 'hello',
      read: async () => (await httpFetch(origin)).text(),
    },
    'the API': {
      type: 'application/json',
      body: '{"id":"acc","name":"n"}',
      is: { id: 'acc', name: 'n' },
      read: () => api().accounts.me(),
    },
    'a log': {
      type: 'application/json',
      body: '{"logs":[{"message":"x"}]}',
      is: 1,
      read: async () => {
        let count = 0;
        for await (const batch of api().logs.list('dbx_1', { signal: signal() })) count += batch.length;
        return count;
      },
    },
    'a log that is followed': {
      type: 'text/event-stream',
      body: 'data: {"message":"x"}\n\n',
      is: 1,
      read: async () => {
        let count = 0;
        const response = await openStream(api(), 'dbx_1/logs/tail', 'dbx_1', { signal: signal() });
        for await (const batch of readEvents(response, () => undefined)) count += batch.length;
        return count;
      },
    },
    'an action server': {
      type: 'application/json',
      body: '{"status":"ok"}',
      is: '{"status":"ok"}',
      read: async () => (await actions().once('GET', '/x', { timeoutMs: 10_000, signal: undefined })).body,
    },
    'a download': {
      type: 'application/zip',
      body: emptyZip,
      is: emptyZip,
      read: async () => {
        const zipFile = join(folder, 'got.zip');
        await downloadFolder(actions(), { path: '/workspace', zipFile });
        const got = await readFile(zipFile);
        await rm(zipFile);
        return got;
      },
    },
  };

  for (const [who, { type, body, is, read }] of Object.entries(readers)) {
    for (const [name, packer] of Object.entries(packers)) {
      it(`is read: ${name}, by ${who}`, async () => {
        bytes = () => answer(type, body, packer);
        assert.deepEqual(await read(), is);
      });
    }
    for (const [name, packer] of Object.entries(unpackable)) {
      it(`is told for what it is: ${name}, by ${who}`, async () => {
        bytes = () => answer(type, body, packer);
        await assert.rejects(read(), (error) => {
          assert.ok(RuntimeError.is(error, 'unexpected_answer'), String(error));
          return true;
        });
        assert.deepEqual(await readdir(folder), []);
      });
    }
    for (const names of ['', 'upgrade: x\r\nconnection: upgrade\r\n']) {
      it(`is none where another protocol comes, ${names === '' ? 'not ' : ''}named, for ${who}`, async () => {
        bytes = () => Buffer.from(`HTTP/1.1 101 Other\r\n${names}\r\n`);
        await assert.rejects(read(), (error) => {
          assert.ok(RuntimeError.is(error, 'unexpected_answer'), String(error));
          assert.match(error.message, /another protocol/);
          return true;
        });
      });
    }
  }

  it('leaves no connection open on which another protocol came', async function () {
    this.timeout(10_000);
    bytes = () => Buffer.from('HTTP/1.1 101 Other\r\n\r\n');
    ends = false;
    await assert.rejects(requestText(new URL(origin), { timeoutMs: 10_000 }));
    ends = true;
    for (const socket of sockets) if (!socket.destroyed) await once(socket, 'close');
  });

  it('ends no following of a log: the next one may come through', async () => {
    let asked = 0;
    bytes = (path) => {
      if (path === '/v1/devboxes/dbx_1') return answer('application/json', '{"id":"dbx_1","status":"shutdown"}');
      asked += 1;
      const good = asked > 2;
      return answer('text/event-stream', 'data: {"message":"x"}\n\n', good ? undefined : unpackable['no gzip']);
    };
    const seen: string[] = [];
    for await (const event of followEvents(api(), 'dbx_1', { signal: signal() })) {
      seen.push(event.type === 'notice' ? event.notice.kind : event.type);
    }
    assert.ok(seen.includes('interrupted'), seen.join());
    assert.ok(seen.includes('lines'), seen.join());
  });

  for (const [name, packer] of Object.entries({ ...packers, ...unpackable })) {
    it(`is none that an upload fails by without a word: ${name}`, async () => {
      const source = await mkdtemp(join(tmpdir(), 'runloop-upload-'));
      try {
        await writeFile(join(source, 'a.txt'), 'a');
        bytes = (path) =>
          path.endsWith('/upload_file') ? answer('application/json', '{}', packer) : answer('text/html', '<html>');
        await assert.rejects(uploadToPlain(api(), 'dbx_1', { folder: source, signal: signal() }), (error) => {
          assert.ok(RuntimeError.is(error, 'unexpected_answer'), String(error));
          // What was packed well was read, and so the next request is what fails.
          assert.equal(/cannot be decompressed/.test(error.message), name in unpackable, error.message);
          return true;
        });
      } finally {
        await rm(source, { recursive: true, force: true });
      }
    });
  }
});
