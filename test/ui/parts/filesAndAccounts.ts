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
      await box.bash('mkdir /tmp/w; printf "one\\n" > /tmp/w/dirty.txt; printf "two\\n" > /tmp/w/clean.txt');
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

    it('stay over a sign-out, read only', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await show('clean.txt');
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
      await workbench.notification(/Failed to save 'dirty\.txt'.*read-only/).waitFor();
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
      await workbench.notification(/Failed to save 'dirty\.txt'.*read-only/).waitFor();
      await workbench.screenshot('accounts-2-other');
      assert.equal(await inDevbox(), 'one\n');
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
  });
