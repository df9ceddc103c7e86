import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { deadline } from '../../../src/ground/deadline';
import { runCommand } from '../../../src/core/platform/runCommand';
import type { Devbox } from '../../../src/core/platform/devbox';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { startPlainDevbox } from '../../../src/core/start/plainDevbox';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

export const openTabs: UiTests = (useWindow) =>
  describe('A browser tab of a devbox\u2019s VS Code', function () {
    this.timeout(240_000);
    const session = useWindow();
    // A page of 150 pixels has no room for it in one line, and no place to break it.
    const name = 'kept_open_tab';
    const text = 'nobody has saved this';

    it('goes on after a reload of the window, and has what was not saved after a suspend', async () => {
      const { workbench, platform, context } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const choices = {
        source: { kind: 'plain' },
        size: 'SMALL',
        endRule: { kind: 'lifetime', seconds: 1_800 },
      } as const;
      const { id } = await startPlainDevbox(api, name, choices, { signal: deadline(30_000) });
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const row = workbench.tree('Devboxes').row(name);
      await row.waitFor(30_000);
      const open = async (): Promise<Workbench> => {
        const page = await workbench.newPageDuring(async () => {
          await row.pressInlineButton('Open VS Code');
          await workbench.dialog.press('Start VS Code');
        }, 60_000);
        const opened = new Workbench(page);
        await opened.waitUntilReady();
        return opened;
      };
      const tab = await open();
      const address = tab.page.url();
      await typeUntitled(tab, text);

      await workbench.reload();
      await session().api.ready();
      await runCommand(api, id, 'touch "$HOME/made-after-the-reload"', { signal: deadline(30_000) });
      // A page that was refused a few times waits half a minute before it tries again.
      await tab.explorerFile('made-after-the-reload').waitFor({ timeout: 150_000 });
      assert.ok((await tab.editorText()).includes(text));
      await tab.screenshot('tabs-1-after-reload');

      await workbench.openViewContainer('Runloop');
      await row.waitFor(30_000);
      await row.chooseFromMenu('Suspend Devbox');
      await workbench.dialog.press('Suspend');
      await row.waitForState('suspended', 60_000);
      const other = await context.newPage();
      await other.goto(address);
      await other.getByRole('heading', { name: `${name} is suspended` }).waitFor({ timeout: 30_000 });
      await other.setViewportSize({ width: 150, height: 400 });
      const wide = await other.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(wide <= 150, `${wide} pixels`);
      await other.screenshot({ path: (await tab.screenshot('tabs-2-suspended')).replace('2-', '3-') });
      await other.close();

      await row.pressInlineButton('Resume Devbox');
      await row.waitForState('running', 60_000);
      await (await open()).page.close();
      await tab.reload();
      assert.equal(new URL(tab.page.url()).host, new URL(address).host);
      await eventually(
        () => tab.editorText(),
        (shown) => shown.includes(text),
      );
      await tab.screenshot('tabs-4-after-suspend');
      await tab.page.close();
      await api.devboxes.shutdown(id);
    });

    it('does so in a devbox with an action server, once its VS Code was opened again after a suspend', async () => {
      const { workbench, platform } = session();
      const agents = 'kept-with-agents';
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.waitFor('Devbox name');
      await workbench.quickInput.accept(agents);
      const row = workbench.tree('Devboxes').row(agents);
      await row.waitForState('attached', 90_000);
      const open = async (): Promise<Workbench> => {
        const page = await workbench.newPageDuring(() => row.pressInlineButton('Open VS Code'), 90_000);
        const opened = new Workbench(page);
        await opened.waitUntilReady();
        return opened;
      };
      const tab = await open();
      const { host } = new URL(tab.page.url());
      await typeUntitled(tab, text);

      await workbench.reload();
      await session().api.ready();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const { id } = await devboxNamed(api, agents);
      await runCommand(api, id, 'touch /workspace/made-after-the-reload', { signal: deadline(30_000) });
      // A page that was refused a few times waits half a minute before it tries again.
      await tab.explorerFile('made-after-the-reload').waitFor({ timeout: 150_000 });
      assert.ok((await tab.editorText()).includes(text));

      await workbench.openViewContainer('Runloop');
      await row.waitForState('attached', 40_000);
      await row.chooseFromMenu('Suspend Devbox');
      await workbench.dialog.press('Suspend');
      await row.waitForState('suspended', 60_000);
      await row.pressInlineButton('Resume Devbox');
      await row.waitForState('running', 60_000);
      await (await open()).page.close();
      await tab.reload();
      assert.equal(new URL(tab.page.url()).host, host);
      await eventually(
        () => tab.editorText(),
        (shown) => shown.includes(text),
      );
      await tab.screenshot('tabs-5-with-agents-after-suspend');
      await tab.page.close();
      await api.devboxes.shutdown(id);
    });
  });

/** Types into a file that is nowhere but in the browser. */
async function typeUntitled(tab: Workbench, text: string): Promise<void> {
  await tab.page.locator('.explorer-folders-view').waitFor({ timeout: 30_000 });
  await tab.runCommand('File: New Untitled Text File');
  await tab.page.locator('.editor-group-container.active .view-lines').waitFor();
  await tab.page.keyboard.type(text);
  await eventually(
    () => tab.editorText(),
    (shown) => shown.includes(text),
  );
  // VS Code keeps what is not saved a moment after the last key.
  await tab.page.waitForTimeout(3_000);
}

async function devboxNamed(api: RunloopApi, name: string): Promise<Devbox> {
  for await (const devbox of api.devboxes.list({ status: 'running' })) if (devbox.name === name) return devbox;
  return assert.fail(`no devbox ${name}`);
}
