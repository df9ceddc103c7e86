import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { startPlatform } from '../../platform/testPlatform';
import type { UiTests } from '../sharedWindow';
import type { UiSession } from '../uiSession';

async function set(session: UiSession, name: string, value: string): Promise<void> {
  await session.api.evaluate(
    (vscode, key, to) =>
      vscode.workspace.getConfiguration('runloop').update(key, to, vscode.ConfigurationTarget.Global),
    name,
    value,
  );
}

/** A port of this computer on which nothing listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const whenSomethingIsWrong: UiTests = (useWindow) =>
  describe('When something is wrong', function () {
    this.timeout(120_000);
    const session = useWindow();

    it('says that the blueprint is missing, and where to name another', async () => {
      const { workbench, platform } = session();
      await set(session(), 'blueprint', 'no-such-blueprint');
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('without-blueprint');
      const message = workbench.notification('This account has no blueprint named "no-such-blueprint".');
      await message.waitFor(30_000);
      await workbench.screenshot('trouble-1-blueprint');
      await message.press('Choose Blueprint');
      const settings = workbench.page.locator('.settings-editor');
      await settings.getByText('1 Setting Found').waitFor();
      await workbench.page.keyboard.press('Escape');
      await settings.waitFor({ state: 'hidden' });
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      for await (const devbox of api.devboxes.list({})) assert.notEqual(devbox.name, 'without-blueprint');
      await set(session(), 'blueprint', 'openhands');
    });

    it('refuses names that no list could show', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.waitFor('Devbox name');
      await workbench.quickInput.fill('x'.repeat(10_000));
      await workbench.quickInput.message().getByText('Use at most 100 characters.').waitFor();
      await workbench.quickInput.fill('left\u202eright');
      await workbench.quickInput.message().getByText('The name contains control characters.').waitFor();
      await workbench.quickInput.fill('');
      await workbench.quickInput.message().getByText('Enter a name.').waitFor();
      await workbench.screenshot('trouble-2-name');
      await workbench.quickInput.dismiss();
    });

    it('says that nobody answers, and what to check', async () => {
      const { workbench } = session();
      await set(session(), 'baseUrl', `http://127.0.0.1:${await deadPort()}`);
      await workbench.runCommand('Runloop: Sign In');
      await workbench.quickInput.accept('ak_some_key_000000');
      await workbench.quickInput
        .message()
        .getByText('Check the network connection, proxy settings and base URL, then try again.')
        .waitFor();
      await workbench.screenshot('trouble-3-network');
      await workbench.quickInput.dismiss();
    });

    it('says that requests are limited, and for how long', async () => {
      const { workbench } = session();
      const folder = mkdtempSync(join(tmpdir(), 'runloop-limit-'));
      const rule = {
        id: 'limit',
        fault: 'status',
        status: 429,
        retry_after_seconds: 90,
        path: '/v1/accounts/me',
        count: 1,
      };
      writeFileSync(join(folder, 'faults.json'), JSON.stringify({ rules: [rule] }));
      const limited = await startPlatform(['--faults', join(folder, 'faults.json')]);
      try {
        await set(session(), 'baseUrl', limited.baseUrl);
        await workbench.runCommand('Runloop: Sign In');
        await workbench.quickInput.accept(limited.apiKey);
        await workbench.quickInput
          .message()
          .getByText('Runloop is limiting requests (429). Try again in 90 s.')
          .waitFor();
        await workbench.screenshot('trouble-4-limited');
        await workbench.quickInput.dismiss();
      } finally {
        await limited.stop();
        rmSync(folder, { recursive: true });
      }
    });

    it('asks what becomes of a devbox whose start is cancelled, and leaves none after a yes', async () => {
      const { workbench, platform } = session();
      const folder = mkdtempSync(join(tmpdir(), 'runloop-slow-'));
      const rule = { fault: 'slow_boot', stage: 'initializing', delay_ms: 60_000 };
      writeFileSync(join(folder, 'faults.json'), JSON.stringify({ rules: [rule] }));
      const slow = await startPlatform(['--api-key', platform.apiKey, '--faults', join(folder, 'faults.json')]);
      try {
        await set(session(), 'baseUrl', slow.baseUrl);
        await workbench.openViewContainer('Runloop');
        await workbench.runCommand('Runloop: Start Devbox');
        await workbench.quickInput.accept('given-up');
        await workbench.tree('Devboxes').row('given-up').waitFor();
        await workbench.notification('Starting devbox given-up').press('Cancel');
        await workbench.dialog.waitFor('Devbox given-up is still starting. Shut it down?');
        await workbench.screenshot('trouble-5-cancel');
        await workbench.dialog.press('Shut Down');
        await workbench.notification('The start of given-up was cancelled.').waitFor(30_000);
        const api = new RunloopApi({ apiKey: slow.apiKey, baseUrl: slow.baseUrl });
        for await (const devbox of api.devboxes.list({})) {
          assert.ok(devbox.name !== 'given-up' || devbox.status === 'shutdown');
        }
      } finally {
        await slow.stop();
        rmSync(folder, { recursive: true });
      }
    });
  });
