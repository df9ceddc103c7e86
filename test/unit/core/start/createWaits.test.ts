import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { repeatableChangeRule } from '../../../../src/core/http/retryRules';
import { createDevbox } from '../../../../src/core/start/createDevbox';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

const create = { method: 'POST', path: '/v1/devboxes' };

describe('A create that has to wait', function () {
  this.timeout(120_000);
  const used = usePlatform('--fault-control');
  afterEach(() => orderFaults(used.platform));

  /** Creates one. @returns the seconds of each wait, as it was told, and how many requests were sent */
  const waitsOf = async (
    requestId: string,
    ...rules: readonly Readonly<Record<string, unknown>>[]
  ): Promise<{ waits: readonly number[]; sent: number }> => {
    await orderFaults(used.platform, { fault: 'forget_repeats', ...create }, ...rules);
    const waits: number[] = [];
    const body = { name: requestId, metadata: { [requestKey]: requestId }, entrypoint: 'sleep 100' };
    const began = performance.now();
    const { id } = await createDevbox(used.api, body, {
      signal: new AbortController().signal,
      requestId,
      onWait: ({ seconds }) => waits.push(seconds),
      onPerhapsTwice: () => Promise.resolve(),
    });
    // Told and waited, not told only.
    const waited = waits.reduce((sum, seconds) => sum + seconds * 1_000, 0);
    assert.ok(performance.now() - began >= waited - 10, `${waited} ms`);
    const sent = (await countFaults(used.platform))[0]?.matches ?? 0;
    await used.api.devboxes.shutdown(id);
    return { waits, sent };
  };

  it('waits longer each time where nothing says how long', async () => {
    const { waits, sent } = await waitsOf('rule', { fault: 'status', status: 503, count: 2, ...create });
    assert.equal(sent, 3);
    const { delayMs, factor } = repeatableChangeRule;
    for (const [index, seconds] of waits.entries()) {
      const full = (delayMs * factor ** index) / 1_000;
      assert.ok(seconds >= full / 2 && seconds <= full, `${seconds} of ${full}`);
    }
    assert.equal(waits.length, 2);
  });

  it('waits as long as the server asks', async () => {
    const limit = { fault: 'status', status: 429, count: 1, ...create };
    assert.deepEqual(await waitsOf('asked', { ...limit, retry_after_seconds: 1.3 }), { waits: [1.3], sent: 2 });
  });

  it('does not ask without a pause where the server asks for none', async () => {
    const limit = { fault: 'status', status: 429, count: 1, ...create };
    const { waits } = await waitsOf('no pause', { ...limit, retry_after_seconds: 0 });
    assert.ok((waits[0] ?? 0) >= 0.1, waits.join());
  });

  it('is looked for some seconds where it had no answer, before it is sent again', async () => {
    const late = { fault: 'cut', effect_after_ms: 2_300, count: 1, ...create };
    assert.deepEqual(await waitsOf('late', late), { waits: [], sent: 1 });
  });
});
