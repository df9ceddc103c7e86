import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'mocha';
import { deadline } from '../../../src/ground/deadline';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { startPlainDevbox } from '../../../src/core/start/plainDevbox';
import { startPlatform } from '../../platform/testPlatform';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

export const plainVscode: UiTests = (useWindow) =>
  describe('A plain devbox', function () {
    this.timeout(120_000);
    const session = useWindow();
    const name = 'simple';

    it('opens a VS Code that is started in it after a yes', async () => {
      const { workbench, platform } = session();
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
      await row.pressInlineButton('Open VS Code');
      await workbench.dialog.waitFor(`Start a VS Code server in the devbox ${name}?`);
      await workbench.screenshot('plain-1-question');
      await workbench.dialog.press('Cancel');
      assert.equal((await api.devboxes.retrieve(id)).tunnel, undefined, 'nothing is opened without a yes');
      const page = await workbench.newPageDuring(async () => {
        await row.pressInlineButton('Open VS Code');
        await workbench.dialog.press('Start VS Code');
      }, 60_000);
      const inner = new Workbench(page);
      await inner.waitUntilReady();
      await inner.screenshot('plain-2-opened');
      assert.ok(!page.url().includes('tkn='));
      await page.close();
      assert.equal((await api.devboxes.retrieve(id)).tunnel?.authMode, 'authenticated');
    });

    it('opens it again without a question, also after a reload', async () => {
      const { workbench } = session();
      const row = workbench.tree('Devboxes').row(name);
      await (await workbench.newPageDuring(() => row.pressInlineButton('Open VS Code'))).close();
      await workbench.reload();
      await session().api.ready();
      await workbench.openViewContainer('Runloop');
      await row.waitFor(30_000);
      const page = await workbench.newPageDuring(() => row.pressInlineButton('Open VS Code'));
      await new Workbench(page).waitUntilReady();
      await page.close();
    });

    it('has its output, its logs and its life like any other', async () => {
      const { workbench, platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const row = workbench.tree('Devboxes').row(name);
      await row.pressInlineButton('Show Output');
      await workbench.page.locator('.output-view .view-lines').waitFor();
      await row.chooseFromMenu('Suspend Devbox');
      await workbench.dialog.press('Suspend');
      await row.waitForState('suspended', 60_000);
      await row.pressInlineButton('Resume Devbox');
      await row.waitForState('running', 60_000);
      // Processes end with a suspend: the question comes again.
      await row.pressInlineButton('Open VS Code');
      await workbench.dialog.waitFor(`Start a VS Code server in the devbox ${name}?`);
      await workbench.dialog.press('Cancel');
      await row.chooseFromMenu('Shut Down Devbox');
      await workbench.dialog.press('Shut Down');
      await workbench.notification(`Devbox ${name} was shut down.`).waitFor(60_000);
      for await (const devbox of api.devboxes.list({})) assert.equal(devbox.status, 'shutdown');
      await workbench.screenshot('plain-3-ended');
    });

    it('installs a VS Code server only after another question, which names where it comes from', async () => {
      const { workbench, platform, api: editor } = session();
      // A platform that knows no VS Code server, as a devbox of the default image has none.
      const bare = await startPlatform(['--api-key', platform.apiKey]);
      const asked: string[] = [];
      const files = createServer((request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
      const from = `http://127.0.0.1:${(files.address() as AddressInfo).port}/code-server-{arch}.tar.gz`;
      try {
        await editor.evaluate(
          async (vscode, baseUrl, download) => {
            const settings = vscode.workspace.getConfiguration('runloop');
            await settings.update('codeServerDownload', download, vscode.ConfigurationTarget.Global);
            await settings.update('baseUrl', baseUrl, vscode.ConfigurationTarget.Global);
          },
          bare.baseUrl,
          from,
        );
        const choices = {
          source: { kind: 'plain' },
          size: 'SMALL',
          endRule: { kind: 'lifetime', seconds: 1_800 },
        } as const;
        await startPlainDevbox(new RunloopApi(bare), 'bare', choices, { signal: deadline(30_000) });
        await workbench.runCommand('Runloop: Refresh Devboxes');
        const row = workbench.tree('Devboxes').row('bare');
        await row.waitFor(30_000);
        await row.pressInlineButton('Open VS Code');
        await workbench.dialog.press('Start VS Code');
        await workbench.dialog.waitFor('The devbox bare has no VS Code server. Install code-server in it?');
        assert.ok((await workbench.dialog.text()).includes(from));
        await workbench.screenshot('plain-4-install');
        assert.deepEqual(asked, []);
        await workbench.dialog.press('Install and Start');
        await workbench.notification('code-server could not be downloaded').waitFor(30_000);
        await workbench.screenshot('plain-5-not-installed');
        assert.ok(asked.length > 0);
      } finally {
        await bare.stop();
        await new Promise((resolve) => files.close(resolve));
      }
    });
  });
