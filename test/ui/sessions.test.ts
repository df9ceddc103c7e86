import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../src/core/runloopRuntime';
import { useUiSession } from './uiSession';

describe('Sessions', function () {
  this.timeout(120_000);
  const session = useUiSession();
  const name = 'kept-session';
  let agent: RunloopRuntime | undefined;

  it('shows the current session in the status bar, and offers its actions on a click', async () => {
    const { workbench, platform } = session();
    agent = new RunloopRuntime({ apiKey: platform.apiKey, baseUrl: platform.baseURL, sid: name, headlessMode: true });
    await agent.connect();
    await workbench.openViewContainer('Runloop');
    const row = workbench.tree('Devboxes').row(name);
    await row.waitFor(30_000);
    await row.chooseFromMenu('Attach to Devbox');
    const item = workbench.statusBarItem(name);
    await item.waitFor({ timeout: 30_000 });
    await item.click();
    await workbench.quickInput.waitFor(`Session: ${name}`);
    const labels = await workbench.quickInput.labels();
    assert.deepEqual(labels.map((label) => label.trim()), ['Open VS Code', 'Copy VS Code Link', 'Show Output', 'Open Log', 'Copy Devbox ID', 'Suspend', 'Detach', 'Shut Down']);
    await workbench.screenshot('sessions-1-actions');
    await workbench.quickInput.dismiss();
  });

  it('attaches again in the background after a reload', async () => {
    const { workbench } = session();
    await workbench.reload();
    await workbench.statusBarItem(name).waitFor({ timeout: 40_000 });
    await workbench.screenshot('sessions-2-reloaded');
    await workbench.openViewContainer('Runloop');
    await workbench.tree('Devboxes').row(name).waitForDescription('attached', 20_000);
  });

  it('tells once when the devbox ends, and why', async () => {
    const { workbench, platform } = session();
    const devboxId = agent?.devbox?.id ?? '';
    await new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseURL }).shutdown(devboxId);
    await workbench.notification(`The devbox ${name} has ended: somebody shut it down.`).waitFor(60_000);
    await workbench.statusBarItem(name).waitFor({ state: 'hidden' });
    await workbench.screenshot('sessions-3-ended');
    const texts = await workbench.notificationTexts();
    assert.equal(texts.filter((text) => text.includes('has ended')).length, 1);
    await workbench.notification('has ended').press('Show Output');
    await workbench.page.locator('.output-view .view-lines').waitFor();
    await agent?.close();
  });

  it('attaches to nothing that is gone after a reload', async () => {
    const { workbench } = session();
    await workbench.reload();
    await workbench.openViewContainer('Runloop');
    await session().api.ready();
    assert.equal(await workbench.statusBarItem(name).count(), 0);
  });
});
