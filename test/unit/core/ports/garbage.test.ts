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

  /** Connects as a browser does that sends more and more behind its request, and reads what comes. */
  const sending = async (toSend: number): Promise<{ readonly socket: Socket; readonly said: () => string }> => {
    const { host, port: at } = new URL(await forwarder.addressOf({ devboxId: 'dbx_1', port: 80 }));
    const socket = connect(Number(at), '127.0.0.1');
    let said = '';
    socket.on('error', () => undefined).on('data', (data) => (said += data.toString()));
    socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${toSend}\r\n\r\n`);
    const piece = Buffer.alloc(100_000);
    let left = toSend;
    const more = (): void => {
      if (left <= 0) {
        socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      } else if (!socket.destroyed) {
        left -= piece.length;
        socket.write(piece, () => setImmediate(more));
      }
    };
    more();
    return { socket, said: () => said };
  };

  it('an answer before the upload was taken: the browser gets rid of the rest, and its connection goes on', async () => {
    says = (socket) => socket.pause().write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
    const { socket, said } = await sending(40_000_000);
    const text = await eventually(
      () => Promise.resolve(said()),
      (all) => all.split('413 Too Large').length === 3,
    );
    assert.doesNotMatch(text, /502/);
    socket.destroy();
  });

  it('an upload that is not taken any more is cut, also where its answer has begun and does not end', async () => {
    says = (socket) => socket.pause().write('HTTP/1.1 200 OK\r\n\r\nbegun');
    const { socket, said } = await sending(4_000_000_000);
    await eventually(
      () => Promise.resolve(socket.destroyed),
      (isCut) => isCut,
    );
    assert.match(said(), /begun/);
  });

  it('half a request is not waited for without an end', async () => {
    const { port: at } = new URL(await forwarder.addressOf({ devboxId: 'dbx_1', port: 80 }));
    const socket = connect(Number(at), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('GET / HTTP/1.1\r\nX-A:');
    await once(socket, 'close');
  });
});
