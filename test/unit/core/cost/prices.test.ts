import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { hourlyPrice, suspendedHourlyPrice } from '../../../../src/core/cost/prices';

describe('Estimated prices', () => {
  it('follow the size, a custom one included, and are unknown for an unknown one', () => {
    assert.equal(hourlyPrice('LARGE')?.toFixed(3), '0.423');
    assert.equal(hourlyPrice(undefined), hourlyPrice('SMALL'));
    assert.equal(hourlyPrice('CUSTOM_SIZE', { cpuCores: 2, memoryGib: 8, diskGib: 16 }), hourlyPrice('LARGE'));
    assert.equal(hourlyPrice('CUSTOM_SIZE', { cpuCores: 2 }), undefined);
    assert.equal(hourlyPrice('GIGANTIC'), undefined);
    assert.equal(hourlyPrice('LARGE', undefined, { vcpuHour: 1, memoryGibHour: 0, diskGibMonth: 0 }), 2);
    assert.equal(suspendedHourlyPrice('LARGE')?.toFixed(4), '0.0055');
  });
});
