import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../src/core/runtime/runloopRuntime';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

export const fromStartToEnd: UiTests = (useWindow) =>
  describe('From the start of a devbox to its end', function () {
    this.timeout(180_000);
    const session = useWindow();

    const api = (): RunloopApi => {
      const { platform } = session();
      return new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    };

    async function statusOf(devboxName: string): Promise<string | undefined> {
      for await (const devbox of api().devboxes.list({})) if (devbox.name === devboxName) return devbox.status;
      return undefined;
    }

    describe('The main job without a mouse', () => {
      const name = 'by-keyboard';

      /** Runs a command of the palette by typing. */
      async function type(title: string): Promise<void> {
        const { page, quickInput } = session().workbench;
        await page.keyboard.press('F1');
        await page.locator('.quick-input-widget .quick-input-box input').waitFor();
        await page.keyboard.insertText(title);
        await quickInput.row(title).waitFor();
        await page.keyboard.press('Enter');
      }

      it('starts a devbox, reads its output, opens its VS Code and shuts it down', async () => {
        const { workbench } = session();
        const { keyboard } = workbench.page;
        const row = workbench.tree('Devboxes').row(name);

        await type('Runloop: Start Devbox');
        await workbench.quickInput.waitFor('Devbox name');
        await keyboard.press('Control+A');
        await keyboard.insertText(name);
        await keyboard.press('Enter');
        await workbench.notification(`Devbox ${name} is ready.`).waitFor(60_000);

        // The view's own key; then Home is the group, and the devbox is below it. A view that is opened for the first time has
        // no rows yet that could have the focus.
        await keyboard.press('Control+Shift+Alt+R');
        await row.waitForState('attached', 30_000);
        await eventually(
          async () => {
            await keyboard.press('Control+Shift+Alt+R');
            await keyboard.press('Home');
            await keyboard.press('ArrowDown');
            await workbench.page.waitForTimeout(300);
            return row.element.getAttribute('class');
          },
          (classes) => classes?.includes('focused') === true,
        );
        await workbench.screenshot('keyboard-1-focus');
        const inside = await workbench.newPageDuring(() => keyboard.press('Enter'), 60_000);
        const inner = new Workbench(inside);
        await inner.waitUntilReady();
        await inside.close();

        await type('Runloop: Show Output');
        await workbench.quickInput.waitFor('Select a devbox to show its output');
        await workbench.quickInput.row(name).waitFor();
        await keyboard.press('Enter');
        await eventually(
          () => session().outputText(name),
          (text) => text.includes('ActionExecutor initialized.'),
        );
        await workbench.page.locator('.output-view .view-lines').waitFor();
        await workbench.screenshot('keyboard-2-output');

        await type('Runloop: Shut Down Devbox');
        await workbench.quickInput.row(name).waitFor();
        await keyboard.press('Enter');
        await workbench.dialog.waitFor(`Shut down the devbox ${name}?`);
        await workbench.screenshot('keyboard-3-question');
        await keyboard.press('Enter');
        await workbench.notification(`Devbox ${name} was shut down.`).waitFor(30_000);
        await eventually(
          () => statusOf(name),
          (status) => status === 'shutdown',
        );
      });
    });

    describe('The life of a devbox', () => {
      const name = 'lively';

      it('is renamed, with the same rules for names', async () => {
        const { workbench } = session();
        await workbench.openViewContainer('Runloop');
        await workbench.runCommand('Runloop: Start Devbox');
        await workbench.quickInput.accept('first-name');
        await workbench.notification('Devbox first-name is ready.').waitFor(60_000);
        await workbench.tree('Devboxes').row('first-name').chooseFromMenu('Rename Devbox');
        await workbench.quickInput.waitFor('New name for first-name');
        await workbench.quickInput.accept(name);
        await workbench.tree('Devboxes').row(name).waitFor();
        assert.equal(await statusOf(name), 'running');
      });

      it('is kept alive only while that is switched on, and the status bar says so', async () => {
        const { workbench } = session();
        // Of a lifetime it could not keep alive; an idle rule can be put off.
        const { id } = await api().devboxes.create(
          {
            name: 'idler',
            launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 600, on_idle: 'suspend' } } },
          },
          { requestId: crypto.randomUUID() },
        );
        await api().devboxes.waitForStatus(id, ['running'], 20);
        await workbench.runCommand('Runloop: Refresh Devboxes');
        const row = workbench.tree('Devboxes').row('idler');
        await row.waitFor();
        await row.chooseFromMenu('Keep Devbox Alive (On/Off)');
        const kept = workbench.page.locator('.statusbar [id$="runloop.keepAlive"]');
        await kept.filter({ hasText: 'idler' }).waitFor();
        await workbench.screenshot('life-1-kept-alive');
        await row.chooseFromMenu('Keep Devbox Alive (On/Off)');
        await kept.waitFor({ state: 'hidden' });
        await api().devboxes.shutdown(id);
        await workbench.runCommand('Runloop: Refresh Devboxes');
      });

      it('is suspended after a question that tells what is lost, and resumed', async () => {
        const { workbench } = session();
        await workbench.tree('Devboxes').row(name).chooseFromMenu('Suspend Devbox');
        await workbench.dialog.waitFor(`Suspend ${name}?`);
        assert.match(await workbench.dialog.text(), /disk is kept.*processes.*lost/s);
        await workbench.screenshot('life-2-suspend');
        await workbench.dialog.press('Suspend');
        await eventually(
          () => statusOf(name),
          (status) => status === 'suspended',
        );
        // A list that opens while the view is drawn again may lose the focus to it, and closes.
        await workbench.tree('Devboxes').row(name).waitForState('suspended', 30_000);
        await workbench.runCommand('Runloop: Resume Devbox');
        await workbench.quickInput.pick(name);
        await eventually(
          () => statusOf(name),
          (status) => status === 'running',
        );
        await workbench.tree('Devboxes').row(name).waitForState('running', 30_000);
      });

      it('does not look forgotten while it is new, and is shut down only after a yes', async () => {
        const { workbench } = session();
        // What is new and ends by itself is not forgotten.
        await workbench.runCommand('Runloop: Find Forgotten Devboxes');
        await workbench.notification('No forgotten devboxes found.').waitFor();
        await workbench.tree('Devboxes').row(name).chooseFromMenu('Shut Down Devbox');
        await workbench.dialog.waitFor(`Shut down the devbox ${name}?`);
        await workbench.dialog.press('Cancel');
        assert.equal(await statusOf(name), 'running');
        await workbench.tree('Devboxes').row(name).chooseFromMenu('Shut Down Devbox');
        await workbench.dialog.press('Shut Down');
        await workbench.tree('Devboxes').row(name).waitForGone(30_000);
        assert.equal(await statusOf(name), 'shutdown');
      });
    });

    describe('Sessions', () => {
      const name = 'kept-session';
      let agent: RunloopRuntime | undefined;

      const devboxId = (): string => agent?.devbox?.id ?? '';
      const countNotices = async (part: string): Promise<number> =>
        (await session().workbench.notificationTexts()).filter((text) => text.includes(part)).length;

      it('shows the current session in the status bar, and offers its actions on a click', async () => {
        const { workbench, platform } = session();
        agent = new RunloopRuntime({
          apiKey: platform.apiKey,
          baseUrl: platform.baseUrl,
          sid: name,
          headlessMode: true,
        });
        await agent.connect();
        await workbench.openViewContainer('Runloop');
        await workbench.runCommand('Runloop: Refresh Devboxes');
        const row = workbench.tree('Devboxes').row(name);
        await row.waitFor(30_000);
        await row.chooseFromMenu('Attach to Devbox');
        const item = workbench.statusBarItem(name);
        await item.waitFor({ timeout: 30_000 });
        await item.click();
        await workbench.quickInput.waitFor(`Session: ${name}`);
        const labels = await workbench.quickInput.labels();
        assert.deepEqual(
          labels.map((label) => label.trim()),
          [
            'Open VS Code',
            'Run as Agent Action…',
            'Copy VS Code Link',
            'Show Output',
            'Open Log',
            'Copy Devbox ID',
            'Suspend',
            'Detach',
            'Shut Down',
          ],
        );
        await workbench.screenshot('sessions-1-actions');
        await workbench.quickInput.dismiss();
      });

      it('attaches again in the background after a reload', async () => {
        const { workbench } = session();
        await workbench.reload();
        await workbench.statusBarItem(name).waitFor({ timeout: 40_000 });
        await workbench.screenshot('sessions-2-reloaded');
        await workbench.openViewContainer('Runloop');
        await workbench.tree('Devboxes').row(name).waitForState('attached', 20_000);
      });

      it('tells once when somebody else suspends it, and resumes it on a click', async () => {
        const { workbench } = session();
        await api().devboxes.suspend(devboxId());
        await workbench.runCommand('Runloop: Refresh Devboxes');
        await workbench.notification(`The devbox ${name} was suspended.`).waitFor(60_000);
        await workbench.statusBarItem(name).waitFor({ state: 'hidden' });
        await workbench.screenshot('sessions-3-suspended');
        assert.equal(await countNotices(`${name} was suspended`), 1);
        await workbench.notification(`${name} was suspended`).press('Resume');
        const row = workbench.tree('Devboxes').row(name);
        await row.waitForState('running', 60_000);
        await eventually(
          () => api().devboxes.retrieve(devboxId()),
          ({ status }) => status === 'running',
        );
        // As it was before it was suspended.
        await workbench.statusBarItem(name).waitFor({ timeout: 60_000 });
        await row.waitForState('attached', 20_000);
      });

      it('tells once when it dies, and why at a click', async () => {
        const { workbench } = session();
        await api().devboxes.shutdown(devboxId());
        await workbench.runCommand('Runloop: Refresh Devboxes');
        await workbench.notification(`The devbox ${name} has ended: it was shut down through the API.`).waitFor(60_000);
        await workbench.statusBarItem(name).waitFor({ state: 'hidden' });
        // Whatever would tell of it once more has looked by then.
        await workbench.runCommand('Runloop: Refresh Devboxes');
        await workbench.page.waitForTimeout(4_000);
        await workbench.screenshot('sessions-4-ended');
        assert.equal(await countNotices(`${name} has ended`), 1);
        await workbench.notification(`${name} has ended`).press('Why Did It Stop?');
        const text = await eventually(
          () => workbench.editorText(),
          (seen) => seen.includes(`Why did ${name} stop?`) && seen.includes('api_shutdown'),
        );
        assert.match(text, /shutdown_reason +api_shutdown/);
        await workbench.screenshot('sessions-5-why');
        await agent?.close();
      });

      it('attaches to nothing that is gone after a reload', async () => {
        const { workbench } = session();
        await workbench.reload();
        await workbench.openViewContainer('Runloop');
        await session().api.ready();
        assert.equal(await workbench.statusBarItem(name).count(), 0);
      });
    });
  });
