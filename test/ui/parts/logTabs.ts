import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../src/core/runtime/runloopRuntime';
import { eventually } from '../../eventually';
import { shownDocument, type ShownDocument } from '../shownDocument';
import type { UiTests } from '../sharedWindow';

const ticking = 'i=0; echo started; while :; do i=$((i+1)); echo tick $i; sleep 0.3; done';

export const logTabs: UiTests = (useWindow) =>
  describe('Log tabs, like a person', function () {
    this.timeout(120_000);
    const session = useWindow();
    let api: RunloopApi;
    let id = '';
    let folder = '';
    const shown = (): Promise<ShownDocument> => shownDocument(session().api);
    const endInView = ({ lastVisible, lines }: ShownDocument): boolean => lastVisible >= lines - 2;

    before(async () => {
      const { platform } = session();
      folder = await mkdtemp(join(tmpdir(), 'runloop-saved-'));
      api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      ({ id } = await api.devboxes.create(
        { name: 'ticker', entrypoint: `seq 1 200; ${ticking}` },
        { requestId: crypto.randomUUID() },
      ));
      await api.devboxes.waitForStatus(id, ['running'], 20);
      await api.executions.start(id, 'echo from an execution; echo careful >&2');
    });
    after(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    it('opens the log of the devbox that is picked from the palette, and follows it', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Open Log');
      await workbench.quickInput.waitFor('Select a devbox to open its log');
      await workbench.quickInput.pick('ticker');
      const log = await eventually(shown, (seen) => seen.text.includes('tick 2') && endInView(seen));
      assert.equal(log.label, 'ticker.log');
      assert.match(log.text, /\[info\] \[exec\] from an execution\n/);
      assert.match(log.text, /\[error\] \[exec\] careful\n/);
      await workbench.statusBarItem('following').waitFor();
    });

    it('stops following when one scrolls up, says so, and follows again when asked', async () => {
      const { workbench } = session();
      const box = await workbench.page.locator('.editor-group-container.active .monaco-editor').first().boundingBox();
      assert.ok(box !== null);
      await workbench.page.mouse.move(box.x + 200, box.y + 200);
      await workbench.page.mouse.wheel(0, -900);
      await workbench.statusBarItem(/ live/).waitFor();
      const before_ = await eventually(shown, (seen) => !endInView(seen));
      const later = await eventually(shown, ({ lines }) => lines > before_.lines + 4);
      assert.equal(later.firstVisible, before_.firstVisible);
      await workbench.screenshot('log-tabs-1-scrolled');
      await workbench.pressEditorButton('Follow Log');
      await workbench.statusBarItem('following').waitFor();
      const { lines } = await eventually(shown, endInView);
      await eventually(shown, (seen) => seen.lines > lines + 2 && endInView(seen));
    });

    it('is filtered by source and level with the mouse', async () => {
      const { workbench } = session();
      await workbench.pressEditorButton('Filter Log');
      await workbench.quickInput.waitFor('Select what to show in this log');
      await workbench.quickInput.toggle('entrypoint');
      await workbench.screenshot('log-tabs-2-source');
      await workbench.quickInput.accept();
      const bySource = await eventually(shown, ({ text }) => !text.includes('tick') && text.includes('careful'));
      assert.ok(
        bySource.text.split('\n').every((line) => line === '' || line.includes('[exec]')),
        bySource.text,
      );
      await workbench.pressEditorButton('Change Log Filter');
      await workbench.quickInput.toggle('Errors');
      await workbench.quickInput.accept();
      await eventually(
        shown,
        ({ text }) => !/\] careful$/m.test(text) && /\[info\] \[exec\] from an execution/.test(text),
      );
      await eventually(shown, ({ firstVisible }) => firstVisible === 0);
      await workbench.screenshot('log-tabs-3-both');
      await workbench.pressEditorButton('Change Log Filter');
      await workbench.quickInput.toggle('Errors');
      await workbench.quickInput.accept();
      // All of it is in view.
      await eventually(
        shown,
        ({ text, firstVisible }) => /\] careful$/m.test(text) && !text.includes('tick') && firstVisible === 0,
      );
    });

    it('asks what to save where something is hidden, and saves that', async () => {
      const { workbench } = session();
      for (const [choice, file] of [
        ['Only the lines shown', 'shown.log'],
        ['The whole log', 'whole.log'],
      ] as const) {
        await workbench.pressEditorButton('Save Log As');
        await workbench.quickInput.waitFor('Select what to save');
        await workbench.quickInput.row(choice).waitFor();
        if (file === 'shown.log') await workbench.screenshot('log-tabs-4-save');
        await workbench.quickInput.pick(choice);
        await workbench.quickInput.saveAs(join(folder, file));
        await workbench
          .notification(
            choice === 'Only the lines shown'
              ? /Saved what is shown: [\d,]+ lines?/
              : /Saved the log up to now: [\d,]+ lines?/,
          )
          .waitFor();
      }
      const [shownText, whole] = await Promise.all(
        ['shown.log', 'whole.log'].map((name) => readFile(join(folder, name), 'utf8')),
      );
      const { text } = await shown();
      assert.ok(shownText !== undefined && whole !== undefined);
      assert.equal(shownText, text);
      assert.match(whole, /\[entrypoint\] tick 1\n[^]*\[entrypoint\] tick 2\n/);
      assert.ok(whole.includes('from an execution'));
    });

    it('brings its tabs back after a reload, as they were, and reads what is looked at', async () => {
      const { workbench } = session();
      const ended = await api.devboxes.create(
        { name: 'all-done', entrypoint: 'echo last words' },
        { requestId: crypto.randomUUID() },
      );
      await eventually(
        () => api.devboxes.retrieve(ended.id),
        ({ status }) => status === 'shutdown',
      );
      await session().api.evaluate(async (vscode, devboxId) => {
        await vscode.commands.executeCommand('runloop.openLog', devboxId);
      }, ended.id);
      await eventually(shown, ({ text }) => text.includes('This is its complete output'));
      await workbench.page.getByRole('tab', { name: /^ticker\.log/ }).click();
      await eventually(shown, ({ text }) => text.includes('careful'));
      // The editor writes down what it keeps a moment later.
      await workbench.page.waitForTimeout(2_000);
      await workbench.reload();
      const log = await eventually(
        shown,
        ({ label, text }) => label === 'ticker.log' && text.includes('careful'),
        60_000,
      );
      assert.ok(!log.text.includes('tick'), log.text);
      await workbench.statusBarItem(/lines · following/).waitFor();
      await workbench.screenshot('log-tabs-5-reloaded');
      const tabs = await workbench.page.locator('.editor-group-container .tabs-container .tab').allInnerTexts();
      assert.deepEqual(tabs.map((tab) => tab.replace(/\s/g, '')).sort(), ['all-done.log', 'ticker.log']);
      await workbench.page.getByRole('tab', { name: /^all-done\.log/ }).click();
      await eventually(
        shown,
        ({ text }) => text.includes('last words') && text.includes('This is its complete output'),
      );
      // What is closed stays closed.
      await workbench.page.locator('.tabs-container .tab.active a[aria-label^="Close"]').click();
      await eventually(shown, ({ label }) => label === 'ticker.log');
      await workbench.page.waitForTimeout(2_000);
      await workbench.reload();
      await eventually(shown, ({ label, text }) => label === 'ticker.log' && text.includes('careful'), 60_000);
      assert.equal(await workbench.page.locator('.editor-group-container .tabs-container .tab').count(), 1);
    });

    it('opens the log of a suspended devbox, says that it rests, and goes on with it', async () => {
      const { workbench } = session();
      const { id: sleepy } = await api.devboxes.create(
        { name: 'sleepy', entrypoint: 'echo a run begins; sleep 1000' },
        { requestId: crypto.randomUUID() },
      );
      await eventually(
        () => api.logs.newest(sleepy),
        (logs) => logs.some(({ text }) => text === 'a run begins'),
      );
      await api.devboxes.suspend(sleepy);
      await eventually(
        () => api.devboxes.retrieve(sleepy),
        ({ status }) => status === 'suspended',
      );
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await workbench.tree('Devboxes').row('sleepy').waitForState('suspended', 30_000);
      await workbench.tree('Devboxes').row('sleepy').chooseFromMenu('Open Log', 'Logs');
      const log = await eventually(
        shown,
        ({ label, text }) =>
          label === 'sleepy.log' && text.includes('is suspended. Its output continues when it is resumed'),
      );
      assert.match(log.text, /a run begins\n[^]*is suspended\. Its output continues/);
      await workbench.screenshot('log-tabs-6-suspended');
      await api.devboxes.resume(sleepy);
      await eventually(shown, ({ text }) => text.split('a run begins').length === 3);
      await api.devboxes.shutdown(sleepy);
      await eventually(shown, ({ text }) => text.includes('This is its complete output'));
    });

    it('opens the log from the actions of a session', async () => {
      const { workbench, platform } = session();
      const agent = new RunloopRuntime({
        apiKey: platform.apiKey,
        baseUrl: platform.baseUrl,
        sid: 'of-a-session',
        headlessMode: true,
      });
      await agent.connect();
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const row = workbench.tree('Devboxes').row('of-a-session');
      await row.waitFor(30_000);
      await row.chooseFromMenu('Attach to Devbox');
      const item = workbench.statusBarItem('of-a-session');
      await item.waitFor({ timeout: 30_000 });
      await item.click();
      await workbench.quickInput.waitFor('Session: of-a-session');
      await workbench.quickInput.pick('Open Log');
      const log = await eventually(
        shown,
        ({ label, text }) => label === 'of-a-session.log' && text.includes('[entrypoint]'),
      );
      assert.ok(!/ak_[A-Za-z0-9]{6}/.test(log.text));
      await workbench.statusBarItem('following').waitFor();
      await workbench.screenshot('log-tabs-7-session');
      await agent.close();
    });
  });
