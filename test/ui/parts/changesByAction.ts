import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { workspacePathKey } from '../../../src/core/platform/devbox';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { filesIn, type FilesDevbox } from '../../unit/core/files/useFiles';
import { chooseWay, commentOn } from '../repositorySteps';
import type { UiTests } from '../sharedWindow';
import type { TreeRow } from '../workbench/treeView';

const name = 'fixing-5';
const tracked = {
  'lib/price.py': 'def price(n):\n    return n * 10\n',
  'main.py': 'from lib.price import price\n\nprint(price(1))\n',
  'prices.txt': 'ten\n',
} as const;

/** From the edits of an agent action in a devbox of this window to the same files in a clone on this computer. */
export const changesByAction: UiTests = (useWindow) =>
  describe('Changes by an agent action', function () {
    this.timeout(180_000);
    const session = useWindow();
    let box: FilesDevbox;
    let top = '';
    let clone = '';
    /** What makes a folder that others use a clone for a while. */
    const made: string[] = [];
    after(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', clone, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' });
    const row = (label: string): TreeRow => session().workbench.tree('Devboxes').row(label);

    before(async () => {
      const { workbench, platform, api } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept(name);
      await workbench.notification(`Devbox ${name} is ready.`).waitFor(60_000);
      await workbench.runCommand('Notifications: Clear All Notifications');
      const platformApi = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      for await (const { id, name: its, metadata } of platformApi.devboxes.list({ status: 'running' })) {
        if (its !== name) continue;
        box = filesIn(platformApi, id);
        top = `${metadata[workspacePathKey] ?? assert.fail('no workspace')}/shop`;
      }
      const files = Object.entries(tracked).map(([path, text]) => `printf %s '${text}' > ${path}`);
      const commands = [
        `git init -q -b main ${top} && cd ${top} && mkdir lib && git config user.name t && git config user.email t@t`,
        ...files,
        'git add -A && git commit -qm first && git bundle create -q - main | base64 -w 0',
      ];
      // Both are of one history, as a clone of somebody and one of their agent's are.
      const bundle = join(mkdtempSync(join(tmpdir(), 'shop-')), 'shop.bundle');
      writeFileSync(bundle, Buffer.from(await box.bash(commands.join(' && ')), 'base64'));
      clone =
        (await api.evaluate((vscode) => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath)) ??
        assert.fail('no folder');
      made.push(
        join(bundle, '..'),
        ...['.git', 'lib', 'main.py', 'prices.txt', 'NOTES.md'].map((one) => join(clone, one)),
      );
      git('init', '-q', '-b', 'main');
      // What the folder of the window has in it before; a clone with files of its own would be left alone.
      writeFileSync(join(clone, '.git/info/exclude'), '/README.md\n');
      git('pull', '-q', bundle, 'main');
      assert.equal(git('status', '--porcelain'), '');
    });

    it('are a number at the row of its devbox', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await row(name).expand();
      await row('Changes').expand();
      await row('shop').waitFor(30_000);
      // And the workspace around it, of which the start was noted without git.
      await row('workspace').waitFor(30_000);
      const actions = [
        {
          action: 'edit',
          args: { path: `${top}/lib/price.py`, command: 'str_replace', old_str: 'n * 10', new_str: 'n * 12' },
        },
        { action: 'write', args: { path: `${top}/NOTES.md`, content: 'Prices went up.\n' } },
        { action: 'run', args: { command: `cd ${top} && sed -i 's/price(1)/price(2)/' main.py` } },
      ];
      await workbench.runCommand('Runloop: Run as Agent Action…');
      await workbench.quickInput.waitFor('Select the type of the action');
      await workbench.quickInput.pick('Actions as JSON');
      await workbench.quickInput.waitFor(/^\{"action": "run"/);
      await workbench.quickInput.accept(JSON.stringify(actions));
      await row('Changes').waitForDescription('3', 45_000);
      await row(name).waitForDescription('3 changed', 30_000);
      for (const [file, word] of [
        ['price.py', 'modified'],
        ['main.py', 'modified'],
        ['NOTES.md', 'untracked'],
      ] as const) {
        await row(file).waitForState(word, 20_000);
      }
      // The newest first.
      await eventually(
        () => workbench.editorText(),
        (text) => text.includes('observation run of #'),
        20_000,
      );
      await workbench.screenshot('changes-action-1-rows');
    });

    it('are seen beside each other, and commented on', async () => {
      const { workbench } = session();
      const { page } = workbench;
      await row('Uncommitted').pressInlineButton('Open All Changes');
      await eventually(
        () => page.locator('.multiDiffEditor, .monaco-multi-diff-editor').first().innerText(),
        (text) => ['price.py', 'main.py', 'NOTES.md'].every((file) => text.includes(file)),
        20_000,
      );
      await workbench.screenshot('changes-action-2-all');
      await workbench.runCommand('View: Close All Editors');
      await row('price.py').click();
      await commentOn(page, '12', 'Is 12 with the tax?');
      await workbench.screenshot('changes-action-3-comment');
      await row('shop').chooseFromMenu('Send Review…');
      await workbench.quickInput.pick('File in the Devbox');
      await eventually(
        () => box.bash('cat ~/.runloop/reviews/*.md 2>/dev/null || true'),
        (text) => text.includes('1. lib/price.py, line 2:\n>     return n * 12\n\nIs 12 with the tax?\n'),
        20_000,
      );
    });

    it('come home into the clone, file by file the same', async () => {
      const { workbench } = session();
      const { page } = workbench;
      await workbench.runCommand('Notifications: Clear All Notifications');
      await chooseWay(workbench, 'shop', 'Uncommitted Changes into a Clone…');
      await workbench.quickInput.pick(basename(clone));
      const dialog = page.locator('.monaco-dialog-box');
      await dialog.getByText('NOTES.md').first().waitFor({ timeout: 30_000 });
      await workbench.screenshot('changes-action-4-home');
      await dialog.getByRole('button', { name: 'Apply Changes' }).click();
      await workbench.notification(/are staged in/).waitFor(45_000);
      await workbench.screenshot('changes-action-5-staged');
      assert.equal(git('status', '--porcelain'), 'A  NOTES.md\nM  lib/price.py\nM  main.py\n');
      for (const path of ['NOTES.md', ...Object.keys(tracked)]) {
        assert.equal(readFileSync(join(clone, path), 'utf8'), await box.bash(`cat ${top}/${path}`), path);
      }
      assert.equal(readFileSync(join(clone, 'lib/price.py'), 'utf8'), 'def price(n):\n    return n * 12\n');
    });
  });
