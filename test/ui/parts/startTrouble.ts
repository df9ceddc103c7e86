import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { deadline } from '../../../src/ground/deadline';
import { startPlainDevbox } from '../../../src/core/start/plainDevbox';
import type { Devbox } from '../../../src/core/platform/devbox';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { type TestPlatform, startPlatform } from '../../platform/testPlatform';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

export const startTrouble: UiTests = (useWindow) =>
  describe('Starts and ends when something goes wrong', function () {
    this.timeout(120_000);
    const session = useWindow();
    let folder = '';
    let faulty: TestPlatform | undefined;

    /** Turns the window to a platform on which these faults happen. */
    async function useFaults(...rules: readonly object[]): Promise<RunloopApi> {
      writeFileSync(join(folder, 'faults.json'), JSON.stringify({ rules }));
      faulty = await startPlatform([
        '--api-key',
        session().platform.apiKey,
        '--faults',
        join(folder, 'faults.json'),
        '--fault-control',
      ]);
      const { baseUrl, apiKey } = faulty;
      await session().api.evaluate(
        (vscode, to) =>
          vscode.workspace.getConfiguration('runloop').update('baseUrl', to, vscode.ConfigurationTarget.Global),
        baseUrl,
      );
      await session().workbench.openViewContainer('Runloop');
      return new RunloopApi({ apiKey, baseUrl });
    }

    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'runloop-faults-'));
    });
    afterEach(async () => {
      await faulty?.stop();
      faulty = undefined;
    });
    after(() => rmSync(folder, { recursive: true }));

    async function named(api: RunloopApi, name: string): Promise<Devbox[]> {
      const found: Devbox[] = [];
      for await (const devbox of api.devboxes.list({})) if (devbox.name === name) found.push(devbox);
      return found;
    }

    it('makes one devbox from a double Enter', async () => {
      const { workbench } = session();
      const api = await useFaults({ fault: 'delay', method: 'POST', path: '/v1/devboxes', delay_ms: 1_500 });
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.waitFor('Devbox name');
      await workbench.quickInput.fill('only-one');
      await workbench.page.keyboard.press('Enter');
      await workbench.page.keyboard.press('Enter');
      // And once more by hand, while the first is on its way.
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('only-one');
      await workbench.notification('Devbox only-one is ready.').waitFor(60_000);
      assert.equal((await named(api, 'only-one')).length, 1);
    });

    it('looks a devbox up whose create was not answered, instead of making another', async () => {
      const { workbench } = session();
      const api = await useFaults({ fault: 'cut', method: 'POST', path: '/v1/devboxes', took_effect: true, count: 4 });
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('found-again');
      await workbench.notification('Devbox found-again is ready.').waitFor(90_000);
      assert.equal((await named(api, 'found-again')).length, 1);
      await workbench.tree('Devboxes').row('found-again').waitForState('attached');
    });

    it('goes on with a devbox whose start was cancelled and that is kept', async () => {
      const { workbench } = session();
      const api = await useFaults({ fault: 'slow_boot', stage: 'initializing', delay_ms: 6_000 });
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('kept-one');
      await workbench.tree('Devboxes').row('kept-one').waitFor();
      await workbench.notification('Starting devbox kept-one').press('Cancel');
      await workbench.dialog.press('Keep Devbox');
      await workbench.notification('Devbox kept-one is ready.').waitFor(60_000);
      assert.deepEqual(
        (await named(api, 'kept-one')).map(({ status }) => status),
        ['running'],
      );
    });

    it('shuts a devbox down that was ready before the user said so', async () => {
      const { workbench } = session();
      const api = await useFaults({ fault: 'slow_boot', stage: 'initializing', delay_ms: 6_000 });
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('not-wanted');
      await workbench.tree('Devboxes').row('not-wanted').waitFor();
      await workbench.notification('Starting devbox not-wanted').press('Cancel');
      await workbench.dialog.waitFor('Devbox not-wanted is still starting. Shut it down?');
      // The user thinks it over; meanwhile the window is attached to it.
      await eventually(
        async () => (await named(api, 'not-wanted'))[0]?.status,
        (status) => status === 'running',
      );
      await workbench.page.waitForTimeout(3_000);
      await workbench.dialog.press('Shut Down');
      await workbench.notification('The start of not-wanted was cancelled.').waitFor();
      assert.deepEqual(
        (await named(api, 'not-wanted')).map(({ status }) => status),
        ['shutdown'],
      );
      await workbench.tree('Devboxes').row('not-wanted').waitForGone();
    });

    it('shows what the current session costs, and in status bar and tree that its server does not answer', async () => {
      const { workbench } = session();
      const api = await useFaults();
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('sick-one');
      await workbench.notification('Devbox sick-one is ready.').waitFor(60_000);
      const item = workbench.statusBarItem(/sick-one · est\. (under )?\$0\.0\d/);
      await item.waitFor();
      await workbench.screenshot('session-1-spend');
      const tree = workbench.tree('Devboxes');
      await tree.row('sick-one').element.locator('.monaco-tl-twistie').click();
      await tree.row('Session').waitForDescription('attached, server up');
      const rules = [{ fault: 'status', on: 'tunnel', port: 4444, status: 503 }];
      const answer = await fetch(`${api.baseUrl}/local/faults/add`, {
        method: 'POST',
        headers: { authorization: api.authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ rules }),
      });
      assert.equal(answer.status, 200);
      // Whoever asks for the session's actions has it looked at.
      await item.click();
      await workbench.quickInput.waitFor('Session: sick-one');
      await workbench.quickInput.dismiss();
      await tree.row('Session').waitForDescription('attached, server down', 60_000);
      await item.and(workbench.page.locator('.warning-kind')).waitFor();
      await workbench.screenshot('session-2-unreachable');
    });

    async function startPlain(api: RunloopApi, name: string): Promise<void> {
      const choices = {
        source: { kind: 'plain' },
        size: 'SMALL',
        endRule: { kind: 'lifetime', seconds: 1_800 },
      } as const;
      await startPlainDevbox(api, name, choices, { signal: deadline(30_000) });
    }

    it('waits for a snapshot or ends it, as the user says, when a devbox is shut down', async () => {
      const { workbench } = session();
      const rule = {
        fault: 'status',
        status: 409,
        method: 'POST',
        path: '/v1/devboxes/*/shutdown',
        message: 'A snapshot is being taken.',
      };
      const api = await useFaults({ ...rule, devbox: 'patient', count: 1 }, { ...rule, devbox: 'forced', count: 1 });
      await Promise.all([startPlain(api, 'patient'), startPlain(api, 'forced')]);
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const tree = workbench.tree('Devboxes');
      await tree.row('patient').chooseFromMenu('Shut Down Devbox');
      await workbench.dialog.press('Shut Down');
      await workbench.dialog.waitFor('A snapshot of patient is being taken.');
      await workbench.screenshot('ends-1-snapshot');
      await workbench.dialog.press('Wait for Snapshot');
      await workbench.notification('Devbox patient was shut down.').waitFor(30_000);
      await tree.row('forced').chooseFromMenu('Shut Down Devbox');
      await workbench.dialog.press('Shut Down');
      await workbench.dialog.waitFor('A snapshot of forced is being taken.');
      await workbench.dialog.press('Shut Down Anyway');
      await workbench.notification('Devbox forced was shut down.').waitFor(30_000);
      for await (const devbox of api.devboxes.list({})) assert.equal(devbox.status, 'shutdown');
    });

    it('says that it waits where Runloop is slow, and asks nothing any more once that is given up', async () => {
      const { workbench } = session();
      const api = await useFaults({
        fault: 'delay',
        method: 'GET',
        path: '/v1/devboxes/*',
        devbox: 'slow',
        delay_ms: 4_000,
      });
      await api.devboxes.create({ name: 'slow' }, { requestId: crypto.randomUUID() });
      await eventually(
        () => named(api, 'slow'),
        ([slow]) => slow?.status === 'running',
      );
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const row = workbench.tree('Devboxes').row('slow');
      await row.waitForState('running');
      await row.chooseFromMenu('Shut Down Devbox');
      const waiting = workbench.notification('Waiting for Runloop…');
      await waiting.waitFor();
      await workbench.screenshot('ends-4-waiting');
      await waiting.press('Cancel');
      await waiting.waitForGone();
      await row.chooseFromMenu('Suspend Devbox');
      await waiting.waitFor();
      await workbench.dialog.waitFor('Suspend slow?');
      await workbench.dialog.press('Cancel');
      assert.equal((await named(api, 'slow'))[0]?.status, 'running');
    });

    it('suspends and shuts down several rows after one question each', async () => {
      const { workbench } = session();
      const api = await useFaults();
      await Promise.all(['first', 'second', 'third'].map((name) => startPlain(api, name)));
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const tree = workbench.tree('Devboxes');
      const both = async (entry: string): Promise<void> => {
        await tree.row('first').click();
        await tree
          .row('second')
          .element.locator('.label-name')
          .click({ modifiers: ['Control'] });
        await tree.row('second').chooseFromMenu(entry);
      };
      await both('Suspend Devbox');
      await workbench.dialog.waitFor('Suspend 2 devboxes?');
      await workbench.screenshot('ends-2-suspend-two');
      await workbench.dialog.press('Suspend');
      await eventually(
        async () => Promise.all(['first', 'second', 'third'].map(async (name) => (await named(api, name))[0]?.status)),
        (statuses) => statuses.join() === 'suspended,suspended,running',
      );
      await tree.row('first').waitForState('suspended', 30_000);
      await tree.row('second').waitForState('suspended', 30_000);
      await both('Shut Down Devbox');
      await workbench.dialog.waitFor('Shut down 2 devboxes?');
      assert.match(await workbench.dialog.text(), /first \(dbx_[^]*second \(dbx_/);
      await workbench.dialog.press('Shut Down');
      await workbench.notification('2 devboxes were shut down.').waitFor(60_000);
      assert.equal((await named(api, 'third'))[0]?.status, 'running');
      // Rows still move while what has ended leaves its group.
      await eventually(
        async () => tree.labels(),
        (labels) => !labels.includes('first') && !labels.includes('second'),
      );
      await workbench.screenshot('ends-2-two-gone');
      await tree.row('third').click();
      await tree.row('third').chooseFromMenu('Show Output', 'Logs');
      await workbench.page.locator('.output-view .view-lines').waitFor();
    });

    it('shuts down the others when it does not work for some, and says for how many', async () => {
      const { workbench } = session();
      const names = ['bad-1', 'bad-2', 'good-1', 'good-2'];
      const refused = {
        fault: 'status',
        status: 403,
        method: 'POST',
        path: '/v1/devboxes/*/shutdown',
        message: 'Not yours to end.',
      };
      const api = await useFaults({ ...refused, devbox: 'bad-1' }, { ...refused, devbox: 'bad-2' });
      await Promise.all(names.map((name) => startPlain(api, name)));
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const tree = workbench.tree('Devboxes');
      await tree.row('bad-1').click();
      for (const name of names.slice(1)) {
        await tree
          .row(name)
          .element.locator('.label-name')
          .click({ modifiers: ['Control'] });
      }
      await tree.row('good-2').chooseFromMenu('Shut Down Devbox');
      await workbench.dialog.waitFor('Shut down 4 devboxes?');
      await workbench.dialog.press('Shut Down');
      await workbench.notification('This failed for 2 of 4 devboxes.').waitFor(60_000);
      await workbench.screenshot('ends-3-some-failed');
      const statuses = await Promise.all(names.map(async (name) => (await named(api, name))[0]?.status));
      assert.deepEqual(statuses, ['running', 'running', 'shutdown', 'shutdown']);
    });
  });
