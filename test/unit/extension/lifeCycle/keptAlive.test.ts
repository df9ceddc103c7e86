import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { KeepAlive } from '../../../../src/extension/lifeCycle/keepAlive';
import { eventually } from '../../../eventually';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

describe('A devbox that is kept alive', function () {
  this.timeout(20_000);
  useFakeEditor();
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
    mock.timers.enable({ apis: ['setInterval'] });
  });
  afterEach(async () => {
    mock.timers.reset();
    await server.stop();
  });

  /** Whether it is still kept after a sign of life that is answered so. */
  async function isKeptAfter(type: string, body: string): Promise<boolean> {
    const failed: unknown[] = [];
    const kept = new KeepAlive({ failure: (_what: string, error: unknown) => failed.push(error) } as never);
    const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
    const devbox = parseDevbox({ id: 'dbx_1', status: 'running' });
    await kept.on(devbox, new AbortController().signal, () => api.devboxes.keepAlive(devbox.id));
    server.script = (_, answer) => answer.writeHead(404, { 'content-type': type }).end(body);
    mock.timers.tick(60_000);
    await eventually(
      () => Promise.resolve(failed.length),
      (count) => count > 0,
    );
    await new Promise((resolve) => setImmediate(resolve));
    const isOn = kept.isOn(devbox.id);
    kept.dispose();
    return isOn;
  }

  it('is let go of where the API has it no more', async () => {
    assert.equal(await isKeptAfter('application/json', '{"message":"There is no devbox dbx_1."}'), false);
  });

  it('stays so where somebody on the way knows no such path', async () => {
    assert.equal(await isKeptAfter('text/plain', '404 page not found'), true);
  });
});
