import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { parseDevbox } from '../../../../../src/core/platform/devbox';
import { devboxDetails, type Listed } from '../../../../../src/extension/devboxTree/look/devboxDetails';
import { detailItem } from '../../../../../src/extension/devboxTree/look/detailItem';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';

describe('The rows below a devbox', () => {
  useFakeEditor();

  it('say who could use the tunnel of a devbox that is not running; while it runs, its ports have a row of their own', async () => {
    const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: 'https://api.runloop.ai' });
    // Nothing is asked of anybody: the snapshots are left out.
    const signal = AbortSignal.abort();
    const rows = async (status: string, auth_mode: string): Promise<string[]> => {
      const devbox = parseDevbox({ id: 'dbx_1', status, tunnel: { tunnel_key: 'abc', auth_mode } });
      const context = {
        attached: false,
        health: undefined,
        nowMs: 0,
        lastError: undefined,
        listed: new Map<string, Listed>(),
      };
      const details = await devboxDetails(api, devbox, { ...context, signal });
      return details
        .filter(({ key }) => key === 'tunnel')
        .map((detail) => detailItem(devbox, devbox.id, detail))
        .map(({ tooltip }) => (typeof tooltip === 'string' ? tooltip : ''));
    };
    assert.deepEqual(await rows('suspended', 'open'), ['Tunnel\nopen to anyone with the address']);
    assert.deepEqual(await rows('suspended', 'authenticated'), ['Tunnel\ntoken required']);
    assert.deepEqual(await rows('running', 'open'), []);
    assert.deepEqual(await rows('shutdown', 'open'), []);
  });

  it('list the snapshots no further time when the row is drawn again for a number of changed files', async () => {
    const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: 'https://api.runloop.ai' });
    let count = 0;
    api.snapshots.ofDevbox = () => {
      count += 1;
      return Promise.resolve([]);
    };
    const devbox = parseDevbox({ id: 'dbx_1', status: 'running' });
    const { signal } = new AbortController();
    const listed = new Map<string, Listed>();
    const draw = async (changed?: number): Promise<number> => {
      const facts = changed === undefined ? [] : [{ shown: `${changed} changed`, spoken: '', isPressing: false }];
      const context = { attached: false, health: undefined, nowMs: 0, lastError: undefined, facts, listed };
      await devboxDetails(api, devbox, { ...context, signal });
      return count;
    };
    assert.deepEqual([await draw(), await draw(1), await draw(2), await draw(3)], [1, 1, 1, 1]);
    // Drawn again for something else.
    assert.equal(await draw(3), 2);
  });
});
