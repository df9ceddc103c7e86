import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { requestText } from '../../../../src/core/http/httpRequest';
import { onceRule } from '../../../../src/core/http/retryRules';
import { ApiCalls } from '../../../../src/core/platform/apiCalls';

/** What is written for a request, and whether the connection is ended behind it. */
interface Odd {
  readonly bytes: readonly (string | Buffer)[];
  readonly ends?: boolean;
  /** What a call of the API makes of it: the account's id, or a failure. */
  readonly is: 'acc' | RuntimeErrorCode;
}

const account = '{"id":"acc","name":"n"}';
const head = (...lines: readonly string[]): string => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;
const json = 'content-type: application/json';
const whole = head(json, `content-length: ${account.length}`) + account;
const packed = (encoding: string, body: Buffer): readonly (string | Buffer)[] => [
  head(json, `content-encoding: ${encoding}`, `content-length: ${body.length}`),
  body,
];
const bomb = Buffer.alloc(64 << 20, ' ');
const chunked = (body: string): string => head(json, 'transfer-encoding: chunked') + body;
const size = account.length.toString(16);

const answers: Readonly<Record<string, Odd>> = {
  'as it should be': { bytes: [whole], is: 'acc' },
  'a byte order mark': { bytes: [head(json, `content-length: ${account.length + 3}`), `\ufeff${account}`], is: 'acc' },
  'JSON that says it is text': { bytes: [whole.replace(json, 'content-type: text/plain')], is: 'unexpected_answer' },
  'JSON without a type': { bytes: [whole.replace(`${json}\r\n`, '')], is: 'unexpected_answer' },
  'nothing, as a 204': { bytes: ['HTTP/1.1 204 No Content\r\n\r\n'], is: 'unexpected_answer' },
  'a 204 with a body': {
    bytes: [`HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n${json}\r\n\r\nhello`],
    is: 'unexpected_answer',
  },
  'a 205': { bytes: ['HTTP/1.1 205 Reset\r\ncontent-length: 0\r\n\r\n'], is: 'unexpected_answer' },
  'a 304 that nobody asked for': { bytes: ['HTTP/1.1 304 Not Modified\r\n\r\n'], is: 'api' },
  'an empty 200': { bytes: [head(json, 'content-length: 0')], is: 'unexpected_answer' },
  'JSON that is cut but complete by its length': {
    bytes: [head(json, 'content-length: 10'), account.slice(0, 10)],
    is: 'unexpected_answer',
  },
  'a body that breaks off': { bytes: [head(json, 'content-length: 999'), account], ends: true, is: 'network' },
  'chunks that break off': { bytes: [chunked(`${size}\r\n${account}\r\n`)], ends: true, is: 'network' },
  chunks: { bytes: [chunked(`${size};a=b\r\n${account}\r\n0\r\nx-trailer: 1\r\n\r\n`)], is: 'acc' },
  'a chunk size that is no number': { bytes: [chunked(`zz\r\n${account}\r\n0\r\n\r\n`)], is: 'network' },
  'a negative chunk size': { bytes: [chunked(`-5\r\n${account}\r\n0\r\n\r\n`)], is: 'network' },
  'an enormous chunk size': { bytes: [chunked(`ffffffffffffffffff\r\n${account}`)], is: 'network' },
  'a flood of trailers': {
    bytes: [chunked(`${size}\r\n${account}\r\n0\r\n${'x-y: z\r\n'.repeat(20_000)}\r\n`)],
    is: 'network',
  },
  'a flood of headers': {
    bytes: [head(json, ...Array.from({ length: 20_000 }, (_, at) => `x-${at}: y`))],
    is: 'network',
  },
  'one endless header': { bytes: [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000_000)}`], is: 'network' },
  'a header of no name': { bytes: ['HTTP/1.1 200 OK\r\n: x\r\n\r\n'], is: 'network' },
  'two lengths': { bytes: [head(json, 'content-length: 23', 'content-length: 5'), account], is: 'network' },
  'a negative length': { bytes: [head(json, 'content-length: -1'), account], is: 'network' },
  'a length and chunks': {
    bytes: [head(json, 'content-length: 5', 'transfer-encoding: chunked'), `${size}\r\n${account}\r\n0\r\n\r\n`],
    is: 'network',
  },
  'signs of life before it': {
    bytes: [`${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)}HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${whole}`],
    is: 'acc',
  },
  'another protocol that nobody asked for': {
    bytes: ['HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    is: 'unexpected_answer',
  },
  'another protocol that is not even named': { bytes: ['HTTP/1.1 101 Other\r\n\r\n'], is: 'unexpected_answer' },
  'another protocol, as a 200': {
    bytes: [head(json, 'upgrade: h2c', 'connection: upgrade', `content-length: ${account.length}`) + account],
    is: 'acc',
  },
  'a status of four digits': { bytes: ['HTTP/1.1 2000 OK\r\n\r\n'], is: 'network' },
  'a status that does not exist': { bytes: ['HTTP/1.1 099 OK\r\ncontent-length: 0\r\n\r\n'], is: 'unexpected_answer' },
  'a status beyond all': { bytes: ['HTTP/1.1 999 OK\r\ncontent-length: 0\r\n\r\n'], is: 'unexpected_answer' },
  'no HTTP': { bytes: ['SSH-2.0-OpenSSH_9.6\r\n'], ends: true, is: 'network' },
  'HTTP/2': { bytes: [Buffer.from('000000040000000000', 'hex')], ends: true, is: 'network' },
  'TLS where plain was asked': { bytes: [Buffer.from('15030100020246', 'hex')], ends: true, is: 'network' },
  'nothing at all': { bytes: [], ends: true, is: 'network' },
  gzip: { bytes: packed('gzip', gzipSync(account)), is: 'acc' },
  'gzip in capitals': { bytes: packed(' GZIP ', gzipSync(account)), is: 'acc' },
  deflate: { bytes: packed('deflate', deflateSync(account)), is: 'acc' },
  'deflate without its frame, as some send it': { bytes: packed('deflate', deflateRawSync(account)), is: 'acc' },
  brotli: { bytes: packed('br', brotliCompressSync(account)), is: 'acc' },
  zstd: { bytes: packed('zstd', Buffer.from('28b52ffd', 'hex')), is: 'unexpected_answer' },
  'packed twice': { bytes: packed('gzip, br', gzipSync(account)), is: 'unexpected_answer' },
  'no gzip that says it is': { bytes: packed('gzip', Buffer.from(account)), is: 'unexpected_answer' },
  'no brotli that says it is': { bytes: packed('br', Buffer.from(account)), is: 'unexpected_answer' },
  'gzip with something behind it': {
    bytes: packed('gzip', Buffer.concat([gzipSync(account), Buffer.from('x')])),
    is: 'acc',
  },
  'half a gzip': { bytes: packed('gzip', gzipSync(account).subarray(0, 15)), is: 'unexpected_answer' },
  'a gzip bomb': { bytes: packed('gzip', gzipSync(bomb)), is: 'unexpected_answer' },
  'a deflate bomb': { bytes: packed('deflate', deflateSync(bomb)), is: 'unexpected_answer' },
  'a brotli bomb': { bytes: packed('br', brotliCompressSync(bomb)), is: 'unexpected_answer' },
};

describe('An odd answer', function () {
  this.timeout(30_000);
  let server: Server;
  let odd: Odd;
  let origin: string;
  const sockets = new Set<Socket>();
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);

  before(async () => {
    process.on('uncaughtExceptionMonitor', note);
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => {
        for (const piece of odd.bytes) socket.write(piece);
        if (odd.ends === true) socket.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    process.off('uncaughtExceptionMonitor', note);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  for (const [what, answer] of Object.entries(answers)) {
    it(`is told for what it is: ${what}`, async () => {
      odd = answer;
      const calls = new ApiCalls({ apiKey: 'ak_x', baseUrl: origin });
      const got = await calls.get('/v1/x', { doing: 'checking the API key' }, { rule: onceRule }).then(
        (value) => (typeof value === 'object' && value !== null && 'id' in value ? value.id : value),
        (error: unknown) => (RuntimeError.is(error) ? error.code : error),
      );
      assert.equal(got, answer.is);
      // The same without the SDK: an answer or a typed failure, and no waiting for the deadline.
      await requestText(new URL(origin), { timeoutMs: 20_000 }).catch((error: unknown) => {
        assert.ok(RuntimeError.is(error), String(error));
        assert.notEqual(error.code, 'deadline');
      });
      assert.deepEqual(uncaught, []);
    });
  }
});
