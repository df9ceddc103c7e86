import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import type { Devbox } from '../../src/core/platform/devbox';
import { useUiSession } from './uiSession';

describe('Starting with options', function () {
  this.timeout(120_000);
  const session = useUiSession();

  async function devboxNamed(name: string): Promise<Devbox | undefined> {
    const { platform } = session();
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseURL });
    for await (const devbox of api.list({})) if (devbox.name === name) return devbox;
    return undefined;
  }

  it('asks step by step, goes back, and starts what was chosen', async () => {
    const { workbench } = session();
    const { quickInput } = workbench;
    await workbench.openViewContainer('Runloop');
    await workbench.runCommand('Runloop: Start Devbox With Options…');
    await quickInput.waitFor('What to start from');
    await workbench.screenshot('options-1-source');
    await quickInput.pick('Plain devbox');
    await quickInput.waitFor('Size');
    await workbench.screenshot('options-2-size');
    await workbench.page.getByRole('button', { name: 'Back' }).click();
    await quickInput.waitFor('What to start from');
    await quickInput.pick('Plain devbox');
    await quickInput.waitFor('Size');
    await quickInput.pick('SMALL');
    await quickInput.waitFor('When it ends by itself');
    await workbench.screenshot('options-3-end');
    await quickInput.pick('shut down when idle for 15 min');
    await quickInput.waitFor('GitHub repository to clone, as owner/name (Enter for none)');
    await quickInput.accept();
    await quickInput.waitFor('Environment variables, as NAME=value; NAME=value (Enter for none)');
    await quickInput.accept('GREETING=hello');
    await quickInput.waitFor('Account secrets to pass on, each as a variable of its own name (Enter for none)');
    await quickInput.accept();
    await quickInput.waitFor('Network policy');
    await quickInput.pick('No network policy');
    await quickInput.waitFor('Name of the devbox');
    await quickInput.accept('plain-one');
    await workbench.notification('Devbox plain-one is ready.').waitFor(60_000);
    await workbench.tree('Devboxes').row('plain-one').waitForDescription('running');
    const devbox = await devboxNamed('plain-one');
    assert.equal(devbox?.size, 'SMALL');
    assert.deepEqual(devbox.idleRule, { seconds: 900, action: 'shutdown' });
    assert.equal(devbox.blueprintId, undefined);
  });

  it('offers the last choices on the quick path', async () => {
    const { workbench } = session();
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.waitFor('Name of the devbox (plain, SMALL, shut down when idle for 15 min)');
    await workbench.screenshot('options-4-quick');
    await workbench.quickInput.dismiss();
  });
});
