import { errors, type Locator, type Page } from 'playwright-core';

/** The box at the top of the window: command palette, quick picks and input boxes. Only one is open at a time. */
export class QuickInput {
  private readonly widget: Locator;
  private readonly input: Locator;

  constructor(private readonly page: Page) {
    this.widget = page.locator('.quick-input-widget');
    this.input = this.widget.locator('.quick-input-box input');
  }

  /**
   * Opens the command palette and runs a command.
   * @param title as the palette shows it, with its category: `Runloop: Start Devbox`
   */
  async runCommand(title: string): Promise<void> {
    // The palette lists what there is when it is opened: in a window that is still starting, not all yet.
    for (let tries = 0; tries < 3; tries++) {
      await this.openPalette(title);
      await this.widget.locator('.monaco-list-row').first().waitFor();
      if (await this.turnsUp(title)) break;
      await this.dismiss();
    }
    await this.row(title).click();
  }

  /**
   * True if the command palette offers the command now.
   * @param title as the palette shows it, with its category
   */
  async offersCommand(title: string): Promise<boolean> {
    await this.openPalette(title);
    // "No matching commands" is a row as well, so one row at least comes up.
    await this.widget.locator('.monaco-list-row').first().waitFor();
    const offered = await this.row(title).count();
    await this.dismiss();
    return offered > 0;
  }

  private async openPalette(title: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.page.keyboard.press('F1');
      try {
        await this.input.waitFor({ timeout: 10_000 });
        await this.input.fill(`>${title}`, { timeout: 10_000 });
        return;
      } catch (error) {
        // What takes the focus in that moment closes it again; a person would press the key again.
        if (!(error instanceof errors.TimeoutError) || tries === 3) throw error;
      }
    }
  }

  /** False if the open list does not show the row within some seconds. */
  private async turnsUp(label: string): Promise<boolean> {
    try {
      await this.row(label).waitFor({ timeout: 5_000 });
      return true;
    } catch (error) {
      if (error instanceof errors.TimeoutError) return false;
      throw error;
    }
  }

  /** A row by the exact text of its label. */
  row(label: string): Locator {
    // The whole text of the label: what was typed is marked in it, in an element of its own.
    const exact = new RegExp(`^\\s*${label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
    return this.widget
      .locator('.monaco-list-row')
      .filter({ has: this.page.locator('.label-name', { hasText: exact }) });
  }

  /** Waits for a quick pick with that row and picks it. */
  async pick(label: string): Promise<void> {
    await this.row(label).click();
  }

  /** Presses a key in it, also where what was opened before it has the focus still. */
  async press(key: string): Promise<void> {
    await this.input.press(key);
  }

  /** Checks or unchecks a row of a pick of several. */
  async toggle(label: string): Promise<void> {
    await this.row(label).locator('input, .monaco-checkbox, .quick-input-list-checkbox').first().click();
  }

  /** Waits for the dialog that asks for a file to write, by its title, and names one. */
  async saveAs(path: string, title = /Save/): Promise<void> {
    await this.waitFor(title);
    // A dialog that is still reading its first folder puts its own name back, and it looks at what is typed before it takes it.
    for (let tries = 0; tries < 20 && (await this.value()) !== path; tries += 1) {
      await this.fill(path);
      await this.page.waitForTimeout(1_000);
    }
    await this.accept();
  }

  /**
   * Leaves by a button beside the box, by its text. While the box reads a folder it takes no notice of it, and shows that it is busy
   * only 0.8 s later: a person would press again.
   */
  async leaveBy(label: string): Promise<void> {
    const button = this.widget.getByText(label, { exact: true });
    await button.waitFor();
    for (let tries = 0; tries < 20 && (await button.isVisible()); tries += 1) {
      await button.click();
      await this.page.waitForTimeout(1_000);
    }
    await this.waitForClosed();
  }

  /** The labels of all rows that are drawn now. */
  async labels(): Promise<string[]> {
    return await this.widget.locator('.monaco-list-row .label-name').filter({ visible: true }).allInnerTexts();
  }

  /** The title line, if the input has one. */
  async title(): Promise<string> {
    return await this.widget.locator('.quick-input-title').innerText();
  }

  /** Waits until an input with that text in its title, prompt or placeholder is open. */
  async waitFor(text: string | RegExp): Promise<void> {
    await this.widget
      .getByText(text)
      .or(this.widget.getByPlaceholder(text))
      .filter({ visible: true })
      .first()
      .waitFor();
  }

  /** What is typed into the box now. */
  async value(): Promise<string> {
    return await this.input.inputValue();
  }

  /** True if what is typed is shown as dots. */
  async isPassword(): Promise<boolean> {
    return (await this.input.getAttribute('type')) === 'password';
  }

  /** Replaces what is typed, without accepting it. */
  async fill(text: string): Promise<void> {
    await this.input.fill(text);
  }

  /** Accepts the input with Enter; with `text`, types it first. */
  async accept(text?: string): Promise<void> {
    if (text !== undefined) {
      await this.input.fill(text);
    }
    await this.input.press('Enter');
  }

  /** The prompt or, if the input is not valid, what is wrong with it. */
  message(): Locator {
    return this.widget.locator('.quick-input-message');
  }

  /** Leaves with Escape. */
  async dismiss(): Promise<void> {
    await this.input.press('Escape');
    await this.waitForClosed();
  }

  /** Waits until no quick input is open. */
  async waitForClosed(): Promise<void> {
    await this.widget.waitFor({ state: 'hidden' });
  }
}
