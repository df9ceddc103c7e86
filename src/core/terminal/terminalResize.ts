import type { TerminalSize } from './ptyApi';

/** Tells a shell its size (resize): one request at a time, the latest size wins. */
export class TerminalResize {
  readonly #tell: (size: TerminalSize) => Promise<void>;
  readonly #now: () => TerminalSize;
  readonly #onFailure: (error: unknown) => void;
  #isTelling = false;

  /** @param options.now the size that it has by now */
  constructor({
    tell,
    now,
    onFailure,
  }: {
    readonly tell: (size: TerminalSize) => Promise<void>;
    readonly now: () => TerminalSize;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#tell = tell;
    this.#now = now;
    this.#onFailure = onFailure;
  }

  tell(): void {
    this.#inTurn(() => this.#tellLatest());
  }

  /** Another size and back, so that what runs draws itself anew. */
  redraw(): void {
    this.#inTurn(async () => {
      const { cols, rows } = this.#now();
      await this.#tell({ cols, rows: rows > 1 ? rows - 1 : rows + 1 });
      await this.#tellLatest();
    });
  }

  /** Whoever works on one sees the latest. */
  #inTurn(work: () => Promise<void>): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    work()
      .catch((error: unknown) => this.#onFailure(error))
      .finally(() => (this.#isTelling = false));
  }

  async #tellLatest(): Promise<void> {
    for (let told: TerminalSize | undefined; told !== this.#now();) {
      told = this.#now();
      await this.#tell(told);
    }
  }
}
