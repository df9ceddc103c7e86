import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDevbox, type Devbox } from '../../../../../src/core/platform/devbox';
import {
  arrange,
  mostGroups,
  noValue,
  otherValues,
  redrawFor,
  usualGrouping,
  type Grouping,
} from '../../../../../src/extension/devboxTree/order/arrangement';
import { filterWords, WordSearch } from '../../../../../src/extension/devboxTree/order/filterWords';

let time = 1_000;
function devbox(id: string, view: Record<string, unknown> = {}): Devbox {
  return parseDevbox({ id, status: 'running', create_time_ms: (time -= 1), metadata: {}, ...view });
}

const boxes = [
  devbox('dbx_a', {
    name: 'Alpha',
    metadata: { team: 'red', note: 'Über alles' },
    blueprint_id: 'bpt_1',
    initiator_type: 'api',
  }),
  devbox('dbx_b', { status: 'suspended', metadata: { team: 'blue' }, initiator_type: 'scenario', initiator_id: 's1' }),
  devbox('dbx_c', { status: 'shutdown', blueprint_id: 'bpt_1' }),
  devbox('dbx_d', { status: 'some_future_status', metadata: { team: 'red' } }),
];
const groups = (grouping: Grouping, filter = '', limits = new Map<string, number>()) =>
  arrange(boxes, { grouping, filter, limits }).groups.map(({ value, shown }) => [value, ...shown]);

describe('Groups of devboxes', () => {
  it('are made by status, those with a status of the future being active', () => {
    assert.deepEqual(groups(usualGrouping), [
      ['active', 'dbx_a', 'dbx_d'],
      ['suspended', 'dbx_b'],
      ['ended', 'dbx_c'],
    ]);
  });

  it('are made by metadata, blueprint and who made them, those without such a thing last', () => {
    assert.deepEqual(groups({ by: 'metadata', key: 'team' }), [
      ['blue', 'dbx_b'],
      ['red', 'dbx_a', 'dbx_d'],
      [noValue, 'dbx_c'],
    ]);
    assert.deepEqual(groups({ by: 'blueprint' }), [
      ['bpt_1', 'dbx_a', 'dbx_c'],
      [noValue, 'dbx_b', 'dbx_d'],
    ]);
    assert.deepEqual(
      groups({ by: 'initiator' }).map(([value]) => value),
      ['api', 'scenario s1', noValue],
    );
  });

  it('are never so many that they alone would freeze the view', () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      devbox(`dbx_${index}`, { metadata: { run: `run ${index}` } }),
    );
    const { groups: made, groupOf } = arrange(many, {
      grouping: { by: 'metadata', key: 'run' },
      filter: '',
      limits: new Map(),
    });
    assert.equal(made.length, mostGroups);
    const others = made.at(-1);
    assert.deepEqual([others?.value, others?.total], [otherValues, 5_000 - mostGroups + 1]);
    assert.equal(
      made.reduce((sum, { total }) => sum + total, 0),
      5_000,
    );
    for (const { key, shown } of made) for (const id of shown) assert.equal(groupOf.get(id), key);
    const places = (others?.shown ?? []).map((id) => Number(id.slice(4)));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      'newest first',
    );
  });

  it('hide what the filter does not find in name, id or metadata', () => {
    assert.deepEqual(groups(usualGrouping, 'ALPHA'), [['active', 'dbx_a']]);
    assert.deepEqual(groups(usualGrouping, 'team red über'), [['active', 'dbx_a']]);
    assert.deepEqual(groups(usualGrouping, 'dbx_b'), [['suspended', 'dbx_b']]);
    assert.deepEqual(groups(usualGrouping, 'nothing like it'), []);
    assert.ok(
      new WordSearch().finds(filterWords('reversed'), devbox('dbx_x', { name: 'rev\u202eersed' }), () => false),
      'marks that are not shown are not searched',
    );
  });

  it('show a page of their devboxes, and tell how many there are', () => {
    const [active] = arrange(boxes, {
      grouping: usualGrouping,
      filter: '',
      limits: new Map([['status=active', 1]]),
    }).groups;
    assert.deepEqual([active?.shown.length, active?.total], [1, 2]);
  });

  it('are drawn again only where something changed', () => {
    const options = { grouping: usualGrouping, filter: '', limits: new Map<string, number>() };
    const before = arrange(boxes, options);
    assert.deepEqual(redrawFor(before, arrange(boxes, options), new Set(['dbx_a'])), {
      groups: [],
      devboxes: ['dbx_a'],
    });
    const moved = boxes.map((box) => (box.id === 'dbx_d' ? { ...box, status: 'suspended' } : box));
    assert.deepEqual(redrawFor(before, arrange(moved, options), new Set(['dbx_d'])), {
      groups: ['status=active', 'status=suspended'],
      devboxes: [],
    });
    assert.equal(redrawFor(before, arrange(boxes.slice(0, 1), options), new Set()), 'everything');
  });
});
