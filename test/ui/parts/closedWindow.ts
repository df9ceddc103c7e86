import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'mocha';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

export const closedWindow: UiTests = (useWindow) =>
  describe('Devboxes of a window that was closed', function () {
    this.timeout(120_000);
    const session = useWindow();

    it('are asked about once, by the next window, and only when theirs is closed', async () => {
      const { workbench, context, stack, api } = session();
      const question = 'Devboxes started in a window that is now closed are still running: left-behind.';
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('left-behind');
      await workbench.notification('Devbox left-behind is ready.').waitFor(60_000);

      const extensions = await api.evaluate(() => process.pid);
      const folder = join(dirname(stack.folder), 'another');
      await mkdir(folder, { recursive: true });
      const other = new Workbench(await context.newPage());
      await other.open(`${stack.origin}/?folder=${encodeURI(folder)}`);
      // Longer than a window waits before it asks.
      await other.page.waitForTimeout(8_000);
      if ((await other.notification(question).element.count()) > 0) {
        throw new Error('Asked although the window is open.');
      }

      // As when somebody closes the tab: the page is told, and ends its extensions.
      await workbench.page.goto('about:blank');
      await workbench.page.close();
      // Its extensions end a moment later.
      await eventually(
        () => Promise.resolve(isAlive(extensions)),
        (alive) => !alive,
      );
      await other.reload();
      await other.notification(question).waitFor(30_000);
      await other.screenshot('closed-1-question');
      await other.notification(question).press('Review');
      await other.quickInput.waitFor(/Running devboxes that may have been forgotten: 1\./);
      await other.quickInput.row('left-behind').waitFor();
      await other.screenshot('closed-2-review');
      await other.quickInput.dismiss();

      await other.reload();
      await other.page.waitForTimeout(8_000);
      if ((await other.notification(question).element.count()) > 0) throw new Error('Asked twice.');
    });
  });
