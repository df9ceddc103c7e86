import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { DevboxLook } from '../../../../src/extension/changes/devboxLook';
import { Uri } from '../../../fakeVscode/values';

describe('A look at a devbox', () => {
  it('that somebody asks for during another one begins after it, one for all who ask meanwhile', async () => {
    const begun: (() => void)[] = [];
    const looking: Pick<DevboxChanges, 'find'> = {
      find: async () => {
        await new Promise<void>((resolve) => begun.push(resolve));
        return { repositories: [], plain: undefined, isNoted: false };
      },
    };
    const { signal } = new AbortController();
    const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: 'https://api.runloop.ai' });
    const root = Uri.file('/home/user');
    const look = new DevboxLook({
      api,
      changes: looking as DevboxChanges,
      signal,
      rootOf: () => Promise.resolve(root),
    });
    const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
    const first = look.known();
    const same = look.known();
    await turn();
    const [second, third] = [look.again(), look.again()];
    await turn();
    assert.equal(begun.length, 1);
    begun[0]?.();
    assert.equal(await first, await same);
    await turn();
    assert.equal(begun.length, 2);
    begun[1]?.();
    assert.equal(await second, await third);
    assert.notEqual(await first, await second);
    assert.equal(look.state, await second);
    assert.equal(begun.length, 2);
  });
});
