import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { devboxRecord } from '../../../../src/local/devbox/devboxRecord';

describe('local platform, the network policy of a stored devbox', () => {
  const { network } = devboxRecord.shape.spec.shape;

  it('is read as it is written, and as earlier versions have written it', () => {
    const now = { policyId: 'npl_1', isolatedNetwork: true };
    assert.deepEqual(network.parse(now), now);
    assert.deepEqual(network.parse({ policyId: 'npl_1', fenced: true }), now);
  });
});
