import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { FaultConfigError, parseFaultConfig, readFaultConfig } from '../../../../src/local/faults/faultConfig';
import { Faults } from '../../../../src/local/faults/faults';

describe('configurations of faults', () => {
  it('says which field is wrong', () => {
    const cases: [unknown, RegExp][] = [
      [[], /the configuration/],
      [{ rules: [{ fault: 'explode' }] }, /rules\.0\.fault/],
      [{ rules: [{ fault: 'delay' }] }, /rules\.0\.delay_ms/],
      [{ rules: [{ fault: 'status', status: 200 }] }, /rules\.0\.status/],
      [{ rules: [{ fault: 'cut', cuont: 1 }] }, /rules\.0: .*cuont/],
      [{ rules: [{ fault: 'cut', port: 80 }] }, /rules\.0\.port/],
      [{ rules: [{ fault: 'cut', on: 'tunnel', effect_after_ms: 1 }] }, /rules\.0\.effect_after_ms/],
      [{ rules: [{ fault: 'delay', on: 'tunnel', delay_ms: 1, took_effect: true }] }, /rules\.0\.took_effect/],
      [{ rulez: [] }, /rulez/],
    ];
    for (const [config, wanted] of cases) {
      assert.throws(
        () => parseFaultConfig(config),
        (error) => error instanceof FaultConfigError && wanted.test(error.message),
        JSON.stringify(config),
      );
    }
    assert.throws(() => readFaultConfig('{"rules"'), /not valid JSON/);
  });

  it('understands the example of the documentation', () => {
    const text = readFileSync('src/local/README.md', 'utf8');
    const config = readFaultConfig(/```json\n([^`]*)```/.exec(text)?.[1] ?? '');
    assert.deepEqual(config.rules.length, 13);
  });

  it('strikes by route and count, and the same each time for the same seed', () => {
    const config = parseFaultConfig({
      seed: 7,
      rules: [
        { fault: 'status', status: 503, method: 'GET', path: '/v1/devboxes/{id}', skip: 1, count: 2 },
        { fault: 'delay', delay_ms: [10, 1_000], path: '/v1/**', probability: 0.5 },
      ],
    });
    const run = (): unknown[] => {
      const faults = new Faults();
      faults.replace(config);
      return Array.from({ length: 40 }, (_, i) =>
        faults.forRequest({ on: 'api', method: 'GET', path: i % 2 === 0 ? '/v1/devboxes/dbx_1' : '/v1/devboxes' }),
      ).map(({ delay, strike }) => [delay, strike?.fault]);
    };
    const first = run();
    assert.deepEqual(run(), first);
    assert.deepEqual(first.filter((one) => Array.isArray(one) && one[1] === 'status').length, 2);
    assert.deepEqual(first[0]?.toString().endsWith('status'), false, 'the first match is spared');
    const delays = new Set(first.map((one) => (Array.isArray(one) ? Number(one[0]) : 0)));
    assert.ok(delays.has(0) && delays.size > 5 && Math.max(...delays) <= 1_000);
    // Another route in between changes nothing for a rule that does not match it.
    const faults = new Faults();
    faults.replace(config);
    assert.equal(faults.forRequest({ on: 'tunnel', method: 'GET', path: '/v1/devboxes/dbx_1' }).strike, undefined);
  });
});
