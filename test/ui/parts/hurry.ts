import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'mocha';
import type { Devbox } from '../../../src/core/platform/devbox';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

export const inAHurry: UiTests = (useWindow) =>
  describe('Somebody in a hurry', function () {
    this.timeout(120_000);
    const session = useWindow();

    async function devboxes(): Promise<readonly Devbox[]> {
      const { platform } = session();
      const all: Devbox[] = [];
      for await (const devbox of new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl }).devboxes.list(
        {},
      )) {
        all.push(devbox);
      }
      return all;
    }

    /** Holds the platform meanwhile: no devbox becomes ready, however slow this computer is with what is done. */
    async function whileItStandsStill(work: () => Promise<void>): Promise<void> {
      const { pid } = session().platform;
      process.kill(pid, 'SIGSTOP');
      try {
        await work();
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    }

    it('starts nothing by Escape, in whichever step', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      const steps: readonly (() => Promise<void>)[] = [
        () => workbench.quickInput.pick('Plain devbox'),
        () => workbench.quickInput.pick('SMALL'),
        () => workbench.quickInput.pick('Shut down after 1 h'),
        () => workbench.quickInput.pick('Nothing'),
        () => workbench.quickInput.accept(),
      ];
      for (let taken = 0; taken <= steps.length; taken++) {
        await workbench.runCommand('Runloop: Start Devbox With Options…');
        for (const [index, step] of steps.slice(0, taken).entries()) {
          await workbench.quickInput.waitFor(new RegExp(`\\(${index + 1}/\\d\\)`));
          await step();
        }
        await workbench.quickInput.waitFor(new RegExp(`\\(${taken + 1}/\\d\\)`));
        await workbench.quickInput.dismiss();
      }
      assert.deepEqual(await devboxes(), []);
      assert.deepEqual(await workbench.notificationTexts(), []);
    });

    let reloaded = '';
    const named = async (): Promise<Devbox[]> => (await devboxes()).filter(({ name }) => name === reloaded);

    it('keeps the devbox that was starting when the window was reloaded, once', async () => {
      const { workbench, api } = session();
      // A second try has one of its own.
      reloaded = `reloaded-${randomUUID().slice(0, 4)}`;
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept(reloaded);
      await eventually(named, (all) => all.length === 1);
      await whileItStandsStill(() => workbench.reload());
      await api.ready();
      await workbench.openViewContainer('Runloop');
      const row = workbench.tree('Devboxes').row(reloaded);
      await row.waitForState('running', 60_000);
      await workbench.screenshot('hurry-1-reloaded');
      await row.chooseFromMenu('Attach to Devbox');
      await row.waitForState('attached', 60_000);
      assert.equal((await named()).length, 1);
    });

    it('opens VS Code once for a double click', async () => {
      const { workbench, context } = session();
      const before = context.pages().length;
      await workbench.tree('Devboxes').row(reloaded).element.locator('.label-name').dblclick();
      await eventually(
        () => Promise.resolve(context.pages().length),
        (count) => count > before,
      );
      // A second one would come within moments.
      await workbench.page.waitForTimeout(3_000);
      assert.equal(context.pages().length, before + 1);
      await context.pages().at(-1)?.close();
    });

    it('starts two of the same name in two windows, each its own', async () => {
      const { workbench, context, stack } = session();
      const other = new Workbench(await context.newPage());
      await other.open(`${stack.origin}/`);
      await other.openViewContainer('Runloop');
      for (const window of [workbench, other]) await window.runCommand('Runloop: Start Devbox');
      await Promise.all([workbench, other].map((window) => window.quickInput.accept('twins')));
      for (const window of [workbench, other]) await window.notification('Devbox twins is ready.').waitFor(60_000);
      const twins = (await devboxes()).filter(({ name, status }) => name === 'twins' && status === 'running');
      assert.equal(twins.length, 2);
      assert.equal(new Set(twins.map(({ id }) => id)).size, 2);
      await other.page.close();
    });

    it('leaves the devbox alone that becomes ready after signing out, and says where it runs', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.waitFor('Devbox name');
      await whileItStandsStill(async () => {
        await workbench.quickInput.accept('left-alone');
        await workbench.notification('Starting devbox left-alone').waitFor();
        await workbench.runCommand('Runloop: Sign Out');
        await workbench.tree('Devboxes').welcome.getByRole('button', { name: 'Sign In' }).waitFor();
      });
      await workbench
        .notification('Devbox left-alone is ready and running in the account that this window used before.')
        .waitFor(60_000);
      await workbench.statusBarItem('left-alone').waitFor({ state: 'hidden' });
      await workbench.tree('Devboxes').row('left-alone').waitForGone(10_000);
      await workbench.screenshot('hurry-3-signed-out');
      assert.equal((await devboxes()).find(({ name }) => name === 'left-alone')?.status, 'running');
    });
  });
