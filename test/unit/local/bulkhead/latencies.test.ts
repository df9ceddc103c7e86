import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isBroken, outcomeLine, runCampaign, type Campaign, type Counts } from '../../../proof/campaign';
import { judgeLatencies, latencyName } from '../../../proof/siege/latencies';

/** So many requests of each phase, of which two in a hundred take so long. */
function requests(slow: { readonly idle: number; readonly besieged: number }, all: number): Counts {
  const counts: Record<string, number> = { attacks: 3 };
  for (const phase of ['idle', 'besieged'] as const) {
    counts[latencyName(phase, 10)] = all * 0.98;
    counts[latencyName(phase, slow[phase])] = all * 0.02;
  }
  return counts;
}

describe('the time of others in a siege', () => {
  it('may be twice the idle one in the slowest hundredth, and not more', () => {
    assert.deepEqual(judgeLatencies(requests({ idle: 100, besieged: 190 }, 1_000)).faults, []);
    const { shown, faults } = judgeLatencies(requests({ idle: 100, besieged: 220 }, 1_000));
    assert.match(faults.join(), /more than 2 times/);
    assert.equal(shown['attacks'], 3);
    assert.match(String(shown["others' 99th percentile:"]), /^2\d\d ms besieged, 10\d ms idle \(2\.\d+ times\)$/);
    assert.equal(Object.keys(shown).length, 2);
  });

  it('says nothing of a few requests', () => {
    assert.deepEqual(judgeLatencies(requests({ idle: 100, besieged: 900 }, 500)), {
      shown: { attacks: 3 },
      faults: [],
    });
  });

  it('breaks the campaign, and its line says so', async () => {
    const campaign: Campaign = {
      about: '',
      runs: 2,
      begin: () =>
        Promise.resolve({
          run: () => Promise.resolve(requests({ idle: 100, besieged: 900 }, 500)),
          end: () => Promise.resolve(),
        }),
      judge: judgeLatencies,
    };
    const options = { name: 'slow', seed: 1, runs: 2, print: () => undefined };
    const outcome = await runCampaign(campaign, options);
    assert.equal(isBroken(outcome), true);
    assert.match(
      outcomeLine(options, outcome),
      /^proof slow, seed 1: 2 of 2 runs, none failed; WRONG: others' .*; attacks 6/,
    );
  });
});
