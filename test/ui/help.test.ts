import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { eventually } from './eventually';
import { useUiSession } from './uiSession';

describe('First steps and help', function () {
  this.timeout(120_000);
  const session = useUiSession();

  it('shows a walkthrough whose pictures follow the theme', async () => {
    const { workbench, api } = session();
    await api.evaluate((vscode) =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', 'runloop-devboxes.runloop-devboxes#start', false),
    );
    const page = workbench.page.locator('.gettingStartedContainer');
    await page.getByText('Try it without an account').first().waitFor({ timeout: 30_000 });
    await page.getByText('Read its output').first().waitFor();
    // A narrow window leaves the picture out.
    await workbench.page.setViewportSize({ width: 1700, height: 900 });
    const picture = page.frameLocator('iframe.webview').frameLocator('#active-frame').locator('svg');
    await picture.first().waitFor();
    await workbench.screenshot('help-1-walkthrough');
    await workbench.page.setViewportSize({ width: 1280, height: 800 });
  });

  it('adds a profile, asks for its key, and goes back to the default', async () => {
    const { workbench, platform } = session();
    await workbench.openViewContainer('Runloop');
    await workbench.runCommand('Runloop: Switch Profile');
    await workbench.quickInput.waitFor('Which Runloop account should this window use?');
    await workbench.screenshot('help-2-profiles');
    await workbench.quickInput.pick('Add Profile…');
    await workbench.quickInput.waitFor('Name of the profile');
    await workbench.quickInput.accept('second');
    await workbench.quickInput.waitFor('Address of its Runloop API');
    await workbench.quickInput.accept(platform.baseURL);
    await workbench.quickInput.waitFor('Sign In to Runloop');
    await workbench.quickInput.accept(platform.apiKey);
    await workbench.notification('Signed in to Runloop').waitFor();
    await workbench.runCommand('Runloop: Switch Profile');
    await workbench.quickInput.pick('Default');
    await workbench.tree('Devboxes').welcome.getByText('Signed in with RUNLOOP_API_KEY from the environment.').waitFor();
  });

  it('collects a support bundle without the key in it', async () => {
    const { workbench, stack, platform } = session();
    const target = join(stack.folder, 'bundle.zip');
    await workbench.runCommand('Runloop: Collect Support Bundle');
    await workbench.quickInput.waitFor(/Collect Support Bundle/);
    // A dialog that is still reading its first folder puts its own name back, and it looks at a typed folder before it takes it.
    await eventually(
      async () => {
        await workbench.quickInput.fill(target);
        await workbench.page.waitForTimeout(1_000);
        return await workbench.quickInput.value();
      },
      (value) => value === target,
    );
    await workbench.quickInput.accept();
    await workbench.notification(`Support bundle written to ${target}`).waitFor();
    const bundle = await eventually(
      () => readFile(target),
      (bytes) => bytes.length > 0,
    );
    assert.equal(bundle.subarray(0, 2).toString(), 'PK');
    assert.ok(!bundle.toString('latin1').includes(platform.apiKey));
  });

  it('offers a versioned API to other extensions', async () => {
    const { api } = session();
    const seen = await api.evaluate(async (vscode) => {
      const exported: unknown = await vscode.extensions.getExtension('runloop-devboxes.runloop-devboxes')?.activate();
      const offered = exported as { version: number; list(): Promise<readonly unknown[]> };
      return { version: offered.version, count: (await offered.list()).length };
    });
    assert.deepEqual(seen, { version: 1, count: 0 });
  });
});
