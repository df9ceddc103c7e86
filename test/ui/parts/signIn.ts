import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { UiTests } from '../sharedWindow';

export const signingIn: UiTests = (useWindow) =>
  describe('Signing in', function () {
    this.timeout(120_000);
    let baseUrl = '';
    const session = useWindow();

    it('welcomes somebody without a key, and asks for it in a password box', async () => {
      const { workbench, platform, api } = session();
      baseUrl = platform.baseUrl;
      await api.evaluate(
        (vscode, url) =>
          vscode.workspace.getConfiguration('runloop').update('baseUrl', url, vscode.ConfigurationTarget.Global),
        baseUrl,
      );
      await workbench.openViewContainer('Runloop');
      await workbench.tree('Devboxes').welcome.getByText('Sign in with a Runloop API key').waitFor();
      await workbench.screenshot('signin-1-welcome');
      await workbench.tree('Devboxes').pressWelcomeButton('Sign In');
      await workbench.quickInput.waitFor('Sign In to Runloop');
      assert.ok(await workbench.quickInput.isPassword());
      await workbench.screenshot('signin-2-box');
    });

    it('refuses a wrong key with one message and the next step, and keeps nothing', async () => {
      const { workbench } = session();
      await workbench.quickInput.accept('ak_wrong_key_000000');
      await workbench.quickInput.message().getByText('Runloop does not accept this API key.').waitFor();
      assert.ok(!(await workbench.quickInput.message().innerText()).includes('ak_wrong'));
      assert.deepEqual(await workbench.notificationTexts(), []);
      await workbench.screenshot('signin-3-wrong');
    });

    it('keeps the right key over a reload of the page', async () => {
      const { workbench, platform } = session();
      await workbench.quickInput.accept(platform.apiKey);
      await workbench.notification('Signed in to Runloop').waitFor();
      await workbench.tree('Devboxes').welcome.getByText('No devbox is running.').waitFor();
      await workbench.reload();
      await workbench.openViewContainer('Runloop');
      await workbench.tree('Devboxes').welcome.getByText('No devbox is running.').waitFor({ timeout: 30_000 });
    });

    it('writes the key into no setting and no output', async () => {
      const { platform, api } = session();
      const settings = await api.evaluate((vscode) => JSON.stringify(vscode.workspace.getConfiguration('runloop')));
      assert.ok(!settings.includes(platform.apiKey));
      assert.ok(!(await session().outputText('Runloop')).includes(platform.apiKey));
    });

    it('signs out, and says that devboxes go on running', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Sign Out');
      await workbench.notification('Your devboxes keep running.').waitFor();
      await workbench.tree('Devboxes').welcome.getByText('Sign in with a Runloop API key').waitFor();
    });

    it('says what is wrong with an address that is none', async () => {
      const { workbench, api } = session();
      await api.evaluate((vscode) =>
        vscode.workspace.getConfiguration('runloop').update('baseUrl', 'no address', vscode.ConfigurationTarget.Global),
      );
      await workbench.tree('Devboxes').row('The list could not be refreshed').waitFor();
      await workbench.runCommand('Runloop: Sign In');
      await workbench.notification('The Runloop base URL is not an http or https URL.').waitFor();
      await workbench.screenshot('signin-4-address');
    });
  });
