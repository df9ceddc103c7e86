import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FileChangeEvent } from 'vscode';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

const presets = {
  presets: [
    { name: 'uploads', plain: true, uploadWorkspace: true },
    { name: 'small and plain', plain: true, size: 'X_SMALL' },
  ],
};

export const virtualWorkspace: UiTests = (useWindow) =>
  describe('A virtual workspace', function () {
    this.timeout(120_000);
    const session = useWindow();

    it('is listed, started and opened in like any other', async () => {
      const { workbench, stack, api } = session();
      await workbench.open(`${stack.origin}/?folder=${encodeURIComponent('memory:/project')}`);
      await api.ready();
      // The files of the workspace exist in this extension host only, as those of an editor on the web do.
      const scheme = await api.evaluate((vscode, text) => {
        const changed = new vscode.EventEmitter<FileChangeEvent[]>();
        const bytes = new TextEncoder().encode(text);
        const isFile = (path: string): boolean => path === '/project/.runloop/devbox.json';
        const folders: Record<string, readonly string[]> = {
          '/project': ['.runloop'],
          '/project/.runloop': ['devbox.json'],
        };
        const refuse = (): never => {
          throw vscode.FileSystemError.NoPermissions();
        };
        vscode.workspace.registerFileSystemProvider(
          'memory',
          {
            onDidChangeFile: changed.event,
            watch: () => new vscode.Disposable(() => undefined),
            stat: ({ path }) => {
              if (isFile(path)) return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: bytes.length };
              if (folders[path] === undefined) throw vscode.FileSystemError.FileNotFound(path);
              return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
            },
            readDirectory: ({ path }) =>
              (folders[path] ?? []).map((name) => [
                name,
                isFile(`${path}/${name}`) ? vscode.FileType.File : vscode.FileType.Directory,
              ]),
            readFile: ({ path }) => {
              if (!isFile(path)) throw vscode.FileSystemError.FileNotFound(path);
              return bytes;
            },
            createDirectory: refuse,
            writeFile: refuse,
            delete: refuse,
            rename: refuse,
          },
          { isReadonly: true },
        );
        return vscode.workspace.workspaceFolders?.[0]?.uri.scheme ?? 'none';
      }, JSON.stringify(presets));
      assert.equal(scheme, 'memory');
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('from-nowhere');
      await workbench.notification('Devbox from-nowhere is ready.').waitFor(60_000);
      const row = workbench.tree('Devboxes').row('from-nowhere');
      await row.waitForState('attached', 20_000);
      await workbench.screenshot('virtual-1-started');
      const page = await workbench.newPageDuring(() => row.click(), 60_000);
      await new Workbench(page).waitUntilReady();
      await page.close();
    });

    it('says that presets and uploads of it need a folder on this computer', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Start Devbox With Options…');
      await workbench.quickInput.row('uploads').waitFor();
      await workbench.quickInput.waitFor('needs a folder on this computer to upload');
      await workbench.screenshot('virtual-2-presets');
      await workbench.quickInput.pick('uploads');
      await workbench.dialog.waitFor('Only a folder on this computer can be uploaded.');
      await workbench.screenshot('virtual-3-said');
      await workbench.dialog.press('OK');
      await workbench.quickInput.pick('Plain devbox');
      await workbench.quickInput.pick('SMALL');
      await workbench.quickInput.pick('Shut down after 1 h');
      await workbench.quickInput.pick('Upload the folder project');
      await workbench.dialog.waitFor('Only a folder on this computer can be uploaded.');
      await workbench.dialog.press('OK');
      await workbench.quickInput.row('Nothing').waitFor();
      await workbench.screenshot('virtual-4-content');
      await workbench.quickInput.dismiss();
    });
  });
