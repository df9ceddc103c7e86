import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

/** The view as somebody without a mouse uses it: not one click in here. */
export const keyboardOnly: UiTests = (useWindow) =>
  describe('The view without a mouse', function () {
    this.timeout(120_000);
    const session = useWindow();
    const tree = () => session().workbench.tree('Devboxes');
    const keys = () => session().workbench.page.keyboard;
    const focused = () => tree().rows.and(session().workbench.page.locator('.focused'));

    /** Brings the focus to a row by arrows. */
    async function goTo(name: string): Promise<void> {
      await keys().press('Control+Shift+Alt+R');
      await eventually(
        async () => {
          await keys().press('Home');
          for (let step = 0; step < 8; step += 1) {
            if ((await focused().locator('.label-name').allInnerTexts()).join() === name) return true;
            await keys().press('ArrowDown');
          }
          return false;
        },
        (there) => there,
      );
    }

    /** Selects a row as the editor's lists have it: keys of the view mean what is selected. */
    async function select(name: string): Promise<void> {
      const { page } = session().workbench;
      const selected = tree().rows.and(page.locator('.selected'));
      await keys().press('Control+Shift+Alt+R');
      await eventually(
        async () => {
          await keys().press('Escape');
          return selected.count();
        },
        (count) => count === 0,
      );
      await goTo(name);
      await keys().press('Control+Shift+Enter');
      await selected.waitFor();
      // What is selected reaches the extension a moment after it is drawn.
      await page.waitForTimeout(300);
    }

    async function palette(title: string): Promise<void> {
      const { quickInput } = session().workbench;
      await keys().press('F1');
      await quickInput.waitFor(/Type the name of a command/);
      await keys().type(title);
      await quickInput.row(title).waitFor();
      await keys().press('Enter');
    }

    it('starts a devbox from the palette, which opens and works while it is starting', async () => {
      const { workbench } = session();
      await palette('Runloop: Start Devbox');
      await workbench.quickInput.waitFor(/name/i);
      await keys().type('by-keys');
      await keys().press('Enter');
      await workbench.notification('Starting devbox by-keys').waitFor();
      await palette('Runloop: Focus on Devboxes View');
      await tree().row('by-keys').waitFor();
      await keys().press('F1');
      await keys().type('Runloop: Filter');
      await workbench.quickInput.row('Runloop: Filter Devboxes…').waitFor();
      await keys().press('Escape');
      await workbench.quickInput.waitForClosed();
      await workbench.notification('Devbox by-keys is ready.').waitFor(60_000);
    });

    it('renames the selected row by F2', async () => {
      const { workbench, platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const { id } = await api.devboxes.create({ name: 'other' }, { requestId: 'ui-keys-other' });
      await api.devboxes.waitForStatus(id, ['running'], 20);
      await palette('Runloop: Refresh Devboxes');
      await tree().row('other').waitFor();
      await select('by-keys');
      await keys().press('F2');
      await workbench.quickInput.waitFor(/^New name for by-keys/);
      assert.equal(await workbench.quickInput.value(), 'by-keys');
      await keys().press('Control+A');
      await keys().type('renamed');
      await keys().press('Enter');
      await tree().row('renamed').waitFor();
      await tree().row('other').waitFor();
    });

    it('opens the menu of a row by its key, and does what is chosen there', async () => {
      const { workbench } = session();
      const menu = workbench.page.locator('.context-view .monaco-menu');
      await goTo('other');
      await keys().press('Shift+F10');
      await menu.first().waitFor();
      const current = menu.locator('.action-item.focused');
      await eventually(
        async () => {
          await keys().press('ArrowDown');
          return (await current.allInnerTexts()).join();
        },
        (text) => text.startsWith('Pin Devbox'),
      );
      await workbench.screenshot('keyboard-1-menu');
      await keys().press('Enter');
      await menu.first().waitFor({ state: 'hidden' });
      await tree().row('other').waitForState('pinned');
    });

    it('opens VS Code by Enter, what is below a row by the arrows, and filters', async () => {
      const { workbench } = session();
      await goTo('renamed');
      const page = await workbench.newPageDuring(() => keys().press('Enter'), 60_000);
      await page.close();
      await goTo('renamed');
      await keys().press('ArrowRight');
      await tree().row('Session').waitFor();
      await keys().press('ArrowLeft');
      await tree().row('Session').waitForGone();
      await keys().press('Control+Alt+F');
      await workbench.quickInput.waitFor(/^Words in the name/);
      await keys().type('other');
      await tree().row('renamed').waitForGone();
      await keys().press('Escape');
      await tree().row('renamed').waitFor();
    });

    it('shuts down the selected row by Delete, after a question that Escape leaves', async () => {
      const { workbench } = session();
      await select('renamed');
      await keys().press('Delete');
      await workbench.dialog.waitFor('Shut down the devbox renamed');
      await keys().press('Escape');
      await workbench.dialog.element.waitFor({ state: 'hidden' });
      await select('other');
      await keys().press('Delete');
      await workbench.dialog.waitFor('Shut down the devbox other');
      const pressed = workbench.page.locator('.monaco-dialog-box .monaco-button:focus');
      await eventually(
        async () => {
          await keys().press('Tab');
          return (await pressed.allInnerTexts()).join();
        },
        (text) => text === 'Shut Down',
      );
      await keys().press('Enter');
      await workbench.notification('Devbox other was shut down.').waitFor(30_000);
      await tree().row('renamed').waitFor();
    });
  });
