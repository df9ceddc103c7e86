import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { eventually } from '../../eventually';
import { workspacePathKey } from '../../../src/core/platform/devbox';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { servePorts } from '../../platform/portServices';
import { filesDevbox, filesIn, type FilesDevbox } from '../../unit/core/files/useFiles';
import type { UiTests } from '../sharedWindow';
import type { TreeRow } from '../workbench/treeView';

/** Ports of the devboxes of a local platform are this computer's. */
const served = 18_430;

export const files: UiTests = (useWindow) => {
  filesOf('a plain devbox', 'files', useWindow);
};

/** The same where an action server listens, and this window is attached to it; the workspace comes first in its files. */
export const filesOfAttached: UiTests = (useWindow) => {
  filesOf('a devbox with an action server', 'files-attached', useWindow);
};

function filesOf(
  kind: 'a plain devbox' | 'a devbox with an action server',
  pictures: string,
  ...[useWindow]: Parameters<UiTests>
): void {
  describe(`Files of ${kind}`, function () {
    this.timeout(180_000);
    const session = useWindow();
    let box: FilesDevbox;
    // Where its files begin.
    let top = '';

    before(async () => {
      const { workbench, platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      if (kind === 'a plain devbox') {
        box = await filesDevbox(api, 'editing-3');
        top = (await box.bash('printf %s ~')).trim();
      } else {
        await workbench.openViewContainer('Runloop');
        await workbench.runCommand('Runloop: Start Devbox');
        await workbench.quickInput.accept('editing-3');
        await workbench.notification('Devbox editing-3 is ready.').waitFor(60_000);
        await workbench.runCommand('Notifications: Clear All Notifications');
        for await (const { id, metadata } of api.devboxes.list({ status: 'running' })) {
          box = filesIn(api, id);
          top = metadata[workspacePathKey] ?? '';
        }
      }
      await box.bash(
        `mkdir -p ${top}/app/lib; printf "print(1)\\n" > ${top}/app/main.py; chmod 755 ${top}/app/main.py`,
      );
    });

    const row = (label: string): TreeRow => session().workbench.tree('Devboxes').row(label);
    /** Opens or closes a row, as the arrow keys do. */
    async function expand(label: string): Promise<void> {
      await row(label).waitFor();
      await row(label).click();
      await session().workbench.page.keyboard.press('ArrowRight');
    }
    async function type(text: string): Promise<void> {
      const { page } = session().workbench;
      await page.locator('.editor-instance .view-lines').first().click();
      await page.keyboard.press('Control+End');
      await page.keyboard.type(text);
    }
    const save = (): Promise<void> => session().workbench.page.keyboard.press('Control+s');
    const content = (): Promise<string> => box.bash(`cat ${top}/app/main.py`);
    const holds = (text: string): Promise<string> => eventually(content, (seen) => seen.includes(text), 20_000);

    it('open with a click in the view, and are saved by the editor itself', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await expand('editing-3');
      await expand('Files');
      await expand('app');
      await row('main.py').click();
      await eventually(
        () => workbench.editorText(),
        (text) => /print\(1\)/.test(text),
        20_000,
      );
      await type('print(2)\n');
      await save();
      await holds('print(2)');
      assert.equal(await box.bash(`stat -c %a ${top}/app/main.py`), '755\n');
      await workbench.screenshot(`${pictures}-1-saved`);
    });

    it('show what others change in the devbox, in editors and in the view', async () => {
      const { workbench } = session();
      await box.bash(`printf "print(theirs)\\n" > ${top}/app/main.py; touch ${top}/app/another`);
      await eventually(
        () => workbench.editorText(),
        (text) => /print\(theirs\)/.test(text),
        20_000,
      );
      await row('another').waitFor(45_000);
      await workbench.screenshot(`${pictures}-2-watched`);
      await box.bash(`rm ${top}/app/another`);
      await row('another').waitForGone(45_000);
    });

    it('are compared, not overwritten, where they were changed in the devbox meanwhile', async () => {
      const { workbench } = session();
      await type('print(mine)\n');
      // Longer than what the extension has seen last is true: it then looks anew.
      await box.bash(`printf "print(other)\\n" > ${top}/app/main.py; sleep 3`);
      await save();
      const conflict = workbench.notification(/Failed to save 'main\.py': The content of the file is newer/);
      await conflict.waitFor(45_000);
      await workbench.screenshot(`${pictures}-3-conflict`);
      assert.equal(await content(), 'print(other)\n');
      await conflict.press('Overwrite');
      await holds('print(mine)');
    });

    it('are compared as well where the change is of equal size, or an older file was put there', async () => {
      const { workbench } = session();
      const changes: Readonly<Record<string, string>> = {
        equal: 'tr a-z A-Z < main.py > /tmp/new; cat /tmp/new > main.py',
        older: "cp -p main.py /tmp/new; echo older > /tmp/new; touch -d '2 days ago' /tmp/new; mv /tmp/new main.py",
      };
      for (const [kind, change] of Object.entries(changes)) {
        await type(`print(${kind})\n`);
        const theirs = await box.bash(`cd ${top}/app; ${change}; sleep 3; cat main.py`);
        await save();
        const conflict = workbench.notification(/Failed to save 'main\.py': The content of the file is newer/);
        await conflict.waitFor(45_000);
        assert.equal(await content(), theirs);
        await conflict.press('Overwrite');
        await holds(`print(${kind})`);
      }
    });

    it('which are open say why they cannot be renamed', async () => {
      const { workbench } = session();
      await row('main.py').chooseFromMenu('Rename…');
      await workbench.quickInput.accept('lib');
      await workbench.notification(/"lib" already exists in the devbox/).waitFor(45_000);
      await workbench.runCommand('Notifications: Clear All Notifications');
    });

    it('are searched in the devbox, with lines that open where they are', async () => {
      const { workbench } = session();
      await box.bash(`printf "import os\\n\\n\\ndef needle():\\n    pass\\n" > ${top}/app/lib/tool.py`);
      await row('app').chooseFromMenu('Search Files in Devbox…');
      await workbench.quickInput.accept('needle');
      // Typed at once, it would still come into the first box.
      await workbench.quickInput.waitFor(/Files to search/);
      await workbench.quickInput.accept('*.py');
      const found = workbench.page.locator('.monaco-list-row', { hasText: 'def needle():' });
      await found.click({ timeout: 20_000 });
      await eventually(
        () => workbench.editorText(),
        (text) => /def needle/.test(text),
        20_000,
      );
      await workbench.screenshot(`${pictures}-5-search`);
      const header = workbench.page.locator('.pane-header', { hasText: 'File Search' });
      await header.hover();
      // The search that it offers is one of the same kind.
      await header.locator('a.action-label[aria-label^="Search Files in Devbox"]').waitFor();
      assert.equal(await header.locator('a.action-label[aria-label^="Search Logs"]').count(), 0);
      await header.locator('a.action-label[aria-label^="Clear Search"]').click();
      await header.waitFor({ state: 'hidden' });
      await row('main.py').click();
    });

    it('are read again with Refresh on their folder', async () => {
      const { workbench } = session();
      await box.bash(`printf "print(anew)\\n" > ${top}/app/main.py; touch ${top}/app/later; sleep 1`);
      await row('app').pressInlineButton('Refresh');
      await row('later').waitFor(45_000);
      await eventually(
        () => workbench.editorText(),
        (text) => /print\(anew\)/.test(text),
        20_000,
      );
    });

    it('come from the computer with a drop on a folder, and go to it with Download…', async () => {
      const { workbench } = session();
      const { page } = workbench;
      const file = "new File(['from the desk\\n'], 'dropped notes.txt', { type: 'text/plain' })";
      const make = `(() => { const data = new DataTransfer(); data.items.add(${file}); return data; })()`;
      const dropped = await page.evaluateHandle(make);
      for (const type of ['dragenter', 'dragover', 'drop']) {
        await row('app').element.dispatchEvent(type, { dataTransfer: dropped });
      }
      await row('dropped notes.txt').waitFor(45_000);
      assert.equal(await box.bash(`cat ${top}/app/dropped*`), 'from the desk\n');
      await workbench.screenshot(`${pictures}-6-dropped`);
      const folder = await mkdtemp(join(tmpdir(), 'downloaded-'));
      try {
        await row('dropped notes.txt').chooseFromMenu('Download…');
        await workbench.quickInput.saveAs(join(folder, 'notes here.txt'), /Download/);
        await workbench.notification(/Downloaded 1 file from/).waitFor(45_000);
        await workbench.screenshot(`${pictures}-7-downloaded`);
        assert.equal(await readFile(join(folder, 'notes here.txt'), 'utf8'), 'from the desk\n');
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    if (kind === 'a devbox with an action server') {
      it('are served by a web server there, whose port opens in a browser', async () => {
        const { workbench } = session();
        await servePorts(box.commands, served);
        await expand('Ports');
        await row(`Port ${served}`).waitFor(45_000);
        const opened = await workbench.newPageDuring(() =>
          row(`Port ${served}`).pressInlineButton('Open Port in Browser'),
        );
        await opened.getByText('Hello from the devbox').waitFor();
        await opened.getByText('Echo over a WebSocket').waitFor();
        await workbench.screenshot(`${pictures}-8-served`);
        await opened.close();
      });
    }

    it('stay open, and can be saved elsewhere, when the devbox is suspended', async () => {
      const { workbench, platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      await type('print(late)\n');
      await api.devboxes.suspend(box.id);
      await api.devboxes.waitForStatus(box.id, ['suspended'], 20);
      await save();
      await workbench.notification(/Failed to save 'main\.py'.*is suspended/).waitFor(45_000);
      await eventually(
        () => workbench.editorText(),
        (text) => /print\(late\)/.test(text),
        20_000,
      );
      await workbench.screenshot(`${pictures}-4-suspended`);
      assert.equal((await api.devboxes.retrieve(box.id)).status, 'suspended');
      await workbench.runCommand('View: Revert and Close Editor');
    });
  });
}
