import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lifetimeEnd, parseDevbox } from '../../../../src/core/platform/devbox';

describe('When the lifetime of a devbox is over', () => {
  const end = (steps: readonly (readonly [status: string, time: number | undefined])[], launch = {}) =>
    lifetimeEnd(
      parseDevbox({
        id: 'dbx_1',
        status: 'running',
        create_time_ms: 1_000_000,
        launch_parameters: { keep_alive_time_seconds: 600, ...launch },
        state_transitions: steps.map(([status, time]) => ({ status, transition_time_ms: time })),
      }),
    );

  it('counts from the creation, also over a suspend', () => {
    assert.equal(end([]), 1_600_000);
    assert.equal(
      end([
        ['running', 1_010_000],
        ['suspended', 1_200_000],
        ['resuming', 1_400_000],
        ['running', 1_410_000],
      ]),
      1_600_000,
    );
  });

  it('is counted anew for what was resumed after it, from the last resume', () => {
    const resumedLate = [
      ['suspended', 1_500_000],
      ['resuming', 2_000_000],
      ['running', 2_010_000],
    ] as const;
    assert.equal(end(resumedLate), 2_600_000);
    assert.equal(end([...resumedLate, ['suspended', 2_100_000], ['provisioning', 2_200_000]]), 2_800_000);
  });

  it('is as long as known, where a time was not told, and is none with an idle rule', () => {
    assert.equal(
      end([
        ['suspended', undefined],
        ['resuming', undefined],
      ]),
      1_600_000,
    );
    assert.equal(end([['suspended', 1_700_000]]), 1_600_000);
    const idle = { lifecycle: { after_idle: { idle_time_seconds: 60, on_idle: 'suspend' } } };
    assert.equal(end([], idle), undefined);
  });
});
