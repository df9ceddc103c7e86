import type { Locator, Page } from 'playwright-core';

/** A toast at the lower right, found by a part of its text; it need not be there yet. */
export class Notification {
  readonly element: Locator;

  constructor(page: Page, text: string | RegExp) {
    this.element = page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text });
  }

  /**
   * Waits until it is shown.
   * @param timeoutMs milliseconds; Playwright's default without it
   */
  async waitFor(timeoutMs?: number): Promise<void> {
    await this.element.first().waitFor(timeoutMs === undefined ? {} : { timeout: timeoutMs });
  }

  /** Its message, without its buttons. A progress notification's message changes with each report. */
  async message(): Promise<string> {
    return await this.element.first().locator('.notification-list-item-message').innerText();
  }

  /** Presses one of its buttons, such as `Cancel`. */
  async press(button: string): Promise<void> {
    await this.element.first().getByRole('button', { name: button }).click();
  }

  /**
   * Waits until it is not shown any more.
   * @param timeoutMs milliseconds; Playwright's default without it
   */
  async waitForGone(timeoutMs?: number): Promise<void> {
    await this.element.first().waitFor({ state: 'hidden', ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) });
  }
}

/** The dialog that must be answered before anything else. */
export class ModalDialog {
  readonly element: Locator;

  constructor(page: Page) {
    this.element = page.locator('.monaco-dialog-box');
  }

  /** Waits until a dialog with that text is shown. */
  async waitFor(text: string | RegExp): Promise<void> {
    await this.element.filter({ hasText: text }).waitFor();
  }

  /** Message and detail of the dialog that is shown. */
  async text(): Promise<string> {
    return await this.element.locator('.dialog-message-container').innerText();
  }

  /** Answers it and waits until it has gone; another one may come up at once. */
  async press(button: string | RegExp): Promise<void> {
    const answer = await this.element.getByRole('button', { name: button, exact: true }).elementHandle();
    await answer.click();
    await answer.waitForElementState('hidden');
  }
}
