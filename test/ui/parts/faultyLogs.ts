import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { orderFaults } from '../../platform/orderedFaults';
import { type TestPlatform, startPlatform } from '../../platform/testPlatform';
import type { UiTests } from '../sharedWindow';

const notice = 'This platform does not stream logs';

export const faultyLogs: UiTests = (useWindow) =>
  describe('Logs of a platform that is slow, or has no stream', function () {
    this.timeout(120_000);
    const session = useWindow();
    let platform: TestPlatform;
    let api: RunloopApi;

    before(async () => {
      platform = await startPlatform(['--api-key', session().platform.apiKey, '--fault-control']);
      const { baseUrl, apiKey } = platform;
      api = new RunloopApi({ apiKey, baseUrl });
      await session().api.evaluate(
        (vscode, to) =>
          vscode.workspace.getConfiguration('runloop').update('baseUrl', to, vscode.ConfigurationTarget.Global),
        baseUrl,
      );
      await Promise.all(
        ['quick', 'slow'].map((name) =>
          api.devboxes.create(
            { name, entrypoint: `echo ${name} one needle; echo hay; echo ${name} two needles; sleep 1000` },
            { requestId: crypto.randomUUID() },
          ),
        ),
      );
      await session().workbench.openViewContainer('Runloop');
      await session().workbench.tree('Devboxes').row('quick').waitFor(30_000);
      await session().workbench.tree('Devboxes').row('slow').waitFor(30_000);
    });
    after(() => platform.stop());

    async function search(text: string): Promise<void> {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Search Logs…');
      await workbench.quickInput.waitFor('Select devboxes to search their logs');
      for (const name of ['quick', 'slow']) await workbench.quickInput.toggle(name);
      await workbench.quickInput.accept();
      await workbench.quickInput.waitFor('Enter what to search for');
      await workbench.quickInput.accept(text);
    }
    const slowLogs = (milliseconds: number): Promise<void> =>
      orderFaults(platform, { fault: 'delay', delay_ms: milliseconds, path: '/v1/devboxes/{id}/logs', devbox: 'slow' });

    it('shows what is found in one log while another is still read, and then that as well', async () => {
      const { workbench } = session();
      await slowLogs(8_000);
      await search('needle');
      const tree = workbench.tree('Log Search');
      await tree.row('quick').waitForDescription('2 lines', 30_000);
      await workbench.page.getByText('2 lines found; 1 log left…').waitFor();
      assert.equal(await tree.row('slow').icon(), 'loading');
      await workbench.screenshot('search-1-streaming');
      await tree.row('slow').waitForDescription('2 lines', 30_000);
      await workbench.page.getByText('4 lines found.').waitFor();
      await workbench.screenshot('search-2-done');
    });

    it('keeps what was found when the search is cancelled, and says where it was', async () => {
      const { workbench } = session();
      await slowLogs(60_000);
      await search('two needles');
      const tree = workbench.tree('Log Search');
      await tree.row('quick').waitForDescription('1 line', 30_000);
      const header = workbench.page.locator('.pane-header', { hasText: 'Log Search' });
      await header.hover();
      await header.locator('a.action-label[aria-label^="Stop Search"]').click();
      await tree.row('The search was stopped here.').waitFor();
      await workbench.page.getByText('1 line found.').waitFor();
      assert.equal(await tree.row('quick').description(), 'running · 1 line');
      await header.locator('a.action-label[aria-label^="Stop Search"]').waitFor({ state: 'hidden' });
      await workbench.screenshot('search-3-cancelled');
    });

    it('says in the status bar that an open log has no connection, and goes on when there is one again', async () => {
      const { workbench } = session();
      const status = workbench.page.locator('.statusbar');
      await orderFaults(platform, { fault: 'cut', method: 'GET', path: '/v1/devboxes/{id}', devbox: 'quick' });
      await workbench.tree('Devboxes').row('quick').chooseFromMenu('Open Log', 'Logs');
      await status.getByText('0 lines · no connection, retrying').waitFor();
      await workbench.screenshot('log-6-no-connection');
      await orderFaults(platform);
      await status.getByText('3 lines · following').waitFor({ timeout: 40_000 });
    });

    it('says once that there is no stream, and reads at once when there is a reason', async () => {
      const { workbench } = session();
      await orderFaults(platform, { fault: 'status', status: 501, path: '/v1/devboxes/{id}/logs/tail' });
      const begins =
        'n=$(cat /workspace/n 2>/dev/null || echo 0); echo $((n+1)) > /workspace/n; echo run $n begins; sleep 1000';
      const { id } = await api.devboxes.create(
        { name: 'polled', entrypoint: begins },
        { requestId: crypto.randomUUID() },
      );
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await workbench.tree('Devboxes').row('polled').chooseFromMenu('Show Output', 'Logs');
      const text = (): Promise<string> => session().outputText('Runloop: polled');
      await eventually(text, (seen) => seen.includes('run 0 begins') && seen.includes(notice));
      // In silence its pause grows to a minute.
      await sleep(22_000);
      await workbench.tree('Devboxes').row('polled').chooseFromMenu('Suspend Devbox');
      await workbench.dialog.press('Suspend');
      await workbench.tree('Devboxes').row('polled').waitForState('suspended', 30_000);
      await eventually(text, (seen) => seen.includes('Its output continues when it is resumed'), 20_000);
      await workbench.tree('Devboxes').row('polled').chooseFromMenu('Resume Devbox');
      const seen = await eventually(text, (later) => later.includes('run 1 begins'), 20_000);
      assert.equal(seen.split(notice).length, 2, seen);
      await workbench.screenshot('output-4-polled');
      await api.devboxes.shutdown(id);
      await eventually(text, (later) => later.includes('This is its complete output'), 30_000);
    });
  });
