import { describe, it } from 'mocha';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { eventually } from '../eventually';
import { useUiSession } from './uiSession';
import { Workbench } from './workbench/workbench';

describe('The main job without a mouse', function () {
  this.timeout(180_000);
  const session = useUiSession();
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
    const { workbench, platform } = session();
    const { keyboard } = workbench.page;
    const row = workbench.tree('Devboxes').row(name);

    await type('Runloop: Start Devbox');
    await workbench.quickInput.waitFor('Name of the devbox');
    await keyboard.press('Control+A');
    await keyboard.insertText(name);
    await keyboard.press('Enter');
    await workbench.notification(`Devbox ${name} is ready.`).waitFor(60_000);

    // The view's own key; then Home is the group, and the devbox is below it. A view that is opened for the first time has
    // no rows yet that could have the focus.
    await keyboard.press('Control+Shift+Alt+R');
    await row.waitForDescription('attached', 30_000);
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
    await workbench.quickInput.waitFor('Show the output of which devbox?');
    await workbench.quickInput.row(name).waitFor();
    await keyboard.press('Enter');
    await eventually(() => session().outputText(name), (text) => text.includes('ActionExecutor initialized.'));
    await workbench.page.locator('.output-view .view-lines').waitFor();
    await workbench.screenshot('keyboard-2-output');

    await type('Runloop: Shut Down Devbox');
    await workbench.quickInput.row(name).waitFor();
    await keyboard.press('Enter');
    await workbench.dialog.waitFor(`Shut down the devbox ${name}?`);
    await workbench.screenshot('keyboard-3-question');
    await keyboard.press('Enter');
    await workbench.notification(`Devbox ${name} is shut down.`).waitFor(30_000);
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseURL });
    await eventually(
      async () => {
        const statuses: string[] = [];
        for await (const devbox of api.list({})) statuses.push(devbox.status);
        return statuses;
      },
      (statuses) => statuses.join() === 'shutdown',
    );
  });
});
