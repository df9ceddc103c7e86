import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defaultPrices } from '../../../../../src/core/cost/prices';
import { parseDevbox, type Devbox } from '../../../../../src/core/platform/devbox';
import {
  arrange,
  attentionGroup,
  redrawFor,
  usualGrouping,
  type ArrangeOptions,
} from '../../../../../src/extension/devboxTree/order/arrangement';
import { isSameAttention, needingAttention } from '../../../../../src/extension/devboxTree/order/attention';
import { labelOf } from '../../../../fakeVscode/parts';
import { useWindow } from '../../../../fakeVscode/useWindow';

const minute = 60_000;
const nowMs = 10_000 * minute;
let age = 0;
function devbox(name: string, view: Record<string, unknown> = {}, launch: Record<string, unknown> = {}): Devbox {
  age += 1;
  return parseDevbox({
    id: `dbx_${name}`,
    name,
    status: 'running',
    create_time_ms: nowMs - age * minute,
    launch_parameters: { resource_size_request: 'SMALL', keep_alive_time_seconds: 36_000, ...launch },
    ...view,
  });
}
const lifetime = (minutes: number) => ({ keep_alive_time_seconds: minutes * 60 });
const idle = { lifecycle: { after_idle: { idle_time_seconds: 900, on_idle: 'suspend' } } };

describe('The order of devboxes', () => {
  const boxes = [
    devbox('case-10', {}, lifetime(300)),
    devbox('case-9', {}, { resource_size_request: 'LARGE', ...lifetime(500) }),
    devbox('beta', {}, { ...idle, resource_size_request: 'X_SMALL' }),
    devbox('alpha', { create_time_ms: nowMs - 3 * 24 * 60 * minute }, lifetime(5_000)),
    devbox('unbounded', { create_time_ms: nowMs - 4 * 24 * 60 * minute }, { keep_alive_time_seconds: undefined }),
  ];
  const order = (options: Partial<ArrangeOptions> = {}): string[] =>
    arrange(boxes, { grouping: usualGrouping, filter: '', limits: new Map(), prices: defaultPrices, ...options })
      .groups.flatMap(({ shown }) => shown)
      .map((id) => id.slice(4));

  it('is by the chosen sort', () => {
    assert.deepEqual(order(), ['case-10', 'case-9', 'beta', 'alpha', 'unbounded']);
    assert.deepEqual(order({ sorting: 'name' }), ['alpha', 'beta', 'case-9', 'case-10', 'unbounded']);
    assert.deepEqual(order({ sorting: 'timeLeft' }), ['case-10', 'case-9', 'alpha', 'beta', 'unbounded']);
    assert.deepEqual(order({ sorting: 'cost' }), ['case-9', 'case-10', 'alpha', 'unbounded', 'beta']);
    assert.deepEqual(order({ sorting: 'attention' }), ['unbounded', 'alpha', 'case-10', 'case-9', 'beta']);
  });

  it('counts what is not there as what it stands for, whatever states a group mixes', () => {
    const grouping = { by: 'metadata', key: 'team' } as const;
    const of = (name: string, view: Record<string, unknown>, launch: Record<string, unknown> = {}): Devbox =>
      devbox(name, { metadata: { team: 'red' }, ...view }, launch);
    const mixed = [
      of('over', { status: 'shutdown' }, { resource_size_request: 'XX_LARGE', ...lifetime(1) }),
      of('asleep', { status: 'suspended' }, { resource_size_request: 'XX_LARGE', ...lifetime(200) }),
      of('no-size', {}, { resource_size_request: undefined, keep_alive_time_seconds: undefined }),
      of('runs', {}, { resource_size_request: 'SMALL', ...lifetime(900) }),
      of('nameless', { name: '' }, lifetime(700)),
      of('blank', { name: ' ' }, lifetime(800)),
      of('ageless', { create_time_ms: undefined }, lifetime(1)),
    ];
    const by = (sorting: 'name' | 'timeLeft' | 'cost', prices = defaultPrices): string[] =>
      arrange(mixed, { grouping, filter: '', limits: new Map(), prices, sorting })
        .groups.flatMap(({ shown }) => shown)
        .map((id) => id.slice(4));
    assert.deepEqual(by('name'), ['ageless', 'asleep', 'no-size', 'over', 'runs', 'blank', 'nameless']);
    assert.deepEqual(by('timeLeft').slice(0, 3), ['nameless', 'blank', 'runs']);
    assert.deepEqual(by('cost'), ['no-size', 'runs', 'nameless', 'blank', 'ageless', 'asleep', 'over']);
  });

  it('has attached and pinned ones first, in the same sort', () => {
    const first = new Set(['dbx_unbounded', 'dbx_beta']);
    assert.deepEqual(order({ first }), ['beta', 'unbounded', 'case-10', 'case-9', 'alpha']);
    assert.deepEqual(order({ first, sorting: 'cost' }).slice(0, 2), ['unbounded', 'beta']);
  });

  it('leaves out what the marks of the filter do not mean', () => {
    const more = [...boxes, devbox('asleep', { status: 'suspended' }), devbox('broken', { status: 'failure' })];
    const found = (filter: string): string[] =>
      arrange(more, { grouping: usualGrouping, filter, limits: new Map(), isStartedHere: (id) => id === 'dbx_beta' })
        .groups.flatMap(({ shown }) => shown)
        .map((id) => id.slice(4));
    assert.deepEqual(found('@suspended'), ['asleep']);
    assert.deepEqual(found('@failed @suspended'), ['asleep', 'broken']);
    assert.deepEqual(found('@ended'), ['broken']);
    assert.deepEqual(found('@here'), ['beta']);
    assert.deepEqual(found('@here @suspended'), []);
    assert.deepEqual(found('@running case'), ['case-10', 'case-9']);
    assert.deepEqual(found('@unknown'), []);
  });

  it('finds a word however it is spelled, and with characters in it that nobody sees', () => {
    const names = ['Caf\u00e9', 'cafe\u0301-2', '\u202ecafe-3', '１２３', '[a-z]+(', 'a\u0000b'];
    const more = names.map((name, index) => devbox(`odd-${index}`, { name }));
    const found = (filter: string): string[] =>
      arrange(more, { grouping: usualGrouping, filter, limits: new Map() })
        .groups.flatMap(({ shown }) => shown)
        .map((id) => id.slice(8));
    assert.deepEqual(found('caf\u00e9'), ['0', '1']);
    assert.deepEqual(found('CAFE\u0301'), ['0', '1']);
    assert.deepEqual(found('\u202acafe-3\u200f'), ['2']);
    assert.deepEqual(found('123'), ['3']);
    assert.deepEqual(found('[a-z]+('), ['4']);
    assert.deepEqual(found('ab'), ['5']);
    assert.deepEqual(found(' \t\u3000\u00a0'), ['0', '1', '2', '3', '4', '5']);
  });
});

describe('What needs attention', () => {
  const boxes = [
    devbox('quiet'),
    devbox('ends-late', { create_time_ms: nowMs - 50 * minute }, lifetime(61)),
    devbox('ends-soon', { create_time_ms: nowMs - 50 * minute }, lifetime(59)),
    devbox('asleep', { status: 'suspended', tunnel: { tunnel_key: 'a', auth_mode: 'open' } }, lifetime(1)),
    devbox('open', { tunnel: { tunnel_key: 'a', auth_mode: 'open' }, create_time_ms: nowMs - 30 * minute }),
    devbox('closed', { tunnel: { tunnel_key: 'a', auth_mode: 'authenticated' } }),
    devbox('broken', { status: 'failure', end_time_ms: nowMs - minute / 2 }),
    devbox('older', { status: 'failure', end_time_ms: nowMs - 40 * minute }),
    devbox('done', { status: 'shutdown' }),
    devbox('orphan', { create_time_ms: nowMs - 35 * minute }),
  ];
  const context = { nowMs, isDismissed: () => false, unknownStarts: new Set(['dbx_orphan']) };

  it('is what failed, ends soon, is open to the public, or nobody looks after; the latest first', () => {
    assert.deepEqual(
      [...needingAttention(boxes, context)].map(([id, { reason }]) => `${id.slice(4)}: ${reason}`),
      ['broken: failed', 'ends-soon: ending', 'open: open', 'orphan: unknown_start', 'older: failed'],
    );
  });

  it('is an eviction before all else, until it was seen, did not come, or the devbox runs no more', () => {
    const evictionOf = (id: string) =>
      id === 'dbx_quiet' ? { deadlineMs: nowMs + minute, heardMs: nowMs } : undefined;
    const first = (more: object): string | undefined => {
      const [found] = needingAttention(boxes, { ...context, evictionOf, ...more });
      return found === undefined ? undefined : `${found[0].slice(4)}: ${found[1].mark}`;
    };
    const mark = `evicting ${nowMs + minute}`;
    assert.equal(first({}), `quiet: ${mark}`);
    assert.equal(first({ isDismissed: (_id: string, seen: string) => seen === mark }), 'broken: failed');
    assert.equal(first({ isDismissed: (_id: string, seen: string) => seen === `evicting ${nowMs}` }), `quiet: ${mark}`);
    assert.equal(first({ evictionOf: () => undefined }), 'broken: failed');
    const asleep = devbox('quiet', { status: 'suspended' });
    assert.equal(needingAttention([asleep], { ...context, evictionOf }).size, 0);
  });

  it('is a create of unknown outcome as well, in the same group, as the filter has it', () => {
    const lost = [{ requestId: 'r1', name: 'Lost one', kind: 'awaited' as const }];
    const groups = (filter: string, more: Partial<ArrangeOptions> = {}) =>
      arrange([devbox('calm')], { grouping: usualGrouping, filter, limits: new Map(), lost, ...more }).groups.map(
        ({ value, total }) => `${value === attentionGroup ? 'attention' : value}: ${total}`,
      );
    assert.deepEqual(groups(''), ['attention: 1', 'active: 1']);
    assert.deepEqual(groups('lost'), ['attention: 1']);
    assert.deepEqual(groups('calm'), ['active: 1']);
    assert.deepEqual(groups('@running'), ['active: 1']);
    const before = arrange([], { grouping: usualGrouping, filter: '', limits: new Map(), lost });
    const after = arrange([], {
      grouping: usualGrouping,
      filter: '',
      limits: new Map(),
      lost: [{ ...lost[0], requestId: 'r2', name: 'x', kind: 'unknown' }],
    });
    assert.deepEqual(redrawFor(before, after, new Set()), { groups: [attentionGroup], devboxes: [] });
  });

  it('is a group of its own at the top, and not there without any', () => {
    const options = { grouping: usualGrouping, filter: '', limits: new Map<string, number>() };
    const { groups } = arrange(boxes, { ...options, attention: needingAttention(boxes, context) });
    assert.deepEqual(
      groups.map(({ value, total }) => [value, total]),
      [
        [attentionGroup, 5],
        ['active', 3],
        ['suspended', 1],
        ['ended', 1],
      ],
    );
    assert.ok(arrange(boxes, options).groups.every(({ value }) => value !== attentionGroup));
  });

  it('is gone when it was seen, until there is another reason', () => {
    const seen = needingAttention(boxes, { ...context, isDismissed: (_id, reason) => reason !== 'open' });
    assert.deepEqual([...seen.keys()], ['dbx_open']);
    assert.equal(isSameAttention(seen, needingAttention(boxes, context)), false);
    assert.equal(isSameAttention(seen, new Map(seen)), true);
  });
});

describe('A devbox that needs attention, in the view', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('is counted at the icon, dismissed for good, and pinned ones stay first over a reload', async () => {
    const { editor, api } = used;
    const create = async (name: string, auth_mode: 'open' | 'authenticated'): Promise<string> => {
      const { id } = await api.devboxes.create(
        { name, tunnel: { auth_mode, http_keep_alive: false } },
        { requestId: `order-${name}` },
      );
      while ((await api.devboxes.waitForStatus(id, ['running'], 20)) === undefined);
      return id;
    };
    const [first, , open] = [
      await create('first', 'authenticated'),
      await create('second', 'authenticated'),
      await create('public', 'open'),
    ];
    const view = () => editor.views.get('runloop.devboxes') ?? assert.fail();
    const rows = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const { row, item } of await view().rows()) {
        found.push(labelOf(item), ...(await view().rows(row)).map((below) => `- ${labelOf(below.item)}`));
      }
      return found;
    };
    view().setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    assert.deepEqual(await rows(), ['Needs Attention', '- public', 'Active', '- second', '- first']);
    assert.equal(view().badge?.value, 1);
    const [group] = await view().rows();
    assert.equal(group?.item.contextValue, 'group.attention');
    const [row] = await view().rows(group.row);
    assert.match(String(row?.item.description), /^public · /);
    assert.match(row?.item.accessibilityInformation?.label ?? '', /, open to the public, /);
    assert.match(String(row?.item.contextValue), /^devbox\.running\.attention$/);

    await editor.run('runloop.dismissDevbox', row?.row);
    await editor.run('runloop.pinDevbox', { id: first });
    assert.deepEqual(await rows(), ['Active', '- first', '- public', '- second']);
    assert.equal(view().badge, undefined);
    used.reload();
    view().setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    assert.deepEqual(await rows(), ['Active', '- first', '- public', '- second']);
    editor.answer(/^Sort Devboxes By/, 'Name');
    await editor.run('runloop.sortDevboxes');
    await editor.run('runloop.unpinDevbox', { id: first });
    assert.deepEqual(await rows(), ['Active', '- first', '- public', '- second']);
    await editor.run('runloop.pinDevbox', { id: open });
    assert.deepEqual(await rows(), ['Active', '- public', '- first', '- second']);
  });

  it('takes no action for a key of the view while no row is selected', async () => {
    const { editor } = used;
    await editor.run('runloop.shutDownDevbox', 'selection');
    assert.deepEqual(editor.messages, []);
  });
});
