import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { shownDocument } from '../shownDocument';
import type { UiTests } from '../sharedWindow';

export const whyDidItStop: UiTests = (useWindow) =>
  describe('Why did it stop?', function () {
    this.timeout(120_000);
    const session = useWindow();
    const hostile = '[free](https://evil.example) $(bug)';

    const api = (): RunloopApi => {
      const { platform } = session();
      return new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    };

    /** Not as it is drawn: long lines wrap. */
    const documentText = async (): Promise<string> => (await shownDocument(session().api)).text;

    /** Follows a link as a person does. Under the mouse its element is drawn anew, so that it is no good for a click. */
    async function follow(text: string): Promise<void> {
      const { page } = session().workbench;
      const box = await page
        .locator('.editor-group-container.active .view-lines .detected-link')
        .filter({ hasText: text })
        .first()
        .boundingBox();
      assert.ok(box !== null);
      await page.mouse.move(box.x + 20, box.y + box.height / 2);
      await page.keyboard.down('Control');
      await page.mouse.move(box.x + 24, box.y + box.height / 2);
      await page.mouse.click(box.x + 24, box.y + box.height / 2);
      await page.keyboard.up('Control');
    }

    async function stopped(name: string, entrypoint: string): Promise<string> {
      const { id } = await api().devboxes.create({ name, entrypoint }, { requestId: crypto.randomUUID() });
      await eventually(
        () => api().devboxes.retrieve(id),
        ({ status }) => status === 'shutdown',
      );
      return id;
    }

    it('opens a document with verdict, evidence and next steps from the row', async () => {
      const { workbench } = session();
      await stopped(
        'gone',
        'echo "last words"; printf "\\033[31mred\\033[0m command:workbench.action.quit\\n"; exit 3',
      );
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await workbench.tree('Devboxes').row('Ended in the Last Day').click();
      await workbench.tree('Devboxes').row('gone').waitFor(60_000);
      await workbench.tree('Devboxes').row('gone').chooseFromMenu('Why Did It Stop?');
      const text = await eventually(documentText, (seen) => seen.includes('last words'));
      assert.match(text, /Its entrypoint ended with exit code 3/);
      assert.match(text, /shutdown_reason +entrypoint_exit/);
      assert.match(text, /red command: workbench/);
      const { language, wrap } = await session().api.evaluate((vscode) => {
        const document = vscode.window.activeTextEditor?.document;
        return {
          language: document?.languageId,
          wrap: vscode.workspace.getConfiguration('editor', document).get<string>('wordWrap'),
        };
      });
      assert.deepEqual([language, wrap], ['runloop-why', 'on'], 'its long lines do not wrap');
      await workbench.screenshot('why-1-document');
    });

    it('makes links of its next steps only, which run their command', async () => {
      const { workbench } = session();
      const links = workbench.page.locator('.editor-group-container.active .view-lines .detected-link');
      await eventually(
        () => links.allInnerTexts(),
        (texts) => texts.length >= 3,
      );
      const texts = (await links.allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
      assert.ok(!texts.includes('workbench.action.quit'), texts);
      await follow('Markdown');
      const markdown = await eventually(
        () => session().api.evaluate(async (vscode) => await vscode.env.clipboard.readText()),
        (copied) => copied.startsWith('### Why did gone stop?'),
      );
      assert.match(markdown, /\n```text\n[^]*last words/);
    });

    it('asks which one, when called from the palette, and shows hostile names inert', async () => {
      const { workbench } = session();
      await stopped(hostile, 'echo "https://evil.example/a file:///etc/passwd"; exit 0');
      await workbench.runCommand('Runloop: Why Did It Stop?');
      await workbench.quickInput.waitFor('Select a devbox to find out why it stopped');
      await workbench.quickInput.fill('free');
      await workbench.page.keyboard.press('Enter');
      const text = await eventually(documentText, (seen) => seen.includes('exit code 0'));
      assert.ok(text.includes(`Why did ${hostile.replace('://', ': //')} stop?`), text);
      const links = workbench.page.locator('.editor-group-container.active .view-lines .detected-link');
      // The editor's own search for addresses is done when our links are drawn: it is the same pass.
      const texts = await eventually(
        () => links.allInnerTexts(),
        (seen) => seen.length >= 4,
      );
      assert.ok(!texts.join().includes('evil') && !texts.join().includes('passwd'), texts.join());
      await workbench.screenshot('why-2-hostile');
    });

    it('leads to the setting of the lifetime, and to the log as a document', async () => {
      const { workbench } = session();
      const body = {
        name: 'short-lived',
        entrypoint: 'echo until the end; sleep 1000',
        launch_parameters: { keep_alive_time_seconds: 2 },
      };
      const { id } = await api().devboxes.create(body, { requestId: crypto.randomUUID() });
      await eventually(
        () => api().devboxes.retrieve(id),
        ({ status }) => status === 'shutdown',
      );
      const why = (): Promise<unknown> =>
        session().api.evaluate(async (vscode, devboxId) => {
          await vscode.commands.executeCommand('runloop.whyDidItStop', devboxId);
        }, id);
      const links = workbench.page.locator('.editor-group-container.active .view-lines .detected-link');
      await why();
      await eventually(documentText, (seen) => seen.includes('lifetime of 2 s ended'));
      await eventually(
        () => links.allInnerTexts(),
        (texts) => texts.length >= 5,
      );
      await workbench.screenshot('why-4-lifetime');
      await follow('lifetime of new devboxes');
      await workbench.page
        .locator('.settings-editor .setting-item-contents', { hasText: 'Lifetime Minutes' })
        .waitFor();
      await workbench.screenshot('why-5-setting');
      await why();
      await eventually(
        () => links.allInnerTexts(),
        (texts) => texts.length >= 5,
      );
      await follow('Open its log');
      const log = await eventually(
        () => shownDocument(session().api),
        ({ label, text }) => label === 'short-lived.log' && text.includes('This is its complete output'),
      );
      assert.match(log.text, /\[entrypoint\] until the end\n/);
    });

    it('tells why a suspended devbox rests, and resumes it on a click', async () => {
      const { workbench } = session();
      const rule = {
        launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 1, on_idle: 'suspend' as const } } },
      };
      const { id } = await api().devboxes.create({ name: 'sleepy', ...rule }, { requestId: crypto.randomUUID() });
      await eventually(
        () => api().devboxes.retrieve(id),
        ({ status }) => status === 'suspended',
      );
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await workbench.tree('Devboxes').row('sleepy').waitFor(60_000);
      await workbench.tree('Devboxes').row('sleepy').chooseFromMenu('Why Did It Stop?');
      const text = await eventually(
        documentText,
        (seen) => seen.includes('sleepy stop?') && seen.includes('Resume the devbox'),
      );
      assert.match(
        text,
        /The platform wrote to its log: "The devbox is suspended: nobody used it for 1 s, as its idle rule says\."/,
      );
      await workbench.screenshot('why-3-suspended');
      await eventually(
        () => workbench.page.locator('.editor-group-container.active .view-lines .detected-link').allInnerTexts(),
        (links) => links.length >= 3,
      );
      await follow('Resume the devbox');
      await eventually(
        async () => (await api().devboxes.retrieve(id)).transitions.map(({ status }) => status),
        (steps) => steps.filter((step) => step === 'running').length >= 2,
      );
      await api().devboxes.shutdown(id);
    });
  });
