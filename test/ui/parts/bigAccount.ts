import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { multiplyDevboxes } from '../../platform/manyDevboxes';
import { orderFaults } from '../../platform/orderedFaults';
import { startPlatform } from '../../platform/testPlatform';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

export const bigAccount: UiTests = (useWindow) =>
  describe('Accounts with more than fits', function () {
    this.timeout(120_000);
    const session = useWindow();
    const tree = () => session().workbench.tree('Devboxes');
    const useAddress = (address: string): Promise<void> =>
      session().api.evaluate(
        async (vscode, url) =>
          vscode.workspace.getConfiguration('runloop').update('baseUrl', url, vscode.ConfigurationTarget.Global),
        address,
      );

    it('shows the newest first, more on request, and how many cost money', async () => {
      const { workbench, platform } = session();
      const { page } = workbench;
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      await api.devboxes.create({ name: 'template' }, { requestId: randomUUID() });
      const many = await multiplyDevboxes({ apiKey: platform.apiKey, baseUrl: platform.baseUrl }, 1_000);
      try {
        await workbench.openViewContainer('Runloop');
        await useAddress(many.baseUrl);
        await tree().row('bench-case-30').waitFor(30_000);
        await tree().row('Active').waitForDescription(/\$\d/);
        assert.equal(await tree().row('bench-case-0').element.count(), 0, 'what has ended is below');
        const more = tree().row('Load more…');
        /** By keyboard: the mouse over a row would bring up its tooltip, which then takes the wheel for itself. */
        const pageDownTo = async (there: () => Promise<number>): Promise<void> => {
          await workbench.runCommand('Runloop: Focus on Devboxes View');
          await page.keyboard.press('Home');
          const end = page.locator('.sidebar .monaco-list-row.focused').getByText('Ended in the Last Day');
          await eventually(
            async () => {
              await page.keyboard.press((await end.count()) > 0 ? 'Home' : 'PageDown');
              await page.waitForTimeout(200);
              return there();
            },
            (count) => count > 0,
          );
        };
        await pageDownTo(() => more.element.count());
        // Not all were read, and the view does not claim so.
        await page.locator('.sidebar').getByText('More devboxes are running than are loaded.').waitFor();
        await workbench.screenshot('big-1-load-more');
        await more.element.first().click();
        await pageDownTo(() => tree().row('101 to 200').element.count());
        await workbench.screenshot('big-2-second-page');
      } finally {
        await useAddress('');
        await many.stop();
      }
    });

    it('stays quiet while Runloop asks to wait: one line above the rows, no message, the rows stay', async () => {
      const { workbench, platform } = session();
      const { page } = workbench;
      const limited = await startPlatform(['--api-key', platform.apiKey, '--fault-control']);
      try {
        const api = new RunloopApi({ apiKey: limited.apiKey, baseUrl: limited.baseUrl });
        await api.devboxes.create({ name: 'still-there' }, { requestId: randomUUID() });
        await useAddress(limited.baseUrl);
        await tree().row('still-there').waitForState('running', 30_000);
        await orderFaults(limited, { fault: 'status', status: 429, retry_after_seconds: 12, path: '/v1/devboxes' });
        await tree().pressTitleButton('Refresh Devboxes');
        const line = page.locator('.sidebar').getByText(/Runloop is limiting requests. Refreshing again in \d+ s\./);
        await line.waitFor();
        await tree().row('still-there').waitFor();
        assert.equal(await page.locator('.notifications-toasts .notification-list-item').count(), 0);
        await workbench.screenshot('big-3-limited');
        await orderFaults(limited);
        await line.waitFor({ state: 'hidden', timeout: 30_000 });
        await tree().row('still-there').waitForState('running');
      } finally {
        await useAddress('');
        await limited.stop();
      }
    });
  });
