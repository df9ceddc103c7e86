import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { eventually } from '../../../eventually';
import { orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

const create = { method: 'POST', path: '/v1/devboxes' };

describe('local platform whose answers come late, or twice', function () {
  this.timeout(30_000);
  const used = usePlatform('--fault-control');
  beforeEach(() => orderFaults(used.platform));

  const client = (timeout = 30_000): RunloopSDK['api'] =>
    new RunloopSDK({ bearerToken: used.platform.apiKey, baseURL: used.platform.baseUrl, maxRetries: 0, timeout }).api;
  const named = async (name: string): Promise<readonly string[]> => {
    const { devboxes } = await client().devboxes.list({ limit: 1_000 });
    return devboxes.filter((devbox) => devbox.name === name).map(({ id }) => id);
  };

  it('carries a repeated request out again where repeats are forgotten, and not where they are known', async () => {
    const twice = async (name: string): Promise<number> => {
      const options = { idempotencyKey: `key of ${name}` };
      await client().devboxes.create({ name, entrypoint: 'sleep 100' }, options);
      await client().devboxes.create({ name, entrypoint: 'sleep 100' }, options);
      return (await named(name)).length;
    };
    assert.equal(await twice('known'), 1);
    await orderFaults(used.platform, { fault: 'forget_repeats', ...create });
    assert.equal(await twice('forgotten'), 2);
  });

  it('carries a request out at once whose answer waits, also when its client does not wait for it', async () => {
    await orderFaults(used.platform, { fault: 'delay', delay_ms: 1_500, took_effect: true, ...create });
    await assert.rejects(client(300).devboxes.create({ name: 'not awaited', entrypoint: 'sleep 100' }), /timed out/i);
    assert.equal((await named('not awaited')).length, 1);
    const answered = await client().devboxes.create({ name: 'awaited', entrypoint: 'sleep 100' });
    assert.deepEqual(await named('awaited'), [answered.id]);
  });

  it('carries a request out after its connection was cut', async () => {
    await orderFaults(used.platform, { fault: 'cut', effect_after_ms: 1_000, ...create, count: 1 });
    await assert.rejects(client().devboxes.create({ name: 'late', entrypoint: 'sleep 100' }));
    assert.deepEqual(await named('late'), []);
    await eventually(
      () => named('late'),
      (ids) => ids.length === 1,
    );
  });
});
