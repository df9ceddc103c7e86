import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ExecutionCommands } from '../../../../../src/core/channel/executionCommands';
import { RuntimeError } from '../../../../../src/core/errors';
import { DevboxWatch } from '../../../../../src/core/files/devboxWatch';
import { runningGuard } from '../../../../../src/core/files/runningGuard';
import type { WatchedChange } from '../../../../../src/core/files/watchLines';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { eventually } from '../../../../eventually';
import { CountingProxy } from '../../../../platform/countingProxy';
import { usePlatform } from '../../../../platform/usePlatform';
import { filesDevbox, signal } from '../../files/useFiles';

describe('Watching a repository of a devbox that is suspended', function () {
  this.timeout(240_000);
  const used = usePlatform();

  /** Watches a folder as a window does. */
  function watching(devboxId: string, proxy: CountingProxy, status: () => string) {
    const api = new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: proxy.baseUrl });
    const [seen, failures]: [WatchedChange[], unknown[]] = [[], []];
    const state = { isWatching: false };
    const watch = new DevboxWatch({
      commands: new ExecutionCommands(api, devboxId),
      isRunning: () => status() === 'running',
      requireRunning: runningGuard(devboxId, {
        known: status,
        retrieve: (limit) => api.devboxes.retrieve(devboxId, { signal: limit }),
      }),
      onChange: (changes) => seen.push(...changes),
      onWatching: (isWatching) => (state.isWatching = isWatching),
      onFailure: (error) => failures.push(error),
      signal,
    });
    const isWatching = async (wanted: boolean): Promise<void> => {
      await eventually(
        () => Promise.resolve(state.isWatching),
        (is) => is === wanted,
        30_000,
      );
    };
    const told = async (path: string): Promise<void> => {
      await eventually(() => Promise.resolve(seen.some((one) => 'path' in one && one.path === path)), Boolean, 20_000);
    };
    return { watch, failures, isWatching, told };
  }

  it('at any of its requests wakes nothing, says that it does not watch, and goes on when it runs', async () => {
    const { devboxes } = used.api;
    const { id, bash } = await filesDevbox(used.api, 'swept');
    await bash('mkdir -p /tmp/w');
    const kinds = new Set<string>();
    for (const at of [1, 2, 3, 4, 5]) {
      const proxy = await CountingProxy.start(used.platform.baseUrl);
      let status = 'running';
      const asked: string[] = [];
      const suspended = new Promise<void>((resolve, reject) => {
        proxy.before = async (count, path) => {
          asked.push(path);
          if (count !== at) return;
          kinds.add(path.replace(/\?.*/, '').replace(/.*\//, ''));
          const asleep = devboxes.suspend(id, {}).then(() => devboxes.waitForStatus(id, ['suspended'], 20));
          await asleep.then(() => resolve(), reject);
        };
      });
      const { watch, failures, isWatching, told } = watching(id, proxy, () => status);
      try {
        watch.set([{ kind: 'folder', path: '/tmp/w' }], []);
        // The list of devboxes is older than that, and has it running still.
        await suspended;
        await isWatching(false);
        assert.equal((await devboxes.retrieve(id)).status, 'suspended', `request ${at}`);
        status = 'suspended';
        await devboxes.resume(id);
        await devboxes.waitForStatus(id, ['running'], 20);
        status = 'running';
        await isWatching(true);
        await bash(`printf x > /tmp/w/${at}`);
        await told(`/tmp/w/${at}`);
        const others = asked.filter((path) => /\/(?:resume|suspend|shutdown)\b/.test(path));
        assert.deepEqual(others, []);
        assert.ok(failures.every((error) => RuntimeError.is(error)));
      } finally {
        await watch.close();
        await proxy.stop();
      }
    }
    // Its beginning, what it says, and what it is told.
    assert.ok(kinds.size >= 3, [...kinds].join(' '));
  });
});
