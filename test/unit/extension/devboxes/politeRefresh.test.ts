import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { asArray, asNumber, asObject, asString } from '../../../../src/core/parse';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { DevboxRefresh } from '../../../../src/extension/devboxes/devboxRefresh';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { ManualTiming } from './manualTiming';

/** Rules that strike without harm: the platform counts what they match. */
const counters = [
  { fault: 'delay', id: 'list', path: '/v1/devboxes', method: 'GET', delay_ms: 0 },
  { fault: 'delay', id: 'api', path: '/v1/**', delay_ms: 0 },
  { fault: 'delay', id: 'tunnel', on: 'tunnel', delay_ms: 0 },
];
const slowBoot = { fault: 'slow_boot', devbox: 'slow', delay_ms: 600_000 };

describe('Refreshing, as the platform sees it', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let api: RunloopApi;
  let timing: ManualTiming;
  let store: DevboxStore;
  const { signal: ended } = new AbortController();
  let refresh: DevboxRefresh<{ api: RunloopApi; ended: AbortSignal }>;
  let look = { visible: true, focused: true };
  let signedIn = true;
  const failures: unknown[] = [];
  const disposables: { dispose(): void }[] = [];

  async function faults(path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${platform.baseUrl}/local/faults${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.equal(answer.status, 200);
    return answer.json();
  }

  /** Requests that the platform got while that many seconds passed for the refresh. */
  async function callsDuring(
    seconds: number,
    more: readonly object[] = [],
  ): Promise<{ list: number; api: number; tunnel: number }> {
    await faults('', { rules: [...counters, slowBoot, ...more] });
    await timing.pass(seconds);
    const rules = asArray(asObject(await faults(''))?.['rules']).map(asObject);
    const count = (id: string): number =>
      asNumber(rules.find((rule) => asString(rule?.['id']) === id)?.['matches']) ?? -1;
    return { list: count('list'), api: count('api'), tunnel: count('tunnel') };
  }

  const only = (list: number) => ({ list, api: list, tunnel: 0 });

  before(async () => {
    platform = await startPlatform(['--fault-control']);
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    await faults('', { rules: [slowBoot] });
    await api.devboxes.create({ name: 'settled' }, { requestId: 'polite-1' });
  });
  after(() => platform.stop());

  beforeEach(async () => {
    for (const old of disposables.splice(0)) old.dispose();
    timing = new ManualTiming();
    store = new DevboxStore();
    look = { visible: true, focused: true };
    signedIn = true;
    failures.length = 0;
    refresh = new DevboxRefresh({
      store,
      account: () => Promise.resolve(signedIn ? { api, ended } : undefined),
      look: () => look,
      onError: (error) => failures.push(error),
      timing,
    });
    disposables.push(refresh, store);
    store.onDidChange(() => refresh.reschedule());
    const { devboxes } = await api.devboxes.listPage({ limit: 100 });
    const settled = devboxes.find(({ name }) => name === 'settled');
    assert.ok(settled);
    while ((await api.devboxes.waitForStatus(settled.id, ['running'], 20)) === undefined);
    refresh.onVisibilityChanged();
    await refresh.now();
    assert.equal(store.get(settled.id)?.status, 'running');
  });
  after(() => disposables.forEach((old) => old.dispose()));

  it('asks every 10 s while the user looks at a list in which nothing changes', async () => {
    assert.deepEqual(await callsDuring(120), only(12));
  });

  it('asks once a minute while the window has not the focus, or the view is hidden, and stays quiet when it flickers', async () => {
    look = { visible: true, focused: false };
    refresh.onVisibilityChanged();
    assert.deepEqual(await callsDuring(240), only(4));
    look = { visible: false, focused: true };
    refresh.onVisibilityChanged();
    assert.deepEqual(await callsDuring(240), only(4));
  });

  it('asks nothing before the list was wanted', () => {
    const early = new ManualTiming();
    const unseen = new DevboxRefresh({
      store: new DevboxStore(),
      account: () => Promise.resolve({ api, ended }),
      look: () => ({ visible: false, focused: true }),
      onError: (error) => failures.push(error),
      timing: early,
    });
    unseen.onVisibilityChanged();
    assert.equal(early.planned, 0);
    unseen.dispose();
  });

  it('asks nothing after signing out', async () => {
    signedIn = false;
    refresh.restart();
    await refresh.now();
    assert.deepEqual(await callsDuring(600), only(0));
    assert.equal(timing.planned, 0);
    assert.equal(store.snapshot.size, 0);
  });

  it('stays away for as long as a 429 says, also from those who ask, and keeps the last good list', async () => {
    const before = store.snapshot;
    const limit = { fault: 'status', status: 429, retry_after_seconds: 20, count: 1, path: '/v1/devboxes' };
    assert.deepEqual(await callsDuring(10, [limit]), only(1));
    assert.equal(store.failure?.code, 'rate_limited');
    assert.equal(refresh.pauseSeconds, 20);
    await refresh.now();
    assert.deepEqual(await callsDuring(19.9), only(0));
    assert.equal(store.snapshot, before);
    assert.deepEqual(await callsDuring(0.2), only(1));
    assert.equal(store.failure, undefined);
    assert.equal(refresh.pauseSeconds, 0);
  });

  it('keeps the last good list while the platform fails, asks less and less, and recovers by itself', async () => {
    const before = store.snapshot;
    const broken = { fault: 'status', status: 500, path: '/v1/devboxes' };
    const { list } = await callsDuring(95, [broken]);
    assert.ok(list <= 5, `${list} requests`);
    assert.equal(store.snapshot, before);
    assert.equal(store.failure?.status, 500);
    assert.deepEqual(await callsDuring(80), only(1));
    assert.equal(store.failure, undefined);
  });

  it('asks every 2.5 s while something changes that nobody follows, seen only, and not for what a long poll follows', async () => {
    await faults('', { rules: [slowBoot] });
    const slow = await api.devboxes.create({ name: 'slow' }, { requestId: 'polite-2' });
    await refresh.now();
    assert.equal(store.get(slow.id)?.status, 'provisioning');
    assert.deepEqual(await callsDuring(60), only(24));

    const following = store.follow(slow.id);
    refresh.reschedule();
    assert.deepEqual(await callsDuring(120), only(12));
    following.dispose();

    look = { visible: false, focused: true };
    refresh.onVisibilityChanged();
    assert.deepEqual(await callsDuring(120), only(2));
    await api.devboxes.shutdown(slow.id);
    await refresh.now();
    assert.equal(store.get(slow.id)?.status, 'shutdown');
    assert.deepEqual(failures, []);
  });
});
