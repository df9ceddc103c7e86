import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDevbox } from '../../../../../src/core/platform/devbox';
import { DevboxStore } from '../../../../../src/extension/devboxes/devboxStore';
import { Arranged } from '../../../../../src/extension/devboxTree/order/arranged';
import { RowItems } from '../../../../../src/extension/devboxTree/look/rowItems';
import { ViewChoices } from '../../../../../src/extension/devboxTree/order/viewChoices';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';

const minute = 60_000;
const startMs = 1_800_000_000_000;

describe('A row whose time has passed', () => {
  const used = useFakeEditor();

  it('is drawn again although it shows the same, as a screen reader says how old its devbox is', async () => {
    const store = new DevboxStore();
    let nowMs = startMs;
    const order = new Arranged({
      store,
      choices: new ViewChoices(used.editor.globalState, used.editor.workspaceState),
      attachedIds: () => [],
      startedHere: { all: () => new Map() },
      brokenStarts: { devboxIds: new Set(), lost: [] },
      evictionOf: () => undefined,
      prices: () => undefined,
      nowMs: () => nowMs,
    });
    const items = new RowItems({
      store,
      arrangement: () => order.now,
      isAttached: () => false,
      healthOf: () => undefined,
      toldAt: () => undefined,
      isStartedHere: () => false,
      isPinned: () => false,
      evictionOf: () => undefined,
      factsOf: () => [],
      enderOf: () => undefined,
      blueprintName: () => undefined,
      nowMs: () => nowMs,
      areMore: () => false,
      prices: () => undefined,
      agents: () => Promise.resolve(),
      log: { failure: () => assert.fail() },
    });
    const launch_parameters = { lifecycle: { after_idle: { idle_time_seconds: 1_800, on_idle: 'suspend' } } };
    store.update(
      parseDevbox({ id: 'dbx_1', name: 'idle', status: 'running', create_time_ms: startMs, launch_parameters }),
    );
    const drawn = async () => items.item({ kind: 'devbox', id: 'dbx_1' });
    const before = await drawn();
    assert.match(before.accessibilityInformation?.label ?? '', /started: just now/);
    assert.deepEqual(items.stale(['dbx_1']), []);
    nowMs += 5 * minute;
    assert.deepEqual(items.stale(['dbx_1']), ['dbx_1']);
    const after = await drawn();
    assert.equal(after.description, before.description);
    assert.match(after.accessibilityInformation?.label ?? '', /started: 5 min ago/);
    assert.deepEqual(items.stale(['dbx_1']), []);
  });
});
