import { setTimeout as sleep } from 'node:timers/promises';
import { errors, type Locator, type Page } from 'playwright-core';

/** A row of a tree view, found by the text of its label; it need not be there yet. */
export class TreeRow {
  constructor(
    private readonly page: Page,
    readonly element: Locator,
  ) {}

  /**
   * Waits until the row is there.
   * @param timeoutMs milliseconds; Playwright's default without it
   */
  async waitFor(timeoutMs?: number): Promise<void> {
    await this.element.waitFor(timeoutMs === undefined ? {} : { timeout: timeoutMs });
  }

  /**
   * Waits until the row is gone.
   * @param timeoutMs milliseconds; Playwright's default without it
   */
  async waitForGone(timeoutMs?: number): Promise<void> {
    await this.element.waitFor({ state: 'detached', ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) });
  }

  /**
   * Waits until the grey text behind the label matches.
   * @param timeoutMs milliseconds; Playwright's default without it
   */
  async waitForDescription(text: string | RegExp, timeoutMs?: number): Promise<void> {
    await this.element
      .locator('.label-description')
      .filter({ hasText: text })
      .waitFor(timeoutMs === undefined ? {} : { timeout: timeoutMs });
  }

  /**
   * Waits until a screen reader would say that word of the row: `running`, `attached`, `suspended` … Eyes have the icon for it.
   * @param timeoutMs milliseconds; Playwright's default without it
   */
  async waitForState(word: string, timeoutMs?: number): Promise<void> {
    await this.element
      .and(this.page.locator(`[aria-label*="${word}"]`))
      .waitFor(timeoutMs === undefined ? {} : { timeout: timeoutMs });
  }

  /** The grey text behind the label; empty if there is none. */
  async description(): Promise<string> {
    return (await this.element.locator('.label-description').allInnerTexts()).join(' ');
  }

  /** What a screen reader says about the row. */
  async ariaLabel(): Promise<string> {
    return (await this.element.getAttribute('aria-label')) ?? '';
  }

  /** The name of the theme icon, such as `vm-running`; undefined if the row has none. */
  async icon(): Promise<string | undefined> {
    const classes = await this.element.locator('.custom-view-tree-node-item-icon').getAttribute('class');
    return /\bcodicon-([\w-]+)/.exec(classes ?? '')?.[1];
  }

  /** Clicks the row until it is the selected one: rows can move in the moment of a click, and a person would click again. */
  async click(): Promise<void> {
    const limit = Date.now() + 15_000;
    for (;;) {
      await this.element.locator('.label-name').click({ timeout: 15_000 });
      try {
        await this.element.and(this.page.locator('.selected')).waitFor({ timeout: 3_000 });
        return;
      } catch (error) {
        if (!(error instanceof errors.TimeoutError) || Date.now() > limit) throw error;
      }
      // What the click met instead may have been a group, which it has closed.
      if ((await this.element.count()) === 0) await this.page.keyboard.press('ArrowRight');
    }
  }

  /** Opens the row by its arrow, unless it is open: a click on its name would close one that is, and keys go on to what is below. */
  async expand(): Promise<void> {
    await this.element.waitFor();
    const open = this.element.and(this.page.locator('[aria-expanded="true"]'));
    const limit = Date.now() + 15_000;
    for (;;) {
      if ((await open.count()) > 0) return;
      await this.element.locator('.monaco-tl-twistie').click();
      try {
        await open.waitFor({ timeout: 3_000 });
        return;
      } catch (error) {
        if (!(error instanceof errors.TimeoutError) || Date.now() > limit) throw error;
      }
    }
  }

  /** Presses the inline button that the row shows when the mouse is over it. */
  async pressInlineButton(title: string): Promise<void> {
    await this.element.hover();
    await this.element.locator(`a.action-label[aria-label="${title}"]`).click();
  }

  /** Opens the row's context menu and chooses an entry, of a submenu where one is named. */
  async chooseFromMenu(entry: string, submenu?: string): Promise<void> {
    const menu = this.page.locator('.context-view .monaco-menu');
    const item = menu.locator('.action-item').getByText(entry, { exact: true });
    const first = submenu === undefined ? item : menu.locator('.action-item').getByText(submenu, { exact: true });
    const limit = Date.now() + 15_000;
    for (;;) {
      await this.element.locator('.label-name').click({ button: 'right' });
      try {
        await first.waitFor({ timeout: 3_000 });
        break;
      } catch (error) {
        // A row can move in the moment of the click, when another is gone; a person would click again.
        if (!(error instanceof errors.TimeoutError) || Date.now() > limit) throw error;
        if ((await menu.count()) > 0) await this.page.keyboard.press('Escape');
      }
    }
    // A click that comes right after the opening is swallowed, and the menu then stays open.
    await sleep(250);
    if (submenu !== undefined) {
      await first.click();
      await item.waitFor();
      await sleep(400);
    }
    await item.click();
    await menu.first().waitFor({ state: 'hidden' });
  }
}

/** A tree in the side bar, with its title bar buttons and its welcome text. */
export class TreeView {
  /** @param name the view's title as users see it */
  constructor(
    private readonly page: Page,
    private readonly name: string,
  ) {}

  /** All rows that are drawn now; a long tree draws only what is to be seen. */
  get rows(): Locator {
    return this.page.locator(`.monaco-list[aria-label="${this.name}"] .monaco-list-row`);
  }

  /** The row whose label is exactly `label`. */
  row(label: string): TreeRow {
    const exact = this.page.locator('.label-name').getByText(label, { exact: true });
    return new TreeRow(this.page, this.rows.filter({ has: exact }));
  }

  /** The labels that are drawn now. */
  async labels(): Promise<string[]> {
    return await this.rows.locator('.label-name').allInnerTexts();
  }

  /** The text that is shown instead of rows, with its buttons. */
  get welcome(): Locator {
    return this.pane.locator('.welcome-view-content');
  }

  /** Presses a button of the welcome text, or a link in it. */
  async pressWelcomeButton(text: string): Promise<void> {
    await this.welcome
      .getByRole('button', { name: text })
      .or(this.welcome.getByRole('link', { name: text }))
      .click();
  }

  /** Presses a button of the view's title bar, by the beginning of its name: a key binding may follow it. */
  async pressTitleButton(title: string): Promise<void> {
    await this.pane.hover();
    const button = this.page.locator(`.sidebar a.action-label[aria-label^="${title}"]`);
    await button.first().click();
  }

  private get pane(): Locator {
    return this.page.locator('.sidebar .pane, .sidebar .pane-body').filter({ visible: true }).first();
  }
}
