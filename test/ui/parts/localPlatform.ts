import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { readRunning, type RunningPlatform } from '../../../src/extension/localPlatform/keeperState';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

export const withoutAccount: UiTests = (useWindow) =>
  describe('Trying without an account', function () {
    this.timeout(120_000);
    const session = useWindow();
    const name = 'tried-locally';

    const running = async (): Promise<RunningPlatform | undefined> =>
      readRunning(
        join(
          session().stack.folder,
          '..',
          'vscode',
          'data',
          'User',
          'globalStorage',
          'runloop-devboxes.runloop-devboxes',
          'local',
        ),
      );

    it('starts the local platform from the welcome text, with the key in no argument', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.tree('Devboxes').welcome.getByText('Try Without an Account').waitFor();
      await workbench.screenshot('local-1-welcome');
      await workbench.tree('Devboxes').pressWelcomeButton('Try Without an Account');
      await workbench.notification('The local platform is ready').waitFor(60_000);
      await workbench.tree('Devboxes').welcome.getByText('No devbox is running.').waitFor();
      await workbench.screenshot('local-2-ready');
      const platform = await running();
      assert.ok(platform !== undefined);
      assert.ok(!readFileSync(`/proc/${platform.pid}/cmdline`, 'utf8').includes('ak_local'));
    });

    it('starts a devbox there and opens its VS Code', async () => {
      const { workbench } = session();
      await workbench.notification('The local platform is ready').press('Start Devbox');
      await workbench.quickInput.waitFor('Devbox name');
      await workbench.quickInput.accept(name);
      await workbench.notification(`Devbox ${name} is ready.`).waitFor(90_000);
      const row = workbench.tree('Devboxes').row(name);
      // What runs on this computer costs nothing.
      assert.ok(!(await workbench.page.locator('.sidebar').innerText()).includes('$'));
      const page = await workbench.newPageDuring(() => row.click(), 60_000);
      await new Workbench(page).waitUntilReady();
      await page.close();
    });

    it('keeps devbox and platform over a reload, and lets a second window join', async () => {
      const { workbench, context, stack } = session();
      const before = await running();
      await workbench.reload();
      await workbench.openViewContainer('Runloop');
      await workbench.tree('Devboxes').row(name).waitFor(30_000);
      assert.deepEqual(await running(), before);

      const second = new Workbench(await context.newPage());
      await second.open(`${stack.origin}/`);
      await second.openViewContainer('Runloop');
      await second.tree('Devboxes').pressWelcomeButton('Try Without an Account');
      await second.tree('Devboxes').row(name).waitFor(30_000);
      assert.deepEqual(await running(), before);
      await second.page.close();
    });

    it('asks what becomes of the devbox before the platform ends, and then leaves nothing running', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Stop Using the Local Platform');
      await workbench.dialog.waitFor('Stop using the local platform? Its devboxes that have not ended: 1.');
      await workbench.screenshot('local-3-question');
      await workbench.dialog.press('Shut Down All');
      await workbench.tree('Devboxes').welcome.getByText('Sign in with a Runloop API key').waitFor({ timeout: 30_000 });
      await eventually(running, (platform) => platform === undefined);
    });

    it('is started once by two windows that want it at the same moment', async () => {
      const { workbench, context, stack } = session();
      const second = new Workbench(await context.newPage());
      await second.open(`${stack.origin}/`);
      await second.openViewContainer('Runloop');
      await second.tree('Devboxes').welcome.getByText('Try Without an Account').waitFor();
      const windows = [workbench, second];
      await Promise.all(windows.map((window) => window.tree('Devboxes').pressWelcomeButton('Try Without an Account')));
      for (const window of windows) {
        const ended = window.tree('Devboxes').row('Ended in the Last Day');
        const refused = window.notification('A local platform is already running');
        await Promise.race([ended.waitFor(60_000), refused.waitFor(60_000)]);
        if (!(await refused.element.isVisible())) continue;
        // In a browser a window has the other one's key after a reload only.
        await window.reload();
        await window.openViewContainer('Runloop');
        await window.tree('Devboxes').pressWelcomeButton('Try Without an Account');
        await ended.waitFor(30_000);
      }
      for (const window of windows) await window.runCommand('Runloop: Stop Using the Local Platform');
      await eventually(running, (platform) => platform === undefined, 40_000);
      await second.page.close();
    });
  });
