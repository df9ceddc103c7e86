import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { inScopeOf, type WorkOwner } from '../../../../src/local/bulkhead/devboxScope';
import { raiseLastDefence } from '../../../../src/local/bulkhead/lastDefence';
import { waitFor } from '../../../eventually';

describe('the last line of defence', () => {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  // The test runner has a defence of its own, which would fail the test.
  let others: [(typeof events)[number], (...args: unknown[]) => void][] = [];
  let lower = (): void => undefined;
  let said: string[] = [];
  const failed: string[] = [];
  const ownerOf = (id: string): WorkOwner => ({
    id,
    fail: (_reason, message) => void failed.push(`${id}: ${message}`),
  });

  beforeEach(() => {
    others = events.flatMap((event) =>
      process
        .listeners(event as 'uncaughtException')
        .map((one): [typeof event, (...args: unknown[]) => void] => [event, one as (...args: unknown[]) => void]),
    );
    for (const [event, one] of others) process.off(event, one);
    said = [];
    failed.length = 0;
    lower = raiseLastDefence((line) => said.push(line));
  });
  afterEach(() => {
    lower();
    for (const [event, one] of others) process.on(event, one);
  });

  it('lays errors of timers, sockets, streams and promises at the door of their devbox, and of no other', async () => {
    const server = createServer((socket) => socket.end('x'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    inScopeOf(ownerOf('timer'), () =>
      setTimeout(() => {
        throw new Error('late');
      }, 5),
    );
    inScopeOf(ownerOf('now'), () =>
      setImmediate(() => {
        throw new Error('next');
      }),
    );
    inScopeOf(ownerOf('promise'), () => void Promise.reject(new Error('refused')));
    inScopeOf(ownerOf('socket'), () =>
      connect(port, '127.0.0.1').on('data', () => {
        throw new Error('data');
      }),
    );
    // Nobody listens there, and nobody to its error.
    inScopeOf(ownerOf('silent'), () => connect(1, '127.0.0.1'));
    await waitFor('five failures', () => (failed.length === 5 ? true : undefined));
    assert.deepEqual(failed.map((line) => line.split(':')[0]).sort(), ['now', 'promise', 'silent', 'socket', 'timer']);
    assert.match(said.join('\n'), /over timer, which ends, and goes on: Error: late\n +at /);
    server.close();
  });

  it('tells of what came from no devbox and goes on, also when telling fails', async () => {
    setImmediate(() => {
      throw new Error('alone');
    });
    await waitFor('told', () => (said.length === 1 ? true : undefined));
    assert.match(said[0] ?? '', /made a mistake and goes on: Error: alone/);
    assert.deepEqual(failed, []);
    inScopeOf(
      {
        id: 'worse',
        fail: () => {
          throw new Error('even worse');
        },
      },
      () => void Promise.reject(new Error('bad')),
    );
    await waitFor('told again', () => (said.length === 2 ? true : undefined));
  });

  it('does not fill a disk with an error that comes back all the time', async () => {
    let thrown = 0;
    const again = (): void => {
      thrown += 1;
      if (thrown < 500) setImmediate(again);
      throw new Error('again');
    };
    setImmediate(again);
    await waitFor('thrown', () => (thrown === 500 ? true : undefined));
    assert.ok(said.length <= 200, String(said.length));
  });
});
