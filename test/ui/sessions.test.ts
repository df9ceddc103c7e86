import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { suspendDevbox } from '../../src/core/platform/lifeCycle';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../src/core/runloopRuntime';
import { eventually } from '../eventually';
import { useUiSession } from './uiSession';

describe('Sessions', function () {
  this.timeout(120_000);
  const session = useUiSession();
  const name = 'kept-session';
  let agent: RunloopRuntime | undefined;

  const api = (): RunloopApi => {
    const { platform } = session();
    return new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseURL });
  };
  const devboxId = (): string => agent?.devbox?.id ?? '';
  const countNotices = async (part: string): Promise<number> =>
    (await session().workbench.notificationTexts()).filter((text) => text.includes(part)).length;

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

  it('tells once when somebody else suspends it, and resumes it on a click', async () => {
    const { workbench } = session();
    await suspendDevbox(api(), devboxId());
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await workbench.notification(`The devbox ${name} was suspended.`).waitFor(60_000);
    await workbench.statusBarItem(name).waitFor({ state: 'hidden' });
    await workbench.screenshot('sessions-3-suspended');
    assert.equal(await countNotices('was suspended'), 1);
    await workbench.notification('was suspended').press('Resume');
    const row = workbench.tree('Devboxes').row(name);
    await row.waitForDescription('running', 60_000);
    await eventually(() => api().retrieve(devboxId()), ({ status }) => status === 'running');
    // Resumed is not attached: the window holds on to nothing that nobody asked for.
    assert.equal(await workbench.statusBarItem(name).count(), 0);
  });

  it('tells once when it dies, and why at a click', async () => {
    const { workbench } = session();
    await workbench.tree('Devboxes').row(name).chooseFromMenu('Attach to Devbox');
    await workbench.statusBarItem(name).waitFor({ timeout: 60_000 });
    await api().shutdown(devboxId());
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await workbench.notification(`The devbox ${name} has ended: somebody shut it down.`).waitFor(60_000);
    await workbench.statusBarItem(name).waitFor({ state: 'hidden' });
    // Whatever would tell of it once more has looked by then.
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await workbench.page.waitForTimeout(4_000);
    await workbench.screenshot('sessions-4-ended');
    assert.equal(await countNotices('has ended'), 1);
    await workbench.notification('has ended').press('Why did it stop?');
    const text = await eventually(() => workbench.editorText(), (seen) => seen.includes(`Why did ${name} stop?`) && seen.includes('api_shutdown'));
    assert.match(text, /shutdown_reason +api_shutdown/);
    await workbench.screenshot('sessions-5-why');
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
