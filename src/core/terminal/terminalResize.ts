import { deadline } from '../../ground/deadline';
import { isTransient } from '../errors';
import { retrying } from '../http/retry';
import type { RetryRule } from '../http/retryRules';
import type { TerminalSize } from './ptyApi';

/** Telling a size once more changes nothing. */
const rule: RetryRule = { tries: 4, delayMs: 300, factor: 2, maxDelayMs: 3_000, jitter: false };
/** Milliseconds that telling one may take. */
const tellMs = 20_000;

/** Tells a shell its size (resize): one request at a time, the latest size wins. */
export class TerminalResize {
  readonly #tell: (size: TerminalSize, signal: AbortSignal) => Promise<void>;
  readonly #now: () => TerminalSize;
  readonly #onFailure: (error: unknown) => void;
  /** Ends with the connection. */
  #connection = new AbortController();
  #isTelling = false;
  #isRedrawing = false;
  #wanted: 'nothing' | 'size' | 'redraw' = 'nothing';

  /** @param options.now the size that it has by now */
  constructor({
    tell,
    now,
    onFailure,
  }: {
    readonly tell: (size: TerminalSize, signal: AbortSignal) => Promise<void>;
    readonly now: () => TerminalSize;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#tell = async (size, connected) => {
      const signal = deadline(tellMs, connected);
      await retrying(() => tell(size, signal), { rule, signal, retryOn: isTransient });
    };
    this.#now = now;
    this.#onFailure = onFailure;
  }

  tell(): void {
    if (this.#wanted === 'nothing') this.#wanted = 'size';
    this.#inTurn();
  }

  /** Another size and back, so that what runs draws itself anew. */
  redraw(): void {
    if (!this.#isRedrawing) this.#wanted = 'redraw';
    this.#inTurn();
  }

  /** The connection is gone, and what is on its way with it: the next one is not to wait for that. */
  disconnected(): void {
    this.#isRedrawing = false;
    this.#connection.abort();
    this.#connection = new AbortController();
  }

  #inTurn(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    void this.#tellAll().finally(() => (this.#isTelling = false));
  }

  async #tellAll(): Promise<void> {
    while (this.#wanted !== 'nothing') {
      const { signal } = this.#connection;
      const isRedraw = this.#wanted === 'redraw';
      this.#isRedrawing = isRedraw;
      this.#wanted = 'nothing';
      try {
        const { cols, rows } = this.#now();
        if (isRedraw) await this.#tell({ cols, rows: rows > 1 ? rows - 1 : rows + 1 }, signal);
        await this.#tellLatest(signal);
      } catch (error) {
        if (!signal.aborted) this.#onFailure(error);
      }
      if (!signal.aborted) this.#isRedrawing = false;
    }
  }

  async #tellLatest(signal: AbortSignal): Promise<void> {
    for (let told: TerminalSize | undefined; told !== this.#now();) {
      told = this.#now();
      await this.#tell(told, signal);
    }
  }
}
