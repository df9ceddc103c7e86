import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import { beginBuild, openhandsDockerfile, usualOpenhandsTag } from '../../../../src/core/platform/buildBlueprint';
import { snapshotDevbox } from '../../../../src/core/platform/snapshotDevbox';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

type Rule = Readonly<Record<string, unknown>>;

/** Answers that say nothing of what came of a request that was carried out. */
const untold: Readonly<Record<string, Rule>> = {
  'had no answer': { fault: 'cut', took_effect: true },
  'had none, and was carried out late': { fault: 'cut', effect_after_ms: 300 },
  'was answered 500': { fault: 'status', status: 500, took_effect: true },
  'was answered 503': { fault: 'status', status: 503, took_effect: true },
  'was answered 504': { fault: 'status', status: 504, took_effect: true },
  'was answered 408': { fault: 'status', status: 408, took_effect: true },
};

describe('What is paid for and asked for', function () {
  this.timeout(120_000);
  const used = usePlatform('--fault-control');
  let devboxId: string;
  before(async () => {
    devboxId = (await used.api.devboxes.create({ entrypoint: 'sleep 1000' }, { requestId: 'of snapshots' })).id;
    await used.api.devboxes.waitForStatus(devboxId, ['running'], 20);
  });
  afterEach(() => orderFaults(used.platform));

  const snapshots = async (name: string): Promise<number> =>
    (await used.api.snapshots.ofDevbox(devboxId, 100)).filter((snapshot) => snapshot.name === name).length;
  const builds = async (name: string): Promise<number> => (await used.api.blueprints.named(name)).length;

  const makers = {
    'a snapshot': {
      request: { method: 'POST', path: '/v1/devboxes/{id}/snapshot_disk_async' },
      make: async (name: string, signal?: AbortSignal) => snapshotDevbox(used.api, devboxId, name, { signal }),
      count: snapshots,
    },
    'a build': {
      request: { method: 'POST', path: '/v1/blueprints' },
      make: async (name: string, signal?: AbortSignal) =>
        beginBuild(used.api, { name, dockerfile: openhandsDockerfile(usualOpenhandsTag) }, { signal }),
      count: builds,
    },
  };
  for (const [what, { request, make, count }] of Object.entries(makers)) {
    const faults = async (rule: Rule): Promise<void> =>
      orderFaults(used.platform, { fault: 'forget_repeats', ...request }, { ...rule, ...request });
    for (const [how, rule] of Object.entries(untold)) {
      it(`is made once: ${what} that ${how}`, async () => {
        const name = `${what} ${how}`;
        await faults({ ...rule, count: 1 });
        await make(name);
        assert.equal(await count(name), 1);
      });
    }

    it(`is asked for again where nothing came of it: ${what}`, async () => {
      const name = `${what} put off`;
      await faults({ fault: 'status', status: 503, count: 2 });
      await make(name);
      assert.equal(await count(name), 1);
      assert.equal((await countFaults(used.platform))[0]?.matches, 3);
    });

    it(`is found where the last try had no answer: ${what}`, async () => {
      const name = `${what} at last`;
      await faults({ fault: 'status', status: 501, took_effect: true });
      await make(name);
      assert.equal(await count(name), 1);
    });

    it(`is not asked for again where it was refused: ${what}`, async () => {
      await faults({ fault: 'status', status: 403 });
      await assert.rejects(make('refused'));
      assert.equal((await countFaults(used.platform))[0]?.matches, 1);
    });
  }

  it('is known also where nobody waits for it any more: a build', async () => {
    const stop = new AbortController();
    const request = makers['a build'].request;
    await orderFaults(used.platform, { fault: 'delay', delay_ms: 20_000, took_effect: true, ...request });
    const making = makers['a build'].make('given up', stop.signal);
    setTimeout(() => stop.abort(), 500);
    const { id } = await making;
    assert.deepEqual(
      (await used.api.blueprints.named('given up')).map((build) => build.id),
      [id],
    );
  });
});
