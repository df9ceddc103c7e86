import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { RunloopRuntime } from '../../../src/core/runtime/runloopRuntime';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

export const openVscode: UiTests = (useWindow) =>
  describe('Opening VS Code otherwise', function () {
    this.timeout(120_000);
    const session = useWindow();
    before(() =>
      session().api.evaluate((vscode) =>
        vscode.workspace
          .getConfiguration('runloop')
          .update('openVscodeIn', 'simpleBrowser', vscode.ConfigurationTarget.Global),
      ),
    );
    const name = 'opened-inside';

    it('copies the link only after a warning, and the link opens it', async () => {
      const { workbench, api, context, platform } = session();
      const agent = new RunloopRuntime({ apiKey: platform.apiKey, baseUrl: platform.baseUrl, sid: name });
      await agent.connect();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await workbench.tree('Devboxes').row(name).waitFor(30_000);
      await workbench.tree('Devboxes').row(name).chooseFromMenu('Copy VS Code Link', 'Share');
      await workbench.dialog.waitFor(`The link to the VS Code of ${name} gives access to it.`);
      await workbench.screenshot('open-2-warning');
      await workbench.dialog.press('Copy Link');
      await workbench.dialog.element.waitFor({ state: 'hidden' });
      const link = await eventually(
        () => api.evaluate((vscode) => vscode.env.clipboard.readText()),
        (text) => text !== '',
      );
      assert.match(link, /^http:\/\/devbox-[0-9a-f]{32}\.localhost:\d+\/\?tkn=/);
      const inner = new Workbench(await context.newPage());
      await inner.open(link);
      await inner.page.close();
      assert.ok(!(await session().outputText('Runloop')).includes('tkn='));
      await agent.close({ mode: 'keep' });
    });

    it('shows it inside the editor', async () => {
      const { workbench } = session();
      await workbench.tree('Devboxes').row(name).click();
      const frame = workbench.page.frameLocator('.webview.ready').frameLocator('#active-frame').frameLocator('iframe');
      await frame.locator('.monaco-workbench .statusbar').waitFor({ timeout: 60_000 });
      await workbench.screenshot('open-1-inside');
      const address = workbench.page
        .frameLocator('.webview.ready')
        .frameLocator('#active-frame')
        .locator('input.url-input');
      assert.ok(!(await address.inputValue()).includes('tkn='));
    });
  });
