import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { eventually } from '../eventually';
import { useUiSession } from './uiSession';

describe('The life of a devbox', function () {
  this.timeout(120_000);
  const session = useUiSession();
  const name = 'lively';

  const api = (): RunloopApi => {
    const { platform } = session();
    return new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseURL });
  };

  async function statusOf(devboxName: string): Promise<string | undefined> {
    for await (const devbox of api().list({})) if (devbox.name === devboxName) return devbox.status;
    return undefined;
  }

  it('is renamed, with the same rules for names', async () => {
    const { workbench } = session();
    await workbench.openViewContainer('Runloop');
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.accept('first-name');
    await workbench.notification('Devbox first-name is ready.').waitFor(60_000);
    await workbench.tree('Devboxes').row('first-name').chooseFromMenu('Rename Devbox');
    await workbench.quickInput.waitFor('New name of first-name');
    await workbench.quickInput.accept(name);
    await workbench.tree('Devboxes').row(name).waitFor();
    assert.equal(await statusOf(name), 'running');
  });

  it('is kept alive only while that is switched on, and the status bar says so', async () => {
    const { workbench } = session();
    await workbench.tree('Devboxes').row(name).chooseFromMenu('Keep Devbox Alive (On/Off)');
    const kept = workbench.page.locator('.statusbar [id$="runloop.keepAlive"]');
    await kept.filter({ hasText: name }).waitFor();
    await workbench.screenshot('life-1-kept-alive');
    await workbench.tree('Devboxes').row(name).chooseFromMenu('Keep Devbox Alive (On/Off)');
    await kept.waitFor({ state: 'hidden' });
  });

  it('is suspended after a question that tells what is lost, and resumed', async () => {
    const { workbench } = session();
    await workbench.tree('Devboxes').row(name).chooseFromMenu('Suspend Devbox');
    await workbench.dialog.waitFor(`Suspend ${name}?`);
    assert.match(await workbench.dialog.text(), /disk is kept.*processes.*lost/s);
    await workbench.screenshot('life-2-suspend');
    await workbench.dialog.press('Suspend');
    await eventually(() => statusOf(name), (status) => status === 'suspended');
    await workbench.runCommand('Runloop: Resume Devbox');
    await workbench.quickInput.pick(name);
    await eventually(() => statusOf(name), (status) => status === 'running');
    await workbench.tree('Devboxes').row(name).waitForDescription('running', 30_000);
  });

  it('is found when forgotten, and shut down only after a yes', async () => {
    const { workbench } = session();
    await workbench.runCommand('Runloop: Find Forgotten Devboxes');
    await workbench.quickInput.waitFor('Running devboxes that may have been forgotten: 1. Pick those to act on.');
    await workbench.screenshot('life-3-forgotten');
    await workbench.quickInput.row(name).locator('input[type=checkbox], .monaco-custom-toggle').first().click();
    await workbench.quickInput.accept();
    await workbench.quickInput.pick('Shut Down');
    await workbench.dialog.waitFor(`Shut down the devbox ${name}?`);
    await workbench.dialog.press('Cancel');
    assert.equal(await statusOf(name), 'running');
    await workbench.tree('Devboxes').row(name).chooseFromMenu('Shut Down Devbox');
    await workbench.dialog.press('Shut Down');
    await workbench.tree('Devboxes').row(name).waitForGone(30_000);
    assert.equal(await statusOf(name), 'shutdown');
  });
});
