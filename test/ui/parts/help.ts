import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import type { ExtensionApi } from '../extensionApi';
import type { UiTests } from '../sharedWindow';
import { unzipped } from '../unzipped';

/** Gives the window an account at another address. */
async function turnTo(editor: ExtensionApi, baseUrl: string): Promise<void> {
  await editor.evaluate(async (vscode, address) => {
    const settings = vscode.workspace.getConfiguration('runloop');
    await settings.update('baseUrl', address, vscode.ConfigurationTarget.Global);
    const exported: unknown = await vscode.extensions.getExtension('runloop-devboxes.runloop-devboxes')?.activate();
    // Asked for, the account is looked up.
    await (exported as { list(): Promise<unknown> }).list();
  }, baseUrl);
}

/** What the extension has logged so far, as far as the editor has written it. */
async function logOf({ logsDir }: { readonly logsDir: string }): Promise<string> {
  const names = await readdir(logsDir, { recursive: true });
  const logs = names.filter((name) => basename(name) === 'Runloop.log');
  return (await Promise.all(logs.map((name) => readFile(join(logsDir, name), 'utf8')))).join('');
}

export const firstStepsAndHelp: UiTests = (useWindow) =>
  describe('First steps and help', function () {
    this.timeout(120_000);
    const session = useWindow();

    it('shows a walkthrough whose pictures follow the theme', async () => {
      const { workbench, api } = session();
      await api.evaluate((vscode) =>
        vscode.commands.executeCommand(
          'workbench.action.openWalkthrough',
          'runloop-devboxes.runloop-devboxes#start',
          false,
        ),
      );
      const page = workbench.page.locator('.gettingStartedContainer');
      await page.getByText('Try it without an account').first().waitFor({ timeout: 30_000 });
      await page.getByText('View its output').first().waitFor();
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
      await workbench.quickInput.waitFor('Select the Runloop account for this window');
      await workbench.screenshot('help-2-profiles');
      await workbench.quickInput.pick('Add Profile…');
      await workbench.quickInput.waitFor('Profile name');
      await workbench.quickInput.accept('second');
      await workbench.quickInput.waitFor('Address of the Runloop API');
      await workbench.quickInput.accept(platform.baseUrl);
      await workbench.quickInput.waitFor('Sign In to Runloop');
      await workbench.quickInput.accept(platform.apiKey);
      await workbench.notification('Signed in to Runloop').waitFor();
      await workbench.runCommand('Runloop: Switch Profile');
      await workbench.quickInput.pick('Default');
      await workbench
        .tree('Devboxes')
        .welcome.getByText('Signed in with RUNLOOP_API_KEY from the environment.')
        .waitFor();
    });

    it('removes a profile with its key, after a question', async () => {
      const { workbench, api } = session();
      await workbench.runCommand('Runloop: Switch Profile');
      await workbench.quickInput.pick('Remove Profile…');
      await workbench.quickInput.waitFor('Select a profile to remove');
      await workbench.quickInput.pick('second');
      await workbench.dialog.waitFor('Remove the profile second?');
      await workbench.screenshot('help-3-remove-profile');
      await workbench.dialog.press('Remove');
      await eventually(
        () =>
          api.evaluate((vscode) =>
            Object.keys(vscode.workspace.getConfiguration('runloop').get<object>('profiles') ?? {}),
          ),
        (names) => names.length === 0,
      );
      await workbench.runCommand('Runloop: Switch Profile');
      await workbench.quickInput.row('Default').waitFor();
      assert.equal(await workbench.quickInput.row('second').count(), 0);
      assert.equal(await workbench.quickInput.row('Remove Profile…').count(), 0);
      await workbench.quickInput.dismiss();
    });

    it('collects a support bundle without the key in it', async () => {
      const { workbench, stack, platform, api: editor } = session();
      const target = join(stack.folder, 'bundle.zip');
      // The extension's log is made with its first line, and written by the editor: a change of the account is one.
      await turnTo(editor, platform.baseUrl.replace('127.0.0.1', 'localhost'));
      await turnTo(editor, platform.baseUrl);
      await eventually(
        () => logOf(stack),
        (text) => text.includes('The account or the address of its API changed.'),
      );
      // Something with secrets of its own, which the window attaches to.
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('with-secrets');
      await workbench.notification('Devbox with-secrets is ready.').waitFor(60_000);
      const devboxId = await eventually(
        async () => {
          const ids: string[] = [];
          for await (const { id } of new RunloopApi({
            apiKey: platform.apiKey,
            baseUrl: platform.baseUrl,
          }).devboxes.list({
            status: 'running',
          })) {
            ids.push(id);
          }
          return ids[0] ?? '';
        },
        (id) => id !== '',
      );
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
      await workbench.notification(`Support bundle saved to ${target}`).waitFor();
      const bundle = await eventually(
        () => readFile(target),
        (bytes) => bytes.length > 0,
      );
      const files = await unzipped(bundle);
      assert.ok(
        files.has('about.json') && files.has('settings.json') && files.has('logs/Runloop.log'),
        [...files.keys()].join(),
      );
      assert.match(files.get('logs/Runloop.log') ?? '', /The account or the address of its API changed\./);
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const token = (await api.devboxes.retrieve(devboxId)).tunnel?.authToken;
      assert.ok(token !== undefined);
      for (const [name, text] of files) {
        for (const secret of [platform.apiKey, token]) assert.ok(!text.includes(secret), name);
        assert.doesNotMatch(
          text,
          /\b[ar]k_(?!\[removed\])[A-Za-z0-9_-]{6,}|Bearer (?!\[removed\])|BEGIN [A-Z ]*PRIVATE KEY/,
          name,
        );
        assert.ok(!text.includes(homedir() === '/' ? '\u0000' : `${homedir()}/`), name);
      }
      assert.ok(files.get('about.json')?.includes(devboxId) === true, 'what the window knows of its devboxes is in it');
    });

    it('offers a versioned API to other extensions', async () => {
      const { api } = session();
      const seen = await api.evaluate(async (vscode) => {
        const exported: unknown = await vscode.extensions.getExtension('runloop-devboxes.runloop-devboxes')?.activate();
        const offered = exported as { version: number; list(): Promise<readonly unknown[]> };
        return { version: offered.version, count: (await offered.list()).length };
      });
      assert.deepEqual(seen, { version: 1, count: 1 });
    });
  });
