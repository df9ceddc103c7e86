import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { RuntimeError } from '../../../../src/core/errors';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { changesProblem } from '../../../../src/core/problems/changes';
import { repositoryNodes } from '../../../../src/extension/changes/changeNodes';
import { DevboxLook } from '../../../../src/extension/changes/devboxLook';
import { Uri } from '../../../fakeVscode/values';

describe('A look at a devbox', () => {
  it('that somebody asks for during another one begins after it, one for all who ask meanwhile', async () => {
    const begun: (() => void)[] = [];
    const looking: Pick<DevboxChanges, 'find'> = {
      find: async () => {
        await new Promise<void>((resolve) => begun.push(resolve));
        return { repositories: [], plain: undefined, isNoted: false, more: 0, isCut: false };
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

  it('reads the nearest repositories, and has a row for what it did not read or look for', async () => {
    const deep = Array.from({ length: 45 }, (_, at) => `/home/user/a/far/off/${at}`);
    const near = ['/home/user/y', '/home/user/z'];
    const gone = new RuntimeError({ problem: changesProblem('changes_gone', { name: 'x' }) });
    const looking: Pick<DevboxChanges, 'find' | 'read'> = {
      find: () =>
        Promise.resolve({
          repositories: [...deep, ...near],
          plain: undefined,
          isNoted: false,
          more: 1_000,
          isCut: true,
        }),
      read: () => Promise.reject(gone),
    };
    const look = new DevboxLook({
      api: new RunloopApi({ apiKey: 'ak_x', baseUrl: 'https://api.runloop.ai' }),
      changes: looking as DevboxChanges,
      signal: new AbortController().signal,
      rootOf: () => Promise.resolve(Uri.file('/home/user')),
    });
    const state = await look.known();
    assert.deepEqual(state.repositories.map(({ top }) => top).slice(-3), ['/home/user/a/far/off/9', ...near]);
    const items = (of: typeof state): unknown[] =>
      repositoryNodes(of, { devboxId: 'dbx_1', seen: new Set(), threads: [] })
        .map(({ item }) => item())
        .map(({ label, description }) => [label, description]);
    const said = [
      ['1,007 more', 'not read, as there are many'],
      ['Not all folders were searched', 'that took too long'],
    ];
    assert.deepEqual([items(state).length, items(state).slice(-2)], [42, said]);
    assert.deepEqual(items({ ...state, repositories: [], notRead: 0 }).slice(1), said.slice(1));
    assert.equal(items({ ...state, notRead: 0, isCut: false }).length, 40);
  });
});
