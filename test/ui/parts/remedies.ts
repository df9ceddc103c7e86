import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'mocha';
import { deadline } from '../../../src/ground/deadline';
import { createBody } from '../../../src/core/runtime/connect/createBody';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { resolveConfig } from '../../../src/core/options/runtimeConfig';
import { orderFaults } from '../../platform/orderedFaults';
import { type TestPlatform, startPlatform } from '../../platform/testPlatform';
import { ensureVscode } from '../../vscode/install';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

export const remedies: UiTests = (useWindow) =>
  describe('A failure comes with a button that helps', function () {
    this.timeout(180_000);
    const session = useWindow();
    const platforms: TestPlatform[] = [];

    after(() => Promise.all(platforms.map((platform) => platform.stop())));

    /** Turns the window to a platform of its own. */
    async function turnTo(...args: string[]): Promise<TestPlatform> {
      const platform = await startPlatform(['--fault-control', ...args]);
      platforms.push(platform);
      await session().api.evaluate(
        (vscode, to) =>
          vscode.workspace.getConfiguration('runloop').update('baseUrl', to, vscode.ConfigurationTarget.Global),
        platform.baseUrl,
      );
      await session().workbench.openViewContainer('Runloop');
      return platform;
    }

    it('Show Output, when a devbox ends while it starts', async () => {
      const { workbench } = session();
      const platform = await turnTo('--api-key', session().platform.apiKey);
      await orderFaults(platform, { fault: 'end_entrypoint', after_ms: 50, exit_code: 137 });
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('failing');
      const message = workbench.notification('Devbox failing failed to start: its entrypoint ended.');
      await message.waitFor(60_000);
      await workbench.screenshot('remedies-1-failed');
      await message.press('Show Output');
      await workbench.page.locator('.output-view .view-lines').waitFor();
      await eventually(
        () => session().outputText('Runloop: failing'),
        (text) => text.includes('The entrypoint ended with exit code 137'),
      );
      await workbench.screenshot('remedies-2-output');
    });

    it('Try Again, when the action server does not answer in time', async () => {
      const { workbench } = session();
      const platform = platforms[0] ?? assert.fail();
      await orderFaults(platform, { fault: 'status', status: 500, on: 'tunnel', port: 4444 });
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const name = `slow-${randomUUID().slice(0, 4)}`;
      // One that others have started, and that says something, gets a quarter of a minute.
      const body = createBody(resolveConfig({ apiKey: 'unused', sid: name, headlessMode: true, plugins: [] }), 'a key');
      const { id } = await api.devboxes.create({ ...body, metadata: {} }, { requestId: randomUUID() });
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const row = workbench.tree('Devboxes').row(name);
      await row.waitFor();
      await row.waitForState('running', 30_000);
      // The editor still takes the rows of another account for selected.
      await row.click();
      await row.chooseFromMenu('Attach to Devbox');
      const message = workbench.notification('The action server did not become ready within 15 s');
      await message.waitFor(60_000);
      await workbench.screenshot('remedies-3-timeout');
      await orderFaults(platform);
      await message.press('Try Again');
      await workbench.statusBarItem(name).waitFor({ timeout: 60_000 });
      await api.devboxes.shutdown(id);
    });

    it('or needs none: a session that lost an action is found again', async () => {
      const { workbench, api } = session();
      const install = await ensureVscode(() => undefined, deadline(170_000));
      const vscodeOfDevboxes = ['--vscode-server', install.serverRoot, '--vscode-node', install.node];
      const platform = await turnTo('--api-key', session().platform.apiKey, ...vscodeOfDevboxes);
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('lost');
      await workbench.notification('Devbox lost is ready.').waitFor(60_000);
      await orderFaults(platform, {
        fault: 'drop_tunnel',
        on: 'tunnel',
        port: 4444,
        path: '/execute_action',
        after_ms: 500,
        count: 1,
      });
      const running = api.evaluate(async (vscode) => {
        interface Api {
          list(): Promise<readonly { readonly id: string; readonly name: string }[]>;
          run(id: string, command: string): Promise<unknown>;
        }
        const { exports } = vscode.extensions.getExtension<Api>('runloop-devboxes.runloop-devboxes') ?? {};
        const devbox = (await exports?.list())?.find(({ name }) => name === 'lost');
        try {
          await exports?.run(devbox?.id ?? '', 'sleep 2');
          return 'it ran';
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
      });
      await workbench.dialog.waitFor('Another extension wants to run a command in the devbox');
      await workbench.dialog.press('Run Once');
      assert.match(await running, /^Could not reach /);
      // The key of the action server comes from the editor's secret storage: the devbox's copy cannot be read any more.
      await orderFaults(platform, {
        fault: 'status',
        status: 403,
        method: 'POST',
        path: '/v1/devboxes/*/read_file_contents',
      });
      const open = (): Promise<void> => workbench.tree('Devboxes').row('lost').chooseFromMenu('Open VS Code');
      const page = await workbench.newPageDuring(open, 90_000);
      await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
      await page.close();
      await workbench.reload();
      await workbench.statusBarItem('lost').waitFor({ timeout: 60_000 });
    });

    it('Open Settings, when a setting cannot work', async () => {
      const { workbench, api } = session();
      await api.evaluate((vscode) =>
        vscode.workspace.getConfiguration('runloop').update('baseUrl', 'no url', vscode.ConfigurationTarget.Global),
      );
      await workbench.runCommand('Runloop: Start Devbox');
      const message = workbench.notification('The Runloop base URL is not an http or https URL.').element.first();
      await message.waitFor();
      await workbench.screenshot('remedies-6-setting');
      await message.getByRole('button', { name: 'Open Settings' }).click();
      const settings = workbench.page.locator('.settings-editor');
      await settings.waitFor();
      await workbench.page.keyboard.press('Escape');
      await settings.waitFor({ state: 'hidden' });
    });

    it('Sign In, when the API key is not accepted', async () => {
      const { workbench } = session();
      const platform = await turnTo();
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('refused');
      const message = workbench.notification('Runloop does not accept this API key.');
      await message.waitFor(30_000);
      await workbench.screenshot('remedies-5-key');
      await message.press('Sign In');
      await workbench.quickInput.waitFor(/API key for/);
      assert.equal(await workbench.quickInput.isPassword(), true);
      await workbench.quickInput.accept(platform.apiKey);
      await workbench.quickInput.waitForClosed();
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('accepted');
      await workbench.notification('Devbox accepted is ready.').waitFor(60_000);
    });
  });
