import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';
import { KnownEnds } from '../../../../src/extension/devboxes/knownEnds';
import { TransitionFollower } from '../../../../src/extension/devboxes/transitionFollower';
import { eventually } from '../../../eventually';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

describe('What changes before the eyes of the user', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let api: RunloopApi;
  const { signal: ended } = new AbortController();
  const failures: unknown[] = [];
  const onError = (error: unknown): void => void failures.push(error);
  before(async () => {
    platform = await startPlatform();
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
  });
  after(() => platform.stop());

  it('is told when a lifetime is over, with one look and no list; nothing is asked while nobody looks', async () => {
    const store = new DevboxStore();
    let isSeen = true;
    let lists = 0;
    const readList = (): Promise<void> => {
      lists += 1;
      return Promise.resolve();
    };
    const ends = new KnownEnds({ store, account: () => ({ api, ended }), isSeen: () => isSeen, readList, onError });
    const create = async (name: string): Promise<string> => {
      const body = { name, launch_parameters: { keep_alive_time_seconds: 5 } };
      const { id } = await api.devboxes.create(body, { requestId: name });
      const running = await api.devboxes.waitForStatus(id, ['running'], 20);
      store.update(running ?? assert.fail());
      return id;
    };
    const id = await create('seen');
    ends.plan();
    const devbox = await eventually(
      () => Promise.resolve(store.get(id)),
      (now) => now?.status !== 'running',
      30_000,
    );
    assert.equal(devbox?.status, 'shutdown');
    assert.equal(lists, 0);
    isSeen = false;
    const unseen = await create('unseen');
    ends.plan();
    while ((await api.devboxes.waitForStatus(unseen, ['shutdown'], 20)) === undefined);
    assert.equal(store.get(unseen)?.status, 'running');
    ends.dispose();
    assert.deepEqual(failures, []);
  });

  it('is looked at again where the server is late', async () => {
    const store = new DevboxStore();
    const { id } = await api.devboxes.create({ name: 'late' }, { requestId: 'late' });
    const running = (await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const late = { ...running, createTimeMs: Date.now() - 2_000, keepAliveSeconds: 1 };
    store.update(late);
    let looks = 0;
    const retrieve = (): Promise<Devbox> => {
      looks += 1;
      return Promise.resolve({ ...late, status: looks < 2 ? 'running' : 'shutdown' });
    };
    const slow = { clock: { now: () => Date.now() }, devboxes: { retrieve } } as unknown as RunloopApi;
    const readList = (): Promise<void> => Promise.reject(new Error('no list'));
    const ends = new KnownEnds({
      store,
      account: () => ({ api: slow, ended }),
      isSeen: () => true,
      readList,
      onError,
    });
    ends.plan();
    const status = async (): Promise<string | undefined> => Promise.resolve(store.get(id)?.status);
    await eventually(status, (now) => now === 'shutdown');
    assert.equal(looks, 2);
    ends.dispose();
    await api.devboxes.shutdown(id);
    assert.deepEqual(failures, []);
  });

  it('is followed by a long poll while it is seen, and not any longer', async () => {
    const store = new DevboxStore();
    const follower = new TransitionFollower(store, onError);
    const { id } = await api.devboxes.create({ name: 'starts' }, { requestId: 'starts' });
    const created = await api.devboxes.retrieve(id);
    store.update({ ...created, status: 'provisioning' });
    assert.equal(store.inTransition, true);
    follower.followSeen(api);
    assert.equal(store.inTransition, false, 'the list need not be read for it');
    follower.stopSeen();
    await eventually(
      () => Promise.resolve(store.inTransition),
      (changing) => changing,
    );
    follower.followSeen(api);
    await eventually(
      () => Promise.resolve(store.get(id)?.status),
      (status) => status === 'running',
      20_000,
    );
    await api.devboxes.shutdown(id);
    assert.deepEqual(failures, []);
  });

  it('is left to the list for a while where the server does not let it be followed', async () => {
    const store = new DevboxStore();
    const refused: unknown[] = [];
    const follower = new TransitionFollower(store, (error) => refused.push(error));
    // As the view does it: each change of the store plans anew.
    store.onDidChange(() => follower.followSeen(api));
    const { id } = await api.devboxes.create({ name: 'refused' }, { requestId: 'refused' });
    const created = await api.devboxes.retrieve(id);
    for (let n = 0; n < 100; n += 1) store.update({ ...created, id: `dbx_unknown${n}`, status: 'provisioning' });
    await eventually(
      () => Promise.resolve(refused.length),
      (count) => count >= 8,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(refused.length, 8);
    assert.equal(store.inTransition, true, 'the list is read for them');
    await api.devboxes.shutdown(id);
    follower.dispose();
  });
});
