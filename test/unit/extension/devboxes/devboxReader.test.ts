import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { DevboxReader } from '../../../../src/extension/devboxes/devboxReader';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';
import { type ManyDevboxes, multiplyDevboxes } from '../../../platform/manyDevboxes';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

describe('Reading an account of a thousand devboxes', function () {
  this.timeout(120_000);
  const { signal } = new AbortController();
  let platform: TestPlatform;
  let many: ManyDevboxes;
  let api: RunloopApi;
  let store: DevboxStore;
  let reader: DevboxReader;

  const calls = (): number => [...many.calls.values()].reduce((sum, count) => sum + count, 0);
  const count = (status: string): number => store.devboxes.filter((devbox) => devbox.status === status).length;

  before(async () => {
    platform = await startPlatform([]);
    await new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl }).devboxes.create(
      {},
      { requestId: 'many' },
    );
    many = await multiplyDevboxes(platform, 1_000);
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: many.baseUrl });
  });
  after(async () => {
    await many.stop();
    await platform.stop();
  });
  beforeEach(() => {
    many.resetCalls();
    store = new DevboxStore();
    reader = new DevboxReader(store);
  });

  it('shows the newest after one request, then those that cost money however old', async () => {
    await reader.read(api, 1, signal);
    assert.equal(calls(), 1);
    assert.equal(store.snapshot.size, 100);
    await reader.read(api, 3, signal);
    assert.equal(calls(), 4);
    assert.equal(count('suspended'), 100);
    assert.equal(count('running'), 200);
  });

  it('makes no more requests than it may, and takes turns when that is one', async () => {
    for (let refresh = 1; refresh <= 6; refresh += 1) {
      await reader.read(api, 1, signal);
      assert.equal(calls(), refresh);
    }
    assert.equal(count('suspended'), 100);
  });

  it('loads more, page by page, until there is no more, each devbox once', async () => {
    await reader.read(api, 3, signal);
    for (const stream of ['running', 'suspended', 'all'] as const) {
      for (let page = 0; reader.hasMore(stream); page += 1) {
        assert.ok(page < 10, `no end of ${stream}`);
        await reader.more(api, stream, signal);
      }
    }
    assert.deepEqual([count('running'), count('suspended'), count('shutdown')], [700, 100, 200]);
    const changes: number[] = [];
    store.onDidChange(({ ids }) => changes.push(ids.size));
    await reader.read(api, 12, signal);
    assert.deepEqual(changes, [], 'nothing has changed, so nothing is told');
  });

  it('does not undo by an old answer what was learnt meanwhile', async () => {
    const reading = reader.read(api, 1, signal);
    const [devbox] = (await api.devboxes.listPage({ limit: 1, status: 'running' })).devboxes;
    assert.ok(devbox);
    store.update({ ...devbox, status: 'suspending' });
    await reading;
    assert.equal(store.get(devbox.id)?.status, 'suspending');
    await reader.read(api, 1, signal);
    await reader.read(api, 2, signal);
    assert.equal(store.get(devbox.id)?.status, 'running');
  });

  it('knows of no more in an account that was larger before', async () => {
    await reader.read(api, 3, signal);
    assert.equal(reader.knowsOfMore('running'), true);
    const few = await multiplyDevboxes(platform, 50);
    await reader.read(new RunloopApi({ apiKey: platform.apiKey, baseUrl: few.baseUrl }), 3, signal);
    await few.stop();
    assert.equal(store.snapshot.size, 50);
    for (const stream of ['running', 'suspended', 'all'] as const) assert.equal(reader.hasMore(stream), false, stream);
    assert.equal(reader.knowsOfMore('running'), false);
  });

  it('forgets a devbox that is not in the list any more, and what ended long ago', async () => {
    await reader.read(api, 1, signal);
    const [devbox] = store.devboxes;
    assert.ok(devbox);
    store.update({ ...devbox, id: 'dbx_vanished' });
    await reader.read(api, 2, signal);
    assert.equal(store.get('dbx_vanished'), undefined);
    const ended = { ...devbox, id: 'dbx_old', status: 'shutdown', endTimeMs: Date.now() - 25 * 3_600_000 };
    store.apply([ended], [], store.mark(), Date.now());
    assert.equal(store.get('dbx_old'), undefined);
  });
});
