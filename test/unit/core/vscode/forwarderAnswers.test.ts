import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { eventually } from '../../../eventually';

/** What a devbox may say, whatever it was asked; `end` closes its side, `reset` breaks the connection. */
interface Said {
  readonly says: string;
  readonly then?: 'end' | 'reset' | 'more';
  /** What the browser must find: a whole answer with this status, or a connection that was cut. */
  readonly comes: number | 'cut';
}

const ok = 'HTTP/1.1 200 OK\r\n';
const plain: Readonly<Record<string, Said>> = {
  'a whole answer': { says: `${ok}Content-Length: 4\r\n\r\nbody`, comes: 200 },
  'status 099': { says: 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n', comes: 502 },
  'status 000': { says: 'HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n', comes: 502 },
  'status 42': { says: 'HTTP/1.1 42 Odd\r\nContent-Length: 0\r\n\r\n', comes: 502 },
  'status 1000': { says: 'HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n', comes: 502 },
  'status -1': { says: 'HTTP/1.1 -1 Odd\r\n\r\n', comes: 502 },
  'status 999': { says: 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n', comes: 999 },
  'a control character in the reason': { says: 'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n', comes: 200 },
  'a zero in the reason': { says: 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n', comes: 200 },
  'Chinese in the reason': { says: 'HTTP/1.1 200 \u4e2d\r\nContent-Length: 0\r\n\r\n', comes: 200 },
  'a control character in a header': { says: `${ok}X-A: a\x01b\r\nContent-Length: 0\r\n\r\n`, comes: 502 },
  'Latin letters in a header': { says: `${ok}X-A: a\xe4b\r\nContent-Length: 0\r\n\r\n`, comes: 200 },
  'a header without a name': { says: `${ok}: b\r\nContent-Length: 0\r\n\r\n`, comes: 502 },
  'a space in a header\u2019s name': { says: `${ok}X A: b\r\nContent-Length: 0\r\n\r\n`, comes: 502 },
  'bytes behind the length': { says: `${ok}Content-Length: 4\r\n\r\nbodyand a lot more`, comes: 200 },
  'a second answer behind the first': {
    says: `${ok}Content-Length: 4\r\n\r\nbody${ok}Content-Length: 4\r\n\r\nevil`,
    comes: 200,
  },
  'bytes behind a length of nothing': { says: `${ok}Content-Length: 0\r\n\r\nmore\r\n\r\n`, comes: 200 },
  'bytes behind 304': { says: 'HTTP/1.1 304 Same\r\n\r\nmore\r\n\r\n', comes: 304 },
  'bytes behind 204': { says: 'HTTP/1.1 204 None\r\nContent-Length: 4\r\n\r\nmore', comes: 204 },
  'two lengths': { says: `${ok}Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody`, comes: 502 },
  'a length and chunks': { says: `${ok}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, comes: 502 },
  'a negative length': { says: `${ok}Content-Length: -4\r\n\r\nbody`, comes: 502 },
  'a length beyond all numbers': { says: `${ok}Content-Length: 99999999999999999999999\r\n\r\nbody`, comes: 502 },
  'a length with a sign': { says: `${ok}Content-Length: +4\r\n\r\nbody`, comes: 502 },
  'a length in hexadecimal': { says: `${ok}Content-Length: 0x4\r\n\r\nbody`, comes: 502 },
  'two lengths in one': { says: `${ok}Content-Length: 4, 4\r\n\r\nbody`, comes: 502 },
  'an empty length': { says: `${ok}Content-Length:\r\n\r\nbody`, then: 'end', comes: 502 },
  'a transfer encoding that nobody knows': {
    says: `${ok}Transfer-Encoding: xchunked\r\n\r\nbody`,
    then: 'end',
    comes: 200,
  },
  'chunks that are not the last encoding': {
    says: `${ok}Transfer-Encoding: chunked, gzip\r\n\r\nbody`,
    then: 'end',
    comes: 200,
  },
  'chunks, said twice': {
    says: `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`,
    comes: 200,
  },
  'chunks beyond all numbers': { says: `${ok}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(40)}\r\nx`, comes: 'cut' },
  'a chunk with endless extensions': {
    says: `${ok}Transfer-Encoding: chunked\r\n\r\n4;${'a=b;'.repeat(40_000)}`,
    then: 'end',
    comes: 'cut',
  },
  'a header over two lines': { says: `${ok}X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n`, comes: 502 },
  'a header that splits the answer': {
    says: `${ok}X-A: a\rSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n`,
    comes: 502,
  },
  'a place with control characters': {
    says: 'HTTP/1.1 302 Go\r\nLocation: /a\x01\x7f\r\nContent-Length: 0\r\n\r\n',
    comes: 502,
  },
  'no reason': { says: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', comes: 200 },
  'an endless reason': { says: `HTTP/1.1 200 ${'a'.repeat(200_000)}`, comes: 502 },
  'an endless status': { says: `HTTP/1.1 ${'2'.repeat(200_000)}`, comes: 502 },
  'empty lines without end': { says: '\r\n'.repeat(100_000), comes: 502 },
  'the answer of a radio': { says: 'ICY 200 OK\r\n\r\n', comes: 502 },
  'more headers than are read': {
    says: `${ok}${Array.from({ length: 3_000 }, (_, at) => `a${at}:`).join('\r\n')}\r\nContent-Length: 0\r\n\r\n`,
    comes: 200,
  },
  'headers that are named as those of the connection': {
    says: `${ok}Connection: close, content-length, set-cookie\r\nSet-Cookie: a=b\r\nContent-Length: 4\r\n\r\nbody`,
    comes: 200,
  },
  'half a body': { says: `${ok}Content-Length: 400\r\n\r\nhalf`, then: 'end', comes: 'cut' },
  'half a body and a reset': { says: `${ok}Content-Length: 400\r\n\r\nhalf`, then: 'reset', comes: 'cut' },
  'half a chunk': { says: `${ok}Transfer-Encoding: chunked\r\n\r\n40\r\nhalf`, then: 'end', comes: 'cut' },
  'chunks without the last': {
    says: `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`,
    then: 'end',
    comes: 'cut',
  },
  'a chunk of no size': { says: `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf`, comes: 'cut' },
  trailers: {
    says: `${ok}Transfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n4\r\nbody\r\n0\r\nX-A: b\r\n\r\n`,
    comes: 200,
  },
  'trailers without an end': {
    says: `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n${'X-A: b\r\n'.repeat(4_000)}`,
    then: 'end',
    comes: 'cut',
  },
  'headers without an end': { says: `${ok}${'X-A: b\r\n'.repeat(40_000)}`, comes: 502 },
  'a header without an end': { says: `${ok}X-A: ${'b'.repeat(200_000)}`, comes: 502 },
  'headers that stop': { says: `${ok}X-A: b\r\n`, comes: 502 },
  'headers that end': { says: `${ok}X-A: b\r\n`, then: 'end', comes: 502 },
  'interim answers without end': { says: 'HTTP/1.1 103 Early\r\n\r\n'.repeat(5_000), comes: 502 },
  'interim answers, then silence': { says: 'HTTP/1.1 102 Wait\r\n\r\n', comes: 502 },
  'an interim answer, then an answer': { says: `HTTP/1.1 103 Early\r\n\r\n${ok}Content-Length: 0\r\n\r\n`, comes: 200 },
  'another protocol': { says: 'HTTP/1.1 101 Other\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\ngarbage', comes: 502 },
  'another protocol, unnamed': { says: 'HTTP/1.1 101 Other\r\n\r\ngarbage', comes: 502 },
  garbage: { says: '\0\x01\x02\xff\r\n\r\n', comes: 502 },
  'another version': { says: 'HTTP/9.9 200 OK\r\n\r\n', comes: 502 },
  nothing: { says: '', comes: 502 },
  'an end': { says: '', then: 'end', comes: 502 },
  'a reset': { says: '', then: 'reset', comes: 502 },
  'an answer without a length': { says: `${ok}\r\nbody`, then: 'end', comes: 200 },
};

const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
const upgrades: Readonly<Record<string, Said>> = {
  'garbage behind the switch': { says: `${switched}\r\n\xff\xff\xff\xff`, then: 'more', comes: 101 },
  'a switch and an end': { says: `${switched}\r\n`, then: 'end', comes: 101 },
  'a switch and a reset': { says: `${switched}\r\n`, then: 'reset', comes: 101 },
  'a control character in a header': { says: `${switched}X-A: a\x01b\r\n\r\n`, then: 'end', comes: 502 },
  'a refusal': { says: 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno', comes: 403 },
  'a refusal in chunks': {
    says: 'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
    comes: 403,
  },
  'half a refusal': { says: 'HTTP/1.1 403 No\r\nContent-Length: 200\r\n\r\nno', then: 'end', comes: 'cut' },
  'an answer as if nothing had been asked for': { says: `${ok}Content-Length: 2\r\n\r\nok`, comes: 200 },
};
for (const name of ['status 099', 'a control character in the reason', 'nothing', 'an end', 'a reset', 'garbage']) {
  Object.assign(upgrades, { [name]: plain[name] });
}
Object.assign(upgrades, { 'interim answers without end': plain['interim answers without end'] });

describe('what a hostile devbox answers', function () {
  this.timeout(30_000);
  let devbox: Server;
  let program: ChildProcess;
  let origin: string;
  let stderr = '';
  /** By the path that is asked for. */
  const all = new Map<string, Said>();
  const connections = new Set<Socket>();

  before(async () => {
    for (const [name, said] of Object.entries(plain)) all.set(`/plain/${encodeURIComponent(name)}`, said);
    for (const [name, said] of Object.entries(upgrades)) all.set(`/upgrade/${encodeURIComponent(name)}`, said);
    devbox = createServer({ allowHalfOpen: true }, (socket) => {
      connections.add(socket);
      // Half closed is what it stays on this side: what counts is whether the forwarder has let go.
      for (const gone of ['end', 'close']) socket.once(gone, () => connections.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const said = all.get(/^GET (\S+) HTTP/.exec(data.toString('latin1'))?.[1] ?? '');
        if (said === undefined) return;
        socket.write(Buffer.from(said.says, said.says.includes('\u4e2d') ? 'utf8' : 'latin1'), () => {
          if (said.then === 'end') socket.end();
          if (said.then === 'reset') setTimeout(() => socket.resetAndDestroy(), 50);
          if (said.then === 'more') setTimeout(() => socket.end('more garbage'), 50);
        });
      });
    });
    await new Promise<void>((resolve) => devbox.listen(0, '127.0.0.1', resolve));
    program = fork('out/unit/core/vscode/forwarderProgram.js', [], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    program.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
    program.send({ name: 'dbx_1', origin: `http://127.0.0.1:${(devbox.address() as AddressInfo).port}` });
    [origin] = (await once(program, 'message')) as [string];
  });
  after(async () => {
    devbox.close();
    if (program.connected) program.disconnect();
    if (program.exitCode === null) await once(program, 'exit');
    for (const socket of connections) socket.destroy();
  });

  /** All that a browser gets for this request until its connection ends. */
  const asked = async (path: string, headers: string): Promise<string> => {
    const { host, port } = new URL(origin);
    const socket = connect(Number(port), '127.0.0.1');
    let got = '';
    socket.on('data', (data) => (got += data.toString('latin1')));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`);
    // A reset is an end as well.
    socket.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      const hangs = setTimeout(() => reject(new Error(`hangs; so far: ${got.slice(0, 300)}`)), 10_000);
      socket.once('close', () => {
        clearTimeout(hangs);
        resolve();
      });
    });
    socket.destroy();
    return got;
  };

  const check = (name: string, got: string, { comes }: Said): void => {
    assert.equal(program.exitCode, null, `after ${name}: ${stderr}`);
    const [head = '', body = ''] = got.split(/\r\n\r\n(.*)/s);
    assert.ok(!/tunnel-token|127\.0\.0\.1|ECONN|HPE_/.test(got), `${name}: ${got}`);
    if (comes === 'cut') {
      assert.ok(!isWhole(head, body), `${name} looks whole: ${got.slice(0, 300)}`);
      assert.ok(!/devbox cannot/i.test(got), name);
      return;
    }
    assert.match(head, new RegExp(`^HTTP/1.1 ${comes} `), name);
    if (comes !== 101) assert.ok(isWhole(head, body), `${name}: ${got.slice(0, 300)}`);
    assert.ok((!body.includes('more') && !body.includes('evil')) || comes === 101, `${name}: ${body}`);
  };

  for (const [name, said] of Object.entries(plain)) {
    it(`${name}: ${said.comes}`, async () => {
      const path = `/plain/${encodeURIComponent(name)}`;
      check(name, await asked(path, 'Connection: close\r\n'), said);
      // The connection to the devbox may have been kept: the next one is not spoiled.
      const whole = plain['a whole answer'] as Said;
      check('the next', await asked(`/plain/${encodeURIComponent('a whole answer')}`, 'Connection: close\r\n'), whole);
    });
  }
  for (const [name, said] of Object.entries(upgrades)) {
    it(`${name}, asked for a WebSocket: ${said.comes}`, async () => {
      const wish = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n';
      check(name, await asked(`/upgrade/${encodeURIComponent(name)}`, wish), said);
    });
  }

  it('leaves no connection and no exception behind', async () => {
    await eventually(
      () => Promise.resolve(connections.size),
      (count) => count === 0,
    );
    assert.equal(program.exitCode, null, stderr);
    assert.equal(stderr, '');
  });
});

function isWhole(head: string, body: string): boolean {
  if (/^HTTP\/1\.1 (?:204|304) /.test(head)) return true;
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return body.length === Number(length);
  return /^transfer-encoding: chunked/im.test(head) ? /(?:^|\r\n)0\r\n\r\n$/.test(body) : false;
}
