import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { filesDevbox, type FilesDevbox } from '../../unit/core/files/useFiles';
import { chooseWay, commentOn } from '../repositorySteps';
import type { UiTests } from '../sharedWindow';
import type { TreeRow } from '../workbench/treeView';

export const changes: UiTests = (useWindow) =>
  describe('Changes in a devbox', function () {
    this.timeout(180_000);
    const session = useWindow();
    let box: FilesDevbox;
    /** What makes a folder that others use a clone for a while. */
    const clones: string[] = [];
    after(() => clones.forEach((path) => rmSync(path, { recursive: true, force: true })));

    before(async () => {
      const { baseUrl, apiKey } = session().platform;
      box = await filesDevbox(new RunloopApi({ apiKey, baseUrl }), 'agent-7');
      await box.bash(
        'git init -q -b main ~/shop && cd ~/shop && git config user.name t && git config user.email t@t && mkdir lib && ' +
          'printf "def price(n):\\n    return n * 10\\n" > lib/price.py && printf "print(1)\\n" > main.py && ' +
          'printf "old\\n" > old.txt && git add -A && git commit -qm first',
      );
    });

    const row = (label: string): TreeRow => session().workbench.tree('Devboxes').row(label);
    async function expand(label: string): Promise<void> {
      await row(label).waitFor();
      await row(label).click();
      await session().workbench.page.keyboard.press('ArrowRight');
    }
    const choose = (label: string): Promise<void> => chooseWay(session().workbench, 'shop', label);
    const editors = (): Promise<string> =>
      session()
        .workbench.page.locator('.monaco-diff-editor .view-lines')
        .allInnerTexts()
        .then((all) => all.join('\n'));

    it('are a number at their row when an agent has edited files, and letters at the files', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await expand('agent-7');
      await expand('Changes');
      await row('shop').waitFor(30_000);
      await row('No changes').waitFor(30_000);
      await box.bash(
        'cd ~/shop && printf "def price(n):\\n    return n * 12\\n" > lib/price.py && printf "print(2)\\n" >> main.py && ' +
          'rm old.txt && printf "notes\\n" > NOTES.md',
      );
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await row('Changes').waitForDescription('4', 30_000);
      await row('agent-7').waitForDescription('4 changed', 30_000);
      for (const [name, word] of [
        ['price.py', 'modified'],
        ['main.py', 'modified'],
        ['old.txt', 'deleted'],
        ['NOTES.md', 'untracked'],
      ] as const) {
        await row(name).waitForState(word, 20_000);
      }
      await workbench.screenshot('changes-1-rows');
    });

    it('open as a diff, whose right side can be edited', async () => {
      const { workbench } = session();
      await row('price.py').click();
      await eventually(
        editors,
        (text) => /n \* 10/.test(text.replaceAll('\u00a0', ' ')) && /n \* 12/.test(text.replaceAll('\u00a0', ' ')),
        20_000,
      );
      await workbench.screenshot('changes-2-diff');
      const { page } = workbench;
      await page.locator('.monaco-diff-editor .editor.modified .view-lines').first().click();
      await page.keyboard.press('Control+End');
      await page.keyboard.type('# reviewed\n');
      await page.keyboard.press('Control+s');
      await eventually(
        () => box.bash('cat ~/shop/lib/price.py'),
        (text) => text.includes('# reviewed'),
        20_000,
      );
    });

    it('take a comment at a line, which is sent as one message', async () => {
      const { workbench } = session();
      const { page } = workbench;
      await row('price.py').click();
      await commentOn(page, '12', 'Why 12 and not 11?');
      await workbench.screenshot('changes-5-comment');
      await row('shop').chooseFromMenu('Send Review…');
      await workbench.quickInput.pick('File in the Devbox');
      await eventually(
        () => box.bash('cat ~/.runloop/reviews/*.md 2>/dev/null || true'),
        (text) => text.includes('1. lib/price.py, line 2:\n>     return n * 12\n\nWhy 12 and not 11?\n'),
        20_000,
      );
    });

    it('open all beside each other', async () => {
      const { workbench } = session();
      await row('Uncommitted').pressInlineButton('Open All Changes');
      const { page } = workbench;
      await page
        .locator('.monaco-editor.modified-in-monaco-diff-editor, .multiDiffEditor')
        .first()
        .waitFor({ timeout: 20_000 });
      await eventually(
        () => page.locator('.multiDiffEditor, .monaco-multi-diff-editor').first().innerText(),
        (text) => ['price.py', 'main.py', 'old.txt', 'NOTES.md'].every((name) => text.includes(name)),
        20_000,
      );
      await workbench.screenshot('changes-3-all');
    });

    it('are marks beside the lines of a file, and a repository in Source Control where somebody asks for it', async () => {
      const { workbench } = session();
      const { page } = workbench;
      await row('main.py').click();
      // The right side of its diff, by itself: where that stays open, the editor would only come back to it.
      await eventually(
        () =>
          session().api.evaluate(async (vscode) => {
            const uri = vscode.window.visibleTextEditors
              .map(({ document }) => document.uri)
              .find(({ scheme, path }) => scheme === 'runloop' && path.endsWith('/shop/main.py'));
            if (uri === undefined) return false;
            await vscode.commands.executeCommand('workbench.action.closeAllEditors');
            await vscode.commands.executeCommand('vscode.open', uri);
            return true;
          }),
        (isOpen) => isOpen,
        20_000,
      );
      const marks = page.locator(
        '.editor-group-container.active .glyph-margin-widgets .cgmr, .editor-group-container.active .margin-view-overlays .cgmr',
      );
      await eventually(
        () => marks.count(),
        (count) => count > 0,
        20_000,
      );
      await workbench.screenshot('changes-6-marks');
      await row('shop').chooseFromMenu('Open in Source Control');
      const files = page.locator('.scm-view .resource');
      await eventually(
        () => files.allInnerTexts(),
        (all) =>
          ['NOTES.md', 'main.py', 'old.txt', 'price.py'].every((name) => all.some((text) => text.includes(name))),
        20_000,
      );
      // By the editor's own marks now.
      await page
        .locator('.editor-group-container.active .dirty-diff-glyph')
        .first()
        .waitFor({ state: 'attached', timeout: 20_000 });
      assert.equal(await marks.count(), 0);
      await workbench.screenshot('changes-7-source-control');
      await workbench.openViewContainer('Runloop');
      await row('shop').chooseFromMenu('Open in Source Control');
      await page.locator('.notification-toast').getByRole('button', { name: 'Close' }).first().click();
      await eventually(
        () => marks.count(),
        (count) => count > 0,
        20_000,
      );
    });

    it('are hidden when they are marked as seen', async () => {
      const { workbench } = session();
      await row('NOTES.md').chooseFromMenu('Mark as Seen');
      await row('Changes').waitForDescription('3', 20_000);
      await row('Seen').waitFor(45_000);
      await row('NOTES.md').waitForGone(45_000);
      await workbench.screenshot('changes-4-seen');
      // What the review was answered with may still stand there.
      const others = (await workbench.notificationTexts()).filter((text) => !text.includes('The review is in'));
      assert.deepEqual(others, []);
    });

    it('come home as a patch file that git takes', async () => {
      const { workbench } = session();
      const folder = mkdtempSync(join(tmpdir(), 'patched-'));
      clones.push(folder);
      await choose('Changes into a Patch File…');
      const file = join(folder, 'shop.patch');
      await workbench.quickInput.saveAs(file, /Patch File/);
      await workbench.notification(/were saved/).waitFor(45_000);
      await workbench.screenshot('changes-9-patch');
      const git = (...args: readonly string[]): string =>
        execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
      git('init', '-q');
      mkdirSync(join(folder, 'lib'));
      writeFileSync(join(folder, 'lib/price.py'), 'def price(n):\n    return n * 10\n');
      writeFileSync(join(folder, 'main.py'), 'print(1)\n');
      writeFileSync(join(folder, 'old.txt'), 'old\n');
      git('apply', file);
      assert.equal(git('ls-files', '-o', '--exclude=shop.patch'), 'NOTES.md\nlib/price.py\nmain.py\n');
      for (const name of ['NOTES.md', 'lib/price.py', 'main.py']) {
        assert.equal(readFileSync(join(folder, name), 'utf8'), await box.bash(`cat ~/shop/${name}`), name);
      }
    });

    it('come home as commits in a branch of a clone', async () => {
      const { workbench } = session();
      const folder =
        (await session().api.evaluate((vscode) => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath)) ?? assert.fail();
      const git = (...args: readonly string[]): string =>
        execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
      clones.push(join(folder, '.git'), join(folder, 'own.txt'));
      git('init', '-q', '-b', 'main');
      writeFileSync(join(folder, 'own.txt'), 'own\n');
      git('add', 'own.txt');
      git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', 'own');
      await box.bash('cd ~/shop && git add -A && git commit -qm "Raise the price"');
      const head = (await box.bash('git -C ~/shop rev-parse HEAD')).trim();
      // A row that is made anew in the moment of a click is none that a menu acts on.
      await row('Uncommitted').waitForGone(30_000);
      await choose('Commits into a New Branch…');
      await workbench.quickInput.pick(basename(folder));
      const dialog = workbench.page.locator('.monaco-dialog-box');
      await dialog.getByText('Raise the price').waitFor({ timeout: 30_000 });
      await workbench.screenshot('changes-8-home');
      await dialog.getByRole('button', { name: 'Create Branch' }).click();
      await eventually(
        () => Promise.resolve(git('for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/runloop/')),
        (refs) => refs === `runloop/agent-7-main ${head}\n`,
        30_000,
      );
      assert.equal(git('status', '--porcelain', 'own.txt'), '');
    });
  });
