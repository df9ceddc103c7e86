import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { PlatformProcess, type PlatformAccount } from '../../platform/platformProcess';
import { filesDevbox, type FilesDevbox } from '../../unit/core/files/useFiles';
import { rootAddress } from '../devboxAddress';
import type { UiTests } from '../sharedWindow';

export const filesAndAccounts: UiTests = (useWindow) =>
  describe('Editors with changes that are not saved', function () {
    this.timeout(180_000);
    const session = useWindow();
    let box: FilesDevbox;
    let other: PlatformProcess | undefined;

    const saveByItself = (value: 'off' | null): Promise<void> =>
      session().api.evaluate(
        (vscode, mode) =>
          vscode.workspace
            .getConfiguration('files')
            .update('autoSave', mode ?? undefined, vscode.ConfigurationTarget.Global),
        value,
      );

    before(async () => {
      await saveByItself('off');
      const { baseUrl, apiKey } = session().platform;
      box = await filesDevbox(new RunloopApi({ apiKey, baseUrl }), 'with-edits');
      await box.bash(
        'mkdir /tmp/w; printf "one\\n" | tee /tmp/w/dirty.txt > /tmp/w/moved.txt; printf "two\\n" > /tmp/w/clean.txt',
      );
    });
    after(async () => {
      await saveByItself(null);
      await other?.stop();
    });

    const save = (): Promise<void> => session().workbench.page.keyboard.press('Control+s');
    const holds = (text: RegExp): Promise<string> =>
      eventually(
        () => session().workbench.editorText(),
        (seen) => text.test(seen),
        20_000,
      );
    async function show(name: string): Promise<void> {
      const { api } = session();
      const root = rootAddress(session().platform, box.id);
      await api.evaluate(
        async (vscode, address, path) => {
          const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(address).with({ path }));
          await vscode.window.showTextDocument(document, { preview: false });
        },
        root,
        `/tmp/w/${name}`,
      );
    }
    async function type(text: string): Promise<void> {
      const { page } = session().workbench;
      await page.locator('.editor-instance .view-lines').first().click();
      await page.keyboard.press('Control+End');
      await page.keyboard.type(text);
    }
    const useAccount = async (account: PlatformAccount): Promise<void> => {
      const { workbench, api } = session();
      await api.evaluate(
        (vscode, url) =>
          vscode.workspace.getConfiguration('runloop').update('baseUrl', url, vscode.ConfigurationTarget.Global),
        account.baseUrl,
      );
      await workbench.runCommand('Runloop: Sign In');
      await workbench.quickInput.accept(account.apiKey);
      await workbench.notification('Signed in to Runloop').waitFor();
    };
    const inDevbox = (): Promise<string> => box.bash('cat /tmp/w/dirty.txt');
    /** Saves the active editor to a file of the computer by the editor's own dialog. @returns what that file holds then */
    async function saveElsewhere(name: string): Promise<string> {
      const { workbench, api } = session();
      const { page } = workbench;
      // The browser's own dialog is no part of the page: a file of the page's own storage stands for what is chosen in it.
      await page.evaluate(`globalThis.showSaveFilePicker = async () =>
        (await navigator.storage.getDirectory()).getFileHandle(${JSON.stringify(name)}, { create: true })`);
      await workbench.runCommand('File: Save As...');
      await workbench.quickInput.leaveBy('Show Local');
      const held = (): Promise<string> =>
        page.evaluate<string>(`navigator.storage.getDirectory()
          .then((root) => root.getFileHandle(${JSON.stringify(name)}, { create: true }))
          .then((handle) => handle.getFile()).then((file) => file.text())`);
      const saved = await eventually(held, (text) => text !== '', 20_000);
      // The browser's file has a scheme of its own there. The editor cannot bring the old tab back to what is in the devbox, which it does not reach, and asks what is to become of it.
      await page.locator('.monaco-dialog-box', { hasText: 'Do you want to save the changes you made to' }).waitFor();
      await page.getByRole('button', { name: "Don't Save" }).click();
      await eventually(
        () =>
          api.evaluate((vscode) => {
            const { document } = vscode.window.activeTextEditor ?? {};
            return `${document?.uri.scheme ?? ''} ${String(document?.isDirty)}`;
          }),
        (open) => open === 'vscode-local false',
        20_000,
      );
      return saved;
    }

    it('stay over a sign-out, read only', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await show('clean.txt');
      await show('moved.txt');
      await type('elsewhere\n');
      await show('dirty.txt');
      await type('mine\n');
      await workbench.runCommand('Runloop: Sign Out');
      await workbench.notification('Your devboxes keep running.').waitFor();
      await show('clean.txt');
      // Nothing is typed into the other one.
      await holds(/two/);
      // The editor takes it in by and by.
      const refusal = workbench.page.locator('.monaco-editor-overlaymessage', { hasText: /read-only/ });
      await eventually(
        async () => {
          await workbench.page.locator('.editor-instance .view-lines').first().click();
          await workbench.page.keyboard.press('Delete');
          return refusal.count();
        },
        (count) => count > 0,
        20_000,
      );
      await workbench.screenshot('accounts-0-clean');
      await show('dirty.txt');
      await holds(/mine/);
      await save();
      await workbench
        .notification(/Failed to save 'dirty\.txt'.*not signed in to the account of this devbox/)
        .waitFor();
      await workbench.screenshot('accounts-1-signed-out');
      assert.equal(await inDevbox(), 'one\n');
    });

    it('stay in another account, and are saved to no devbox of it', async () => {
      const { workbench } = session();
      other = await PlatformProcess.start();
      await useAccount(other);
      await holds(/mine/);
      await workbench.runCommand('Notifications: Clear All Notifications');
      await save();
      await workbench
        .notification(/Failed to save 'dirty\.txt'.*not signed in to the account of this devbox/)
        .waitFor();
      await workbench.screenshot('accounts-2-other');
      assert.equal(await inDevbox(), 'one\n');
    });

    it('are saved to a file of the computer meanwhile', async () => {
      const { workbench } = session();
      await show('moved.txt');
      await holds(/elsewhere/);
      assert.equal(await saveElsewhere('from-another-account.txt'), 'one\nelsewhere\n');
      await workbench.screenshot('accounts-4-elsewhere');
      assert.equal(await box.bash('cat /tmp/w/moved.txt'), 'one\n');
      await show('dirty.txt');
      await holds(/mine/);
    });

    it('are saved in the account that they are of, when it is back', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Sign Out');
      await useAccount(session().platform);
      await workbench.runCommand('Notifications: Clear All Notifications');
      await eventually(
        async () => {
          await save();
          return inDevbox();
        },
        (text) => text === 'one\nmine\n',
        20_000,
      );
      await workbench.screenshot('accounts-3-back');
    });

    it('outlive the devbox, and are saved to a file of the computer then', async () => {
      const { workbench, platform } = session();
      await type('after its end\n');
      const runloop = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      await runloop.devboxes.shutdown(box.id, {});
      await runloop.devboxes.waitForStatus(box.id, ['shutdown'], 30);
      await workbench.runCommand('Notifications: Clear All Notifications');
      await save();
      await workbench.notification(/Failed to save 'dirty\.txt'/).waitFor();
      await holds(/after its end/);
      await workbench.screenshot('accounts-5-ended');
      assert.equal(await saveElsewhere('from-an-ended-devbox.txt'), 'one\nmine\nafter its end\n');
      await workbench.screenshot('accounts-6-elsewhere');
    });
  });
