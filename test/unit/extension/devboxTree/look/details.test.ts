import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { parseDevbox } from '../../../../../src/core/platform/devbox';
import { devboxDetails } from '../../../../../src/extension/devboxTree/look/devboxDetails';
import { detailItem } from '../../../../../src/extension/devboxTree/look/detailItem';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';

describe('The rows below a devbox', () => {
  useFakeEditor();

  it('begin with what a narrow view has room for: port and access before the address, which the tooltip has whole', async () => {
    const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: 'https://api.runloop.ai' });
    // Nothing is asked of anybody: the snapshots are left out.
    const signal = AbortSignal.abort();
    const rows = async (auth_mode: string, metadata: Record<string, string>): Promise<string[]> => {
      const view = { id: 'dbx_1', status: 'running', metadata, tunnel: { tunnel_key: 'abc', auth_mode } };
      const devbox = parseDevbox(view);
      const context = {
        attached: false,
        health: undefined,
        nowMs: 0,
        tunnelUrlTemplate: undefined,
        lastError: undefined,
      };
      const details = await devboxDetails(api, devbox, { ...context, signal });
      return details
        .map((detail) => detailItem(devbox, devbox.id, detail))
        .filter(({ contextValue }) => contextValue === 'detail.url')
        .map(({ tooltip }) => (typeof tooltip === 'string' ? tooltip : ''));
    };
    assert.deepEqual(await rows('authenticated', { 'container-name': 'c' }), [
      'VS Code\nport 4445 · token required · https://4445-abc.tunnel.runloop.ai',
      'Action server\nport 4444 · token required · https://4444-abc.tunnel.runloop.ai',
    ]);
    assert.deepEqual(await rows('open', {}), ['Tunnel\nopen to anyone · https://PORT-abc.tunnel.runloop.ai']);
  });
});
