import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { WebSocketLink, type WebSocketEnd } from '../../../../src/core/http/webSocket';
import { eventually } from '../../../eventually';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const goodbye = hex('880203e8');

describe('A WebSocket that is open', function () {
  this.timeout(20_000);
  let server: Server;
  /** The other side, and what it has heard. */
  let other: Socket;
  let heard: Buffer;
  let link: WebSocketLink;
  let messages: string[];
  let end: WebSocketEnd | undefined;

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    [other] = (await once(server, 'connection')) as [Socket];
    await once(socket, 'connect').catch(() => undefined);
    [heard, messages, end] = [Buffer.alloc(0), [], undefined];
    other.on('data', (data) => (heard = Buffer.concat([heard, data])));
    other.on('error', () => undefined);
    other.on('end', () => other.end());
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    link = new WebSocketLink(socket, Buffer.alloc(0), {
      onMessage: (data) => messages.push(data.toString()),
      onEnd: (how) => (end = how),
    });
  });
  afterEach(() => {
    mock.reset();
    mock.timers.reset();
    other.destroy();
    server.close();
  });

  const until = (isSo: () => boolean): Promise<unknown> =>
    eventually(
      () => Promise.resolve(isSo()),
      (so) => so,
    );
  /** The next frame that was heard: its first byte, and what it says without its mask. */
  const frame = async (): Promise<[number, Buffer]> => {
    await until(() => heard.length >= 6 && heard.length >= 6 + ((heard[1] ?? 0) & 0x7f));
    const [first = 0, second = 0] = heard;
    assert.equal(second & 0x80, 0x80, 'what a client sends is masked');
    const mask = heard.subarray(2, 6);
    const said = heard.subarray(6, 6 + (second & 0x7f)).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
    heard = heard.subarray(6 + (second & 0x7f));
    return [first, Buffer.from(said)];
  };

  it('says bytes, masked, and answers a ping with what it said', async () => {
    link.send(Buffer.from('hello'));
    assert.deepEqual(await frame(), [0x82, Buffer.from('hello')]);
    other.write(hex('890161'));
    assert.deepEqual(await frame(), [0x8a, Buffer.from('a')]);
  });

  it('says goodbye and is told of the answer, also while nobody listens', async () => {
    link.pause();
    link.close();
    assert.deepEqual(await frame(), [0x88, hex('03e8')]);
    other.write(goodbye);
    await until(() => end !== undefined);
    assert.deepEqual(end, { code: 1000, reason: '' });
    link.send(Buffer.from('late'));
    link.close();
  });

  it('ends two seconds after a goodbye that nobody answers', async () => {
    link.close();
    await frame();
    mock.timers.tick(1_999);
    link.send(Buffer.alloc(0));
    assert.equal(end, undefined);
    mock.timers.tick(1);
    await until(() => end !== undefined);
    assert.deepEqual(end, { code: 1006, reason: '' });
  });

  it('ends with the other side, which is heard to the end, and asks nothing any more', async () => {
    const cleared = mock.method(globalThis, 'clearInterval');
    other.end(hex('82026869'));
    await until(() => end !== undefined);
    assert.deepEqual([messages, end], [['hi'], { code: 1006, reason: '' }]);
    assert.equal(cleared.mock.callCount(), 1);
  });

  it('ends where the other side says goodbye, with what it says, and closes the connection', async () => {
    other.write(hex('880503e9627965'));
    await until(() => end !== undefined);
    assert.deepEqual(end, { code: 1001, reason: 'bye' });
  });

  it('survives a reset, which is an end', async () => {
    other.resetAndDestroy();
    await until(() => end !== undefined);
    assert.equal(end?.code, 1006);
  });

  it('takes nothing while it is paused, asks for no sign of life then, and takes all of it later', async () => {
    link.pause();
    other.write(hex('82026869'));
    for (let count = 0; count < 4; count += 1) mock.timers.tick(15_000);
    link.send(Buffer.from('x'));
    assert.deepEqual(await frame(), [0x82, Buffer.from('x')], 'it was pinged');
    assert.deepEqual([messages, end], [[], undefined]);
    link.resume();
    await until(() => messages.length === 1);
  });

  it('takes what is large, and what comes behind it', async () => {
    const large = Buffer.alloc(1 << 20, 'a');
    other.write(Buffer.concat([hex('827f0000000000100000'), large]));
    other.write(hex('82026869'));
    await until(() => messages.length === 2);
    assert.deepEqual([messages[0]?.length, messages[1]], [large.length, 'hi']);
  });

  it('takes any sign of life, and ends without one', async () => {
    for (const sign of ['8a00', '82026869', '890161']) {
      mock.timers.tick(15_000);
      assert.equal((await frame())[0], 0x89);
      other.write(Buffer.concat([hex(sign), hex('8201ff')]));
      const { length } = messages;
      await until(() => messages.length > length);
      if (sign === '890161') await frame();
    }
    mock.timers.tick(15_000);
    assert.equal((await frame())[0], 0x89);
    assert.equal(end, undefined);
    mock.timers.tick(15_000);
    await until(() => end !== undefined);
  });

  it('is no more than 4 MB of one message', async () => {
    other.write(hex('827f0000000000400001'));
    await until(() => end !== undefined);
    assert.equal(end?.code, 1002);
  });

  it('answers no more pings of whoever does not read the answers', async () => {
    other.pause();
    const pings = Buffer.alloc(127 * 4_000, Buffer.concat([hex('897d'), Buffer.alloc(125, 'p')]));
    let taken = 0;
    for (let round = 0; round < 40; round += 1) {
      other.write(Buffer.concat([pings, hex('820174')]));
      await until(() => messages.length > taken);
      taken = messages.length;
    }
    assert.ok(link.unsentBytes < 1_000_000, String(link.unsentBytes));
  });
});
