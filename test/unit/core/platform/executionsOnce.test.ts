import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

const path = '/v1/devboxes/{id}/execute_async';

describe('A command that is started in a devbox', function () {
  this.timeout(30_000);
  const used = usePlatform('--fault-control');
  afterEach(() => orderFaults(used.platform));

  const faults = {
    'had no answer': { fault: 'cut', took_effect: true, method: 'POST', path },
    'was answered 503': { fault: 'status', status: 503, took_effect: true, method: 'POST', path },
    'was put off': { fault: 'status', status: 429, retry_after_seconds: 0.1, took_effect: true, method: 'POST', path },
  };
  for (const [what, rule] of Object.entries(faults)) {
    it(`is sent once, also where it ${what}: nobody promises that a repeat is dropped`, async () => {
      const { id } = await used.api.devboxes.create({ entrypoint: 'sleep 100' }, { requestId: what });
      await used.api.devboxes.waitForStatus(id, ['running'], 20);
      await orderFaults(used.platform, { fault: 'forget_repeats', method: 'POST', path }, rule);
      await assert.rejects(used.api.executions.start(id, 'true'));
      assert.equal((await countFaults(used.platform))[0]?.matches, 1);
      await used.api.devboxes.shutdown(id);
    });
  }
});
