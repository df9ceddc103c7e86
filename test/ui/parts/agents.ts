import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { exampleAgentIn } from '../../unit/core/agents/useAgent';
import { filesDevbox, type FilesDevbox } from '../../unit/core/files/useFiles';
import type { UiTests } from '../sharedWindow';
import type { TreeRow } from '../workbench/treeView';

export const agents: UiTests = (useWindow) =>
  describe('Agents in two devboxes', function () {
    this.timeout(180_000);
    const session = useWindow();
    const boxes = new Map<string, FilesDevbox>();

    before(async () => {
      const { baseUrl, apiKey } = session().platform;
      for (const name of ['shop', 'site']) {
        const box = await filesDevbox(new RunloopApi({ apiKey, baseUrl }), name);
        await box.bash('rm -rf ~/* && mkdir ~/work');
        await exampleAgentIn(box);
        boxes.set(name, box);
      }
    });

    const row = (label: string): TreeRow => session().workbench.tree('Devboxes').row(label);
    const made = async (name: string): Promise<string> =>
      (await boxes.get(name)?.bash('ls ~/work')) ?? assert.fail(name);
    const editorText = (): Promise<string> =>
      session()
        .workbench.page.locator('.editor-group-container.active .monaco-editor .view-lines')
        .allInnerTexts()
        .then((all) => all.join('\n').replaceAll('\u00a0', ' '));

    /** What is offered at the lines of the active document. */
    const buttons = (): Promise<string[]> =>
      session().workbench.page.locator('.editor-group-container.active .codelens-decoration a').allInnerTexts();

    async function start(name: string, steps: readonly object[]): Promise<void> {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Start Agent…');
      await workbench.quickInput.pick(name);
      await workbench.quickInput.pick('Example');
      await workbench.quickInput.waitFor(/folder in the devbox/);
      await workbench.quickInput.accept('~/work');
      await workbench.quickInput.waitFor(/should do first/);
      await workbench.quickInput.accept(JSON.stringify(steps));
      await eventually(editorText, (text) => text.includes(`Example · ${name} · `), 30_000);
    }
    /** Opens the row "Agents" of one devbox, with the other one closed: rows of the same name would be two. */
    async function expandOnly(name: string): Promise<void> {
      const { page } = session().workbench;
      for (const other of boxes.keys()) {
        await row(other).click();
        await page.keyboard.press(other === name ? 'ArrowRight' : 'ArrowLeft');
      }
      await row('Agents').expand();
    }

    it('work and wait each for itself, and tell which one needs somebody', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await row('site').waitFor();
      await start('site', [{ say: 'Looking at the pages.' }]);
      await start('shop', [{ say: 'I will tidy up.' }, { run: 'touch tidy' }, { run: 'touch rejected' }]);
      await eventually(editorText, (text) => text.includes('Command: touch tidy'), 30_000);
      await expandOnly('shop');
      await row('Example').waitForDescription(/^needs you · touch tidy · /, 30_000);
      await row('Agents').waitForDescription('need you: 1');
      const offered = 'Send Prompt…,Interrupt,End Agent,Log of the Agent,Terminal,Export as Markdown…,Answer…';
      // The lines are drawn anew one after another as the document grows: what is offered is known when they rest.
      await eventually(buttons, (all) => all.join() === offered, 20_000);
      const shown = await session().api.evaluate((vscode) => {
        const document = vscode.window.activeTextEditor?.document;
        const wrap = vscode.workspace.getConfiguration('editor', document).get<string>('wordWrap');
        return { tab: vscode.window.tabGroups.activeTabGroup.activeTab?.label, wrap };
      });
      assert.deepEqual(shown, { tab: 'Example in shop', wrap: 'on' });
      await workbench.screenshot('agents-1-needs-you');
      assert.equal(await made('shop'), '');
    });

    it('are answered from the list: Enter alone allows nothing, a yes does one thing, a no does nothing', async () => {
      const { workbench } = session();
      await row('touch tidy').click();
      await workbench.quickInput.row('Decide Later').waitFor();
      await eventually(editorText, (text) => /Command: touch tidy[^]*Title by the agent: harmless/.test(text), 20_000);
      await workbench.screenshot('agents-2-question');
      await workbench.quickInput.press('Enter');
      await workbench.quickInput.row('Decide Later').waitFor({ state: 'hidden' });
      await row('Example').waitForDescription(/^needs you · touch tidy · /);
      assert.equal(await made('shop'), '');
      await row('Example').click();
      await row('touch tidy').click();
      await workbench.quickInput.pick('Allow Once');
      await row('touch rejected').waitFor(30_000);
      assert.equal(await made('shop'), 'tidy\n');
      await row('touch rejected').click();
      await workbench.quickInput.pick('Reject');
      await row('Example').waitForDescription(/^done · /, 30_000);
      assert.equal(await made('shop'), 'tidy\n');
      await row('Example').click();
      await eventually(editorText, (text) => text.includes('Turn ended: done'), 20_000);
      await eventually(
        buttons,
        (all) => all.join() === 'Send Prompt…,End Agent,Log of the Agent,Terminal,Export as Markdown…',
        20_000,
      );
      await workbench.screenshot('agents-3-session');
    });

    it('take a further prompt from a line of the document, and from their row', async () => {
      const { workbench } = session();
      await workbench.page.locator('.codelens-decoration a', { hasText: 'Send Prompt…' }).click();
      await workbench.quickInput.waitFor(/Example should do/);
      await workbench.quickInput.accept(JSON.stringify([{ say: 'From the line.' }]));
      await eventually(editorText, (text) => text.includes('From the line.'), 20_000);
      await row('Example').waitForDescription(/^done · From the line/, 20_000);
      await row('Example').expand();
      await row('More…').waitFor();
      await row('Send Prompt…').click();
      await workbench.quickInput.waitFor(/Example should do/);
      await workbench.quickInput.accept(JSON.stringify([{ say: 'From the row.' }]));
      await row('Example').waitForDescription(/^done · From the row/, 20_000);
      await workbench.screenshot('agents-4-actions');
    });

    it('go from a devbox by the button in the list, after a question that names what goes', async () => {
      const { workbench } = session();
      const tools = (): Promise<string> => boxes.get('site')?.bash('ls ~/.runloop-agents/tools') ?? assert.fail();
      await boxes
        .get('site')
        ?.bash('mkdir -p ~/.runloop-agents/tools/codex-0.16.0 ~/.runloop-agents/tools/codex-0.15.0');
      await workbench.runCommand('Runloop: Start Agent…');
      await workbench.quickInput.pick('site');
      await workbench.quickInput.row('Codex').hover();
      await workbench.quickInput.row('Codex').getByRole('button', { name: 'Remove from Devbox…' }).click();
      await workbench.dialog.waitFor(/Remove Codex from site\?[^]*tools\/codex-0\.15\.0[^]*tools\/codex-0\.16\.0/);
      await workbench.screenshot('agents-5-remove');
      assert.equal(await tools(), 'codex-0.15.0\ncodex-0.16.0\n');
      await workbench.dialog.press('Remove');
      await eventually(tools, (text) => text === '', 20_000);
      await workbench.screenshot('agents-6-removed');
    });

    it('are there after the window was reloaded', async () => {
      const { workbench } = session();
      await workbench.reload();
      await workbench.openViewContainer('Runloop');
      await row('site').waitFor(30_000);
      await expandOnly('site');
      await row('Example').waitForDescription(/^done · /, 30_000);
      await row('Example').click();
      await eventually(editorText, (text) => text.includes('Looking at the pages.'), 20_000);
    });
  });
