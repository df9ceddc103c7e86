import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { artifactsDir } from '../../vscode/projectPaths';
import { ModalDialog, Notification } from './messages';
import { QuickInput } from './quickInput';
import { TreeView } from './treeView';

/** Opening a workbench may take this long, in milliseconds, on a slow and busy computer. */
const openLimitMs = 120_000;

/**
 * A VS Code window in a browser page, driven as a person drives it. Waits are Playwright's own: each action waits for
 * what it needs, up to the page's default limit.
 */
export class Workbench {
  /** Command palette, quick picks and input boxes. */
  readonly quickInput: QuickInput;
  /** The modal dialog. */
  readonly dialog: ModalDialog;

  constructor(readonly page: Page) {
    this.quickInput = new QuickInput(page);
    this.dialog = new ModalDialog(page);
  }

  /** Opens the workbench at `address` and waits until it can be used. */
  async open(address: string): Promise<void> {
    await this.page.goto(address, { timeout: openLimitMs });
    await this.waitUntilReady();
  }

  /** Reloads the page, as a person would with F5, and waits until it can be used again. */
  async reload(): Promise<void> {
    await this.page.reload({ timeout: openLimitMs });
    await this.waitUntilReady();
  }

  /** Waits until the window is drawn. Extensions may still be starting. */
  async waitUntilReady(): Promise<void> {
    await this.page.locator('.monaco-workbench .statusbar').waitFor({ timeout: openLimitMs });
  }

  /**
   * Runs a command from the palette.
   * @param title with its category: `Runloop: Start Devbox`
   */
  async runCommand(title: string): Promise<void> {
    await this.quickInput.runCommand(title);
  }

  /** The icon of a view container in the activity bar. */
  activityIcon(title: string): Locator {
    return this.page.locator(`.activitybar .action-item a[aria-label^="${title}"]`);
  }

  /** Shows a view container in the side bar. Does nothing if it is shown. */
  async openViewContainer(title: string): Promise<void> {
    const icon = this.activityIcon(title);
    await icon.waitFor();
    const shown = this.page
      .locator('.activitybar .action-item.checked')
      .filter({ has: this.page.locator(`a[aria-label^="${title}"]`) });
    // A click on the icon of what is shown would hide it, and a window that is still restoring shows it by itself.
    for (let tries = 0; tries < 10; tries++) {
      // On what is around it: a badge, or the mark of something under way, may lie over the icon itself.
      if ((await shown.count()) === 0) await icon.locator('..').click({ position: { x: 6, y: 6 } });
      await this.page.waitForTimeout(500);
      if ((await shown.count()) > 0) return;
    }
    throw new Error(`The view container ${title} does not stay shown.`);
  }

  /** @param name the view's title as users see it */
  tree(name: string): TreeView {
    return new TreeView(this.page, name);
  }

  /** A notification by a part of its text; it need not be there yet. */
  notification(text: string | RegExp): Notification {
    return new Notification(this.page, text);
  }

  /** The text of all toasts that are shown now. */
  async notificationTexts(): Promise<string[]> {
    return await this.page.locator('.notifications-toasts .notification-list-item-message').allInnerTexts();
  }

  /** An item of the status bar by a part of its text. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar .statusbar-item').filter({ hasText: text });
  }

  /** A file in the explorer by its name. Show the explorer first. */
  explorerFile(name: string): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name });
  }

  /** Opens a file of the workspace with the quick open box. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.quickInput.fill(name);
    await this.quickInput.pick(name);
  }

  /** Presses a button at the upper right of the active editor, by the beginning of its name. */
  async pressEditorButton(title: string): Promise<void> {
    await this.page
      .locator(`.editor-group-container.active .editor-actions a.action-label[aria-label^="${title}"]`)
      .click();
  }

  /** The lines of the active editor that are drawn now, with ordinary spaces. */
  async editorText(): Promise<string> {
    const lines = await this.page.locator('.editor-group-container.active .view-lines .view-line').allInnerTexts();
    return lines.join('\n').replaceAll('\u00a0', ' ');
  }

  /** The lines of the output panel that are drawn now; {@link UiSession.outputText} has all of them. */
  async visibleOutput(): Promise<string> {
    const lines = await this.page.locator('.output-view .view-lines .view-line').allInnerTexts();
    return lines.join('\n').replaceAll('\u00a0', ' ');
  }

  /**
   * Waits for the page that opens while `action` runs, as after a click on a link.
   * @param limitMs milliseconds
   */
  async newPageDuring(action: () => Promise<void>, limitMs = 30_000): Promise<Page> {
    const [page] = await Promise.all([this.page.context().waitForEvent('page', { timeout: limitMs }), action()]);
    return page;
  }

  /**
   * Writes a picture of the window to `artifacts/<name>.png`.
   * @returns the file's path
   */
  async screenshot(name: string): Promise<string> {
    await mkdir(artifactsDir, { recursive: true });
    const path = join(artifactsDir, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}
