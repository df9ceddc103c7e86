import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { EventEmitter, getEventListeners, once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mock } from 'node:test';
import { after, before, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { openWebSocket, WebSocketLink, type WebSocketEnd } from '../../../../src/core/http/webSocket';
import { eventually } from '../../../eventually';

interface Said {
  readonly says: (accept: string) => string | Buffer;
  readonly then?: 'end' | 'reset';
  /** A connection, the status of a refusal, or a failure. */
  readonly is: 'open' | number | RuntimeErrorCode;
}

const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const switched = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
const chosen = 'Sec-WebSocket-Protocol: secret-token';
const accepts = (accept: string): string => `Sec-WebSocket-Accept: ${accept}`;

const handshakes: Readonly<Record<string, Said>> = {
  'a proper answer': { says: (accept) => head(...switched, accepts(accept), chosen), is: 'open' },
  'in other letters': {
    says: (accept) =>
      head('HTTP/1.1 101 x', 'CONNECTION: keep-alive, UPGRADE', 'UPGRADE: WebSocket', accepts(accept), chosen),
    is: 'open',
  },
  'the answer to another key': {
    says: () => head(...switched, accepts('s3pPLMBiTxaQ9kYGzzhZRbK+xOo='), chosen),
    is: 'unexpected_answer',
  },
  'the key itself': {
    says: (accept) => head(...switched, accepts(accept.toLowerCase()), chosen),
    is: 'unexpected_answer',
  },
  'no answer to the key': { says: () => head(...switched, chosen), is: 'unexpected_answer' },
  'the answer to the key, twice': {
    says: (accept) => head(...switched, accepts(accept), accepts(accept), chosen),
    is: 'unexpected_answer',
  },
  'another subprotocol': {
    says: (accept) => head(...switched, accepts(accept), 'Sec-WebSocket-Protocol: other'),
    is: 'unexpected_answer',
  },
  'no subprotocol': { says: (accept) => head(...switched, accepts(accept)), is: 'unexpected_answer' },
  'an extension that nobody offered': {
    says: (accept) => head(...switched, accepts(accept), chosen, 'Sec-WebSocket-Extensions: permessage-deflate'),
    is: 'unexpected_answer',
  },
  'another protocol': {
    says: (accept) => head('HTTP/1.1 101 x', 'Connection: Upgrade', 'Upgrade: h2c', accepts(accept), chosen),
    is: 'unexpected_answer',
  },
  'a protocol without a name': {
    says: (accept) => head('HTTP/1.1 101 x', accepts(accept), chosen),
    is: 'unexpected_answer',
  },
  'a page in its place': { says: () => head('HTTP/1.1 200 OK', 'Content-Length: 5') + 'hello', is: 200 },
  'a page that says that it is another protocol': {
    says: (accept) => head('HTTP/1.1 200 OK', ...switched.slice(1), accepts(accept), chosen, 'Content-Length: 0'),
    is: 200,
  },
  'a refusal': { says: () => head('HTTP/1.1 403 No', 'Content-Length: 2') + 'no', is: 403 },
  'an old server': { says: () => head('HTTP/1.0 404 No') + 'no', then: 'end', is: 404 },
  'a proxy that wants a password': { says: () => head('HTTP/1.1 407 Proxy', 'Content-Length: 0'), is: 'network' },
  'a network that wants a sign-in': { says: () => head('HTTP/1.1 511 Sign In', 'Content-Length: 0'), is: 'network' },
  'half a refusal': {
    says: () => head('HTTP/1.1 403 No', 'Content-Length: 99') + 'no',
    then: 'end',
    is: 'network',
  },
  'a refusal that is packed in a wrong way': {
    says: () => head('HTTP/1.1 403 No', 'Content-Encoding: gzip', 'Content-Length: 5') + 'hello',
    is: 'unexpected_answer',
  },
  'headers without an end': { says: () => `HTTP/1.1 101 x\r\nx: ${'y'.repeat(1_000_000)}`, is: 'network' },
  'no HTTP': { says: () => 'SSH-2.0-x\r\n', then: 'end', is: 'network' },
  'an end': { says: () => '', then: 'end', is: 'network' },
  'a reset': { says: () => '', then: 'reset', is: 'network' },
  nothing: { says: () => '', is: 'deadline' },
  'signs of life and nothing else': { says: () => head('HTTP/1.1 103 Early').repeat(50), is: 'deadline' },
};

/** What comes once it is open, and what is made of it: messages, then how it ends; `stays` if it does not. */
const frames: Readonly<Record<string, { bytes: Buffer; messages: readonly string[]; ends?: WebSocketEnd }>> = {
  'a message': { bytes: Buffer.from('82026869', 'hex'), messages: ['hi'] },
  'a message in pieces, with a ping between': { bytes: Buffer.from('020168890080016a', 'hex'), messages: ['hj'] },
  'a goodbye': { bytes: Buffer.from('880403e86279', 'hex'), messages: [], ends: { code: 1000, reason: 'by' } },
  'a masked message, which no server sends': {
    bytes: Buffer.from('8282000000006869', 'hex'),
    messages: [],
    ends: { code: 1002, reason: '' },
  },
  'a bit that means nothing': { bytes: Buffer.from('c2026869', 'hex'), messages: [], ends: { code: 1002, reason: '' } },
  'a kind that does not exist': { bytes: Buffer.from('8300', 'hex'), messages: [], ends: { code: 1002, reason: '' } },
  'a message of more than is taken': {
    bytes: Buffer.from('827f00000000ffffffff', 'hex'),
    messages: [],
    ends: { code: 1002, reason: '' },
  },
  'a rest without a beginning': { bytes: Buffer.from('800161', 'hex'), messages: [], ends: { code: 1002, reason: '' } },
};

describe('the answer to a WebSocket', function () {
  this.timeout(20_000);
  let server: Server;
  let url: URL;
  let says: Said['says'];
  let then: Said['then'];
  /** A ping has come. */
  let pinged = (_socket: Socket): void => undefined;
  const sockets = new Set<Socket>();

  before(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const key = /sec-websocket-key: (\S+)/i.exec(data.toString('latin1'))?.[1];
        if (key === undefined) {
          if (((data[0] ?? 0) & 0x0f) === 9) pinged(socket);
          return;
        }
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        socket.write(says(accept));
        if (then === 'end') socket.end();
        if (then === 'reset') socket.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/pty`);
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const seen: { messages: string[]; end: WebSocketEnd | undefined } = { messages: [], end: undefined };
  const open = async (timeoutMs: number): ReturnType<typeof openWebSocket> => {
    Object.assign(seen, { messages: [], end: undefined });
    return openWebSocket(
      url,
      { headers: {}, protocol: 'secret-token', timeoutMs, devboxId: 'dbx_1' },
      {
        onMessage: (data) => seen.messages.push(data.toString()),
        onEnd: (end) => (seen.end = end),
      },
    );
  };
  /** What was on its way has come: a message behind it tells. */
  const answered = async (): Promise<void> => {
    const { length } = seen.messages;
    for (const socket of sockets) socket.write(Buffer.from('82026869', 'hex'));
    await eventually(
      () => Promise.resolve(seen.messages.length),
      (count) => count > length,
    );
  };
  const allGone = (): Promise<unknown> =>
    eventually(
      () => Promise.resolve(sockets.size),
      (count) => count === 0,
    );

  for (const [name, said] of Object.entries(handshakes)) {
    it(`is told for what it is: ${name}`, async () => {
      ({ says } = said);
      ({ then } = said);
      const got = await open(said.is === 'deadline' ? 300 : 10_000).then(
        (answer) => {
          if (!(answer instanceof WebSocketLink)) return answer.status;
          answer.close();
          return 'open';
        },
        (error: unknown) => {
          assert.ok(RuntimeError.is(error), String(error));
          assert.doesNotMatch(JSON.stringify([error.message, error.nextStep]), /secret-token|127\.0\.0\.1/);
          return error.code;
        },
      );
      assert.equal(got, said.is);
      if (then === undefined && typeof said.is !== 'number') await allGone();
    });
  }

  for (const [name, { bytes, messages, ends }] of Object.entries(frames)) {
    it(`is followed by ${name}`, async () => {
      then = undefined;
      // At once with the answer, as a quick server does.
      says = (accept) => Buffer.concat([Buffer.from(head(...switched, accepts(accept), chosen)), bytes]);
      const link = await open(10_000);
      assert.ok(link instanceof WebSocketLink);
      await eventually(
        () => Promise.resolve([seen.messages.length, seen.end]),
        ([count, end]) => (ends === undefined ? count === messages.length : end !== undefined),
      );
      assert.deepEqual([seen.messages, seen.end], [messages, ends]);
      link.close();
      await allGone();
    });
  }

  it('is read no further than its beginning, where it is a refusal without an end', async () => {
    then = undefined;
    says = () => `${head('HTTP/1.1 403 No')}${'x'.repeat(300_000)}`;
    const answer = await open(10_000);
    assert.ok(!(answer instanceof WebSocketLink));
    assert.deepEqual([answer.status, answer.body], [403, 'x'.repeat(64 * 1024)]);
    await allGone();
  });

  it('is asked for with the headers that were given, and nothing hangs on the signal afterwards', async () => {
    then = undefined;
    let asked = '';
    const onConnection = (socket: Socket): void => void socket.once('data', (data) => (asked = data.toString()));
    server.once('connection', onConnection);
    const { signal } = new AbortController();
    for (const answer of [(accept: string) => head(...switched, accepts(accept), chosen), () => head(...switched)]) {
      says = answer;
      const options = { headers: { 'x-tunnel': 'its token' }, protocol: 'secret-token', timeoutMs: 10_000, signal };
      const opening = openWebSocket(
        url,
        { ...options, devboxId: 'dbx_1' },
        { onMessage: () => undefined, onEnd: () => undefined },
      );
      await opening.then(
        (link) => {
          assert.ok(link instanceof WebSocketLink);
          link.close();
        },
        (error: unknown) => assert.ok(RuntimeError.is(error, 'unexpected_answer')),
      );
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
    }
    assert.match(asked, /\r\nx-tunnel: its token\r\n/);
    await allGone();
  });

  for (const isThere of [true, false]) {
    it(`is asked for signs of life, and the connection ${isThere ? 'stays where they come' : 'ends where none comes'}`, async () => {
      then = undefined;
      says = (accept) => head(...switched, accepts(accept), chosen);
      const pings = new EventEmitter();
      pinged = (socket) => {
        if (isThere) socket.write(Buffer.from('8a00', 'hex'));
        pings.emit('one');
      };
      mock.timers.enable({ apis: ['setInterval'] });
      try {
        const link = await open(10_000);
        assert.ok(link instanceof WebSocketLink);
        for (let count = 0; count < (isThere ? 5 : 1); count += 1) {
          const next = once(pings, 'one');
          mock.timers.tick(15_000);
          await next;
          // The answer has come as well.
          if (isThere) await answered();
        }
        if (!isThere) mock.timers.tick(15_000);
        if (!isThere) await allGone();
        assert.deepEqual(seen.end, isThere ? undefined : { code: 1006, reason: '' });
        link.close();
        await allGone();
      } finally {
        mock.timers.reset();
      }
    });
  }
});
