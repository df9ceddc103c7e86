import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { shownDocument, type ShownDocument } from '../shownDocument';
import type { UiTests } from '../sharedWindow';

const chatty = `exec node -e '
  console.log("03:25:54 - openhands:INFO: a.py:1 - \\u001b[32mready\\u001b[0m with Bearer abc.def-123");
  console.log("03:25:55 - openhands:ERROR: a.py:2 - broke");
  console.log("Traceback (most recent call last):\\n  File \\"x.py\\", line 1\\nValueError: no");
  console.log("03:25:56 - openhands:WARNING: a.py:3 - careful");
  console.log("03:25:57 - openhands:DEBUG: a.py:4 - details");
  console.log("a".repeat(60) + "!");
  for (let i = 0; i < 200; i++) console.log("line " + i);
  let n = 0; setInterval(() => console.log("tick " + n++), 300)'`;

export const logDocument: UiTests = (useWindow) =>
  describe('Logs as documents, like a person', function () {
    this.timeout(120_000);
    const session = useWindow();
    const saved = join(tmpdir(), `runloop-saved-${process.pid}.log`);
    let api: RunloopApi;
    let endedId = '';

    before(async () => {
      const { platform } = session();
      api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      await api.devboxes.create({ name: 'chatty', entrypoint: chatty }, { requestId: crypto.randomUUID() });
      const ended = await api.devboxes.create(
        { name: 'all-done', entrypoint: 'seq 1 30000; echo the needle; seq 1 30000; echo last of all; exit 3' },
        { requestId: crypto.randomUUID() },
      );
      endedId = ended.id;
      await eventually(
        () => api.devboxes.retrieve(endedId),
        ({ status }) => status === 'shutdown' || status === 'failure',
      );
    });
    after(() => rm(saved, { force: true }));

    const shown = (): Promise<ShownDocument> => shownDocument(session().api);
    const pressTitle = (title: string): Promise<void> => session().workbench.pressEditorButton(title);

    it('opens the log of a running devbox from its row, in the form of the output channel, and follows its end', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await workbench.tree('Devboxes').row('chatty').waitFor(30_000);
      await workbench.tree('Devboxes').row('chatty').chooseFromMenu('Open Log', 'Logs');
      const log = await eventually(shown, ({ text }) => text.includes('tick 3'));
      assert.equal(log.label, 'chatty.log');
      assert.equal(log.language, 'runloop-log');
      assert.equal(log.isDirty, false);
      const stamp = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}';
      assert.match(log.text, new RegExp(`^${stamp} \\[info\\] \\[entrypoint\\] ready with Bearer \\[removed\\]$`, 'm'));
      assert.match(
        log.text,
        new RegExp(
          `^${stamp} \\[error\\] \\[entrypoint\\] broke\\n    Traceback .*\\n      File "x.py", line 1\\n    ValueError: no$`,
          'm',
        ),
      );
      assert.ok(!log.text.includes('\u001b'));
      await eventually(shown, ({ lastVisible, lines }) => lastVisible >= lines - 2);
      const earlier = (await shown()).lines;
      await eventually(shown, ({ lastVisible, lines }) => lines > earlier + 2 && lastVisible >= lines - 2);
      await workbench.statusBarItem('following').waitFor();
      await workbench.screenshot('log-1-following');
    });

    it('stays where it is when following is off, and cannot be written into', async () => {
      const { workbench } = session();
      await pressTitle('Stop Following Log');
      const after_ = async (more: number): Promise<ShownDocument> => {
        const { lines } = await shown();
        return eventually(shown, (seen) => seen.lines > lines + more);
      };
      // What was on its way when the button was pressed may still move the window.
      const { firstVisible } = await after_(2);
      assert.equal((await after_(3)).firstVisible, firstVisible);
      await workbench.page.locator('.editor-group-container.active .view-lines').click();
      await workbench.page.keyboard.type('x');
      await workbench.page.keyboard.press('Control+Z');
      const log = await shown();
      assert.ok(log.text.includes('ready with'));
      assert.equal(log.isDirty, false);
      await workbench.page.keyboard.press('Escape');
    });

    it('is filtered by level and source, and says so', async () => {
      const { workbench } = session();
      await pressTitle('Filter Log');
      await workbench.quickInput.waitFor('Select what to show in this log');
      await workbench.quickInput.row('Errors').waitFor();
      await workbench.screenshot('log-2-filter');
      for (const level of ['Information', 'Debug']) await workbench.quickInput.toggle(level);
      await workbench.quickInput.accept();
      const log = await eventually(shown, ({ text }) => !text.includes('tick') && text.includes('careful'));
      assert.equal(log.text.split('\n').length, 6);
      await workbench.statusBarItem(/5 of \d+ lines/).waitFor();
      assert.equal((await shown()).firstVisible, 0);
      await workbench.screenshot('log-3-filtered');
      await pressTitle('Change Log Filter');
      for (const level of ['Information', 'Debug']) await workbench.quickInput.toggle(level);
      await workbench.quickInput.accept();
      await eventually(shown, ({ text }) => text.includes('tick') && text.includes('details'));
    });

    it('is saved as a file, redacted', async () => {
      const { workbench } = session();
      await pressTitle('Save Log As');
      await workbench.quickInput.saveAs(saved);
      await workbench.notification(/Saved .*[\d,]+ lines/).waitFor();
      const text = await readFile(saved, 'utf8');
      assert.ok(text.includes('[info] [entrypoint] ready with Bearer [removed]\n'));
      assert.ok(!text.includes('abc.def-123'));
    });

    it('finds a text in the logs of several devboxes, groups the lines by devbox, and opens the one that is clicked', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Search Logs…');
      await workbench.quickInput.waitFor('Select devboxes to search their logs');
      for (const name of ['chatty', 'all-done']) await workbench.quickInput.toggle(name);
      await workbench.screenshot('log-4-which');
      await workbench.quickInput.accept();
      await workbench.quickInput.waitFor('Enter what to search for');
      await workbench.quickInput.fill('NEEDLE|broke|last of');
      await workbench.page.locator('.quick-input-widget [aria-label^="Use Regular Expression"]').click();
      await workbench.quickInput.message().getByText('Regular expression').waitFor();
      await workbench.screenshot('log-5-query');
      await workbench.quickInput.accept();
      const tree = workbench.tree('Log Search');
      await tree.row('all-done').waitForDescription('2 lines', 30_000);
      await tree.row('chatty').waitForDescription('1 line');
      await workbench.screenshot('log-6-results');
      await tree.rows.filter({ hasText: 'the needle' }).click();
      const log = await eventually(
        shown,
        ({ text, cursorLine, firstVisible, lastVisible }) =>
          text.split('\n')[cursorLine]?.endsWith('the needle') === true &&
          firstVisible < cursorLine &&
          cursorLine < lastVisible,
      );
      assert.equal(log.label, 'all-done.log');
      await eventually(
        shown,
        ({ text }) =>
          text.includes('last of all') && text.includes('The devbox has ended. This is its complete output.'),
      );
      await workbench.screenshot('log-7-found');
    });

    it('is searched with the editor’s own search', async () => {
      const { workbench } = session();
      await workbench.page.locator('.editor-group-container.active .view-lines').click();
      await workbench.page.keyboard.press('Control+F');
      await workbench.page.locator('.find-widget.visible textarea').first().fill('last of all');
      await workbench.page.locator('.find-widget .matchesCount').getByText('1 of 1').waitFor();
      await workbench.screenshot('log-8-find');
      await workbench.page.keyboard.press('Escape');
    });

    it('can be stopped in the middle of an expression that takes for ever', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Search Logs…');
      await workbench.quickInput.toggle('chatty');
      await workbench.quickInput.accept();
      await workbench.quickInput.waitFor('Regular expression');
      await workbench.quickInput.accept('(a+)+$');
      // Offered while a search runs; a palette that was opened before does not learn of it.
      const header = workbench.page.locator('.pane-header', { hasText: 'Log Search' });
      await header.hover();
      await header.locator('a.action-label[aria-label^="Stop Search"]').click();
      await workbench.tree('Log Search').row('The search was stopped here.').waitFor();
      await workbench.screenshot('log-9-stopped');
    });

    it('refuses an invalid expression, says so where nothing is found, and clears the results', async () => {
      const { workbench } = session();
      const ended = workbench.tree('Devboxes').row('Ended in the Last Day');
      await ended.click();
      await workbench.tree('Devboxes').row('all-done').chooseFromMenu('Search Logs…', 'Logs');
      await workbench.quickInput.waitFor('Enter what to search for');
      await workbench.quickInput.fill('(');
      await workbench.quickInput.message().getByText('Unterminated group').waitFor();
      await workbench.quickInput.accept('nothing like this');
      await workbench.tree('Log Search').row('all-done').waitForDescription('no results');
      await workbench.screenshot('log-10-nothing');
      await workbench.runCommand('Runloop: Clear Search');
      await workbench.page.locator('.pane-header', { hasText: 'Log Search' }).waitFor({ state: 'hidden' });
    });

    it('has a word where there is nothing to be read, also where a filter hides all, and none once there is something', async () => {
      const { workbench } = session();
      const entrypoint = 'while [ ! -e /workspace/speak ]; do sleep 0.2; done; echo first words; sleep 1000';
      const { id } = await api.devboxes.create({ name: 'silent', entrypoint }, { requestId: crypto.randomUUID() });
      await api.devboxes.waitForStatus(id, ['running'], 20);
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await workbench.tree('Devboxes').row('silent').chooseFromMenu('Open Log', 'Logs');
      const nothing = await eventually(shown, ({ label, text }) => label === 'silent.log' && text !== '');
      assert.deepEqual([nothing.text, nothing.isDirty], ['The log is empty so far.', false]);
      await workbench.screenshot('log-11-empty');
      await api.files.write(id, '/workspace/speak', 'now');
      const words = await eventually(shown, ({ text }) => text.includes('first words'));
      assert.ok(!words.text.includes('empty'), words.text);
      await pressTitle('Filter Log');
      await workbench.quickInput.toggle('Information');
      await workbench.quickInput.accept();
      await eventually(shown, ({ text }) => text === 'No line of this log passes the filter.');
      await workbench.screenshot('log-12-all-filtered');
      await pressTitle('Change Log Filter');
      await workbench.quickInput.toggle('Information');
      await workbench.quickInput.accept();
      await eventually(shown, ({ text }) => text === words.text);
      await api.devboxes.shutdown(id);
    });
  });
