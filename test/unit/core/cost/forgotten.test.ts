import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { findForgotten } from '../../../../src/core/cost/forgotten';
import { parseDevbox, type Devbox } from '../../../../src/core/platform/devbox';

const hour = 3_600_000;
const now = 100 * hour;

function devbox(id: string, ageHours: number, more: object = {}): Devbox {
  return parseDevbox({
    id,
    status: 'running',
    create_time_ms: now - ageHours * hour,
    launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 600, on_idle: 'suspend' } } },
    ...more,
  });
}

describe('findForgotten', () => {
  const find = (devboxes: readonly Devbox[], startedHere = new Map<string, { opened: boolean }>()): string[] =>
    findForgotten(devboxes, { nowMs: now, oldMs: 8 * hour, startedHere }).map(
      ({ devbox: { id }, reasons }) => `${id}: ${reasons.join(' ')}`,
    );

  it('names old ones, those without an end, and those never opened, the oldest first', () => {
    const seen = new Map([
      ['dbx_opened', { opened: true }],
      ['dbx_unopened', { opened: false }],
    ]);
    const devboxes = [
      devbox('dbx_fine', 1),
      devbox('dbx_old', 9),
      devbox('dbx_endless', 2, { launch_parameters: {} }),
      devbox('dbx_opened', 1),
      devbox('dbx_unopened', 1),
      devbox('dbx_ancient', 90, { launch_parameters: {} }),
    ];
    assert.deepEqual(find(devboxes, seen), [
      'dbx_ancient: old unbounded',
      'dbx_old: old',
      'dbx_endless: unbounded',
      'dbx_unopened: not_opened',
    ]);
  });

  it('leaves alone what is new and ends by itself, by a lifetime or an idle rule', () => {
    const lifetime = { launch_parameters: { keep_alive_time_seconds: 3_600 } };
    const here = new Map([
      ['dbx_new', { opened: false }],
      ['dbx_waiting', { opened: false }],
    ]);
    const all = [devbox('dbx_new', 0.1, lifetime), devbox('dbx_idle', 1), devbox('dbx_life', 1, lifetime)];
    assert.deepEqual(find(all, here), []);
    const left = findForgotten(all, {
      nowMs: now,
      oldMs: 8 * hour,
      startedHere: here,
      ofClosedWindows: new Set(['dbx_new']),
    });
    assert.deepEqual(
      left.map(({ devbox: { id }, reasons }) => [id, ...reasons]),
      [['dbx_new', 'window_closed']],
    );
    assert.deepEqual(find([devbox('dbx_waiting', 0.5, lifetime)], here), ['dbx_waiting: not_opened']);
  });

  it('leaves alone what costs nothing', () => {
    assert.deepEqual(
      find([devbox('dbx_a', 50, { status: 'suspended' }), devbox('dbx_b', 50, { status: 'shutdown' })]),
      [],
    );
  });
});
