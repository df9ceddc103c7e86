import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { englishPages } from '../../../../src/core/forwarding/forwarderPage';
import { PortForwarder } from '../../../../src/core/ports/portForwarder';
import { eventually } from '../../../eventually';
import { askPort } from './askPort';

const head = 'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n';

describe('A port of a devbox that answers garbage', function () {
  this.timeout(120_000);
  let port: Server;
  let forwarder: PortForwarder;
  const held = new Set<Socket>();
  const doubts: string[] = [];
  let says: (socket: Socket) => void;

  beforeEach(async () => {
    doubts.length = 0;
    port = createServer((socket) => {
      held.add(socket);
      socket.on('error', () => undefined).once('close', () => held.delete(socket));
      socket.once('data', () => says(socket));
    });
    port.listen(0, '127.0.0.1');
    await once(port, 'listening');
    const origin = `http://127.0.0.1:${(port.address() as AddressInfo).port}`;
    forwarder = new PortForwarder({
      target: () => Promise.resolve({ origin, tunnelToken: 'secret' }),
      onDoubt: (id) => doubts.push(id),
      onInput: () => undefined,
      onOther: () => undefined,
      page: (why) => englishPages(why, undefined),
      answerMs: 300,
      stalledMs: 300,
    });
  });
  afterEach(() => {
    forwarder.dispose();
    for (const socket of held) socket.destroy();
    port.close();
  });

  const nothingIsOpen = (): Promise<unknown> =>
    eventually(
      () => Promise.resolve(held.size),
      (count) => count === 0,
    );

  for (const [what, say] of Object.entries<(socket: Socket) => void>({
    'bytes that are no HTTP': (socket) => socket.write(Buffer.from('\0\x01\xff\xfe no HTTP\r\n\r\n', 'latin1')),
    'the greeting of another protocol': (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'),
    'half a head and silence': (socket) => socket.write(head),
    'half a head and an end': (socket) => socket.end(head),
    silence: () => undefined,
    'an end': (socket) => socket.end(),
    'headers without an end': (socket) => {
      const more = (): void => {
        if (!socket.destroyed) socket.write('X-A: b\r\n'.repeat(1_000), () => setImmediate(more));
      };
      socket.write(head, more);
    },
    'a header without an end': (socket) => {
      const more = (): void => {
        if (!socket.destroyed) socket.write('b'.repeat(10_000), () => setImmediate(more));
      };
      socket.write(`${head}X-A: `, more);
    },
  })) {
    it(`${what}: a page that says so, to a person and to a program, and no connection is left`, async () => {
      says = say;
      const address = await forwarder.addressOf({ devboxId: 'dbx_1', port: 80 });
      for (const accept of ['text/html', '*/*']) {
        const { status, text, headers } = await askPort(`${address}/`, { headers: { accept } });
        assert.equal(status, 502);
        assert.match(text, /cannot be reached, or gave no answer that can be shown/);
        assert.match(headers['content-type'] ?? '', accept === 'text/html' ? /html/ : /plain/);
        assert.doesNotMatch(text, /secret|HPE_|ECONN|SSH/);
      }
      assert.deepEqual(doubts, ['dbx_1', 'dbx_1']);
      await nothingIsOpen();
    });
  }

  it('a body without an end that nobody takes any more is cut, on both sides', async () => {
    says = (socket) => {
      const more = (): void => {
        if (!socket.destroyed) socket.write('b'.repeat(100_000), () => setImmediate(more));
      };
      socket.write('HTTP/1.1 200 OK\r\n\r\n', more);
    };
    const { host, port: at } = new URL(await forwarder.addressOf({ devboxId: 'dbx_1', port: 80 }));
    const browser = connect(Number(at), '127.0.0.1');
    browser.on('error', () => undefined);
    browser.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    // It takes the beginning, and no more.
    await once(browser, 'readable');
    await nothingIsOpen();
    browser.destroy();
  });

  it('half a body and an end is never taken for a whole answer', async () => {
    says = (socket) => socket.end(`${head}\r\nhalf`);
    const address = await forwarder.addressOf({ devboxId: 'dbx_1', port: 80 });
    await assert.rejects(askPort(`${address}/`), /aborted|ECONNRESET|hang up/);
    await nothingIsOpen();
  });
});
