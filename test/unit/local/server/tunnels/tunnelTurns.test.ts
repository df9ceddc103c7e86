import assert from 'node:assert/strict';
import { setImmediate as nextRound } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { TunnelTurns } from '../../../../../src/local/server/tunnels/tunnelTurns';

/** So long that no connection is late while a test runs. */
const never = 2 ** 31 - 1;

/** Connections that are made, or refused, when a test says so. */
class Making {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, { resolve: (name: string) => void; reject: (error: Error) => void }>();

  readonly begin = (name: string): (() => Promise<string>) => {
    return () =>
      new Promise((resolve, reject) => {
        this.begun.push(name);
        this.#ends.set(name, { resolve, reject });
      });
  };

  async made(name: string): Promise<void> {
    this.#ends.get(name)?.resolve(name);
    await nextRound();
  }

  async refused(name: string): Promise<void> {
    this.#ends.get(name)?.reject(new Error(`${name} refused`));
    await nextRound();
  }
}

describe('the turns of connections into devboxes', () => {
  it('make one connection after the other into a devbox, in the order in which they were asked for', async () => {
    const turns = new TunnelTurns(never);
    const making = new Making();
    const all = ['a1', 'a2', 'a3'].map((name) => turns.take('a', making.begin(name)));
    await nextRound();
    assert.deepEqual(making.begun, ['a1']);
    await making.made('a1');
    assert.deepEqual(making.begun, ['a1', 'a2']);
    await making.made('a2');
    await making.made('a3');
    assert.deepEqual(await Promise.all(all), ['a1', 'a2', 'a3']);
  });

  it('keep nobody waiting for what comes to another devbox', async () => {
    const turns = new TunnelTurns(never);
    const making = new Making();
    for (const name of ['a1', 'a2', 'b1']) void turns.take(name.slice(0, 1), making.begin(name));
    await nextRound();
    assert.deepEqual(making.begun, ['a1', 'b1']);
    await making.made('b1');
    assert.deepEqual(making.begun, ['a1', 'b1']);
  });

  it('go on behind a connection that is refused, and begin anew when none is left', async () => {
    const turns = new TunnelTurns(never);
    const making = new Making();
    const first = turns.take('a', making.begin('a1'));
    const second = turns.take('a', making.begin('a2'));
    await nextRound();
    const failed = assert.rejects(first, /a1 refused/);
    await making.refused('a1');
    await failed;
    await making.made('a2');
    assert.equal(await second, 'a2');
    void turns.take('a', making.begin('a3'));
    await nextRound();
    assert.deepEqual(making.begun, ['a1', 'a2', 'a3']);
  });

  it('go on behind a connection that is never made', async () => {
    const turns = new TunnelTurns(1);
    const making = new Making();
    void turns.take('a', making.begin('a1'));
    const second = turns.take('a', () => Promise.resolve('a2'));
    assert.equal(await second, 'a2');
    assert.deepEqual(making.begun, ['a1']);
  });
});
