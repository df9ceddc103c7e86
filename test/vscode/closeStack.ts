/**
 * Things to close, closed in the reverse order of their opening. Every closer runs even if another one fails.
 */
export class CloseStack {
  private readonly closers: (() => Promise<void> | void)[] = [];
  private closing: Promise<void> | undefined;

  /** Remembers how to close something that was just opened. */
  add(close: () => Promise<void> | void): void {
    this.closers.push(close);
  }

  /**
   * Closes everything; further calls wait for the first one.
   * @throws AggregateError with what the closers threw.
   */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let close = this.closers.pop(); close !== undefined; close = this.closers.pop()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) {
      throw new AggregateError(errors, `Not everything could be stopped: ${errors.map(String).join('; ')}`);
    }
  }
}
