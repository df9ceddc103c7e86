import type { Disposable } from 'vscode';
import type { DevboxStore } from '../devboxes/devboxStore';

/** Seconds between looks at ages and times left; only rows whose text changed are drawn again. */
const clockSeconds = 20;

/** Looks at what time alone changes, as long as there is a devbox that it may change for: a window without any has no timer. */
export class RowClock implements Disposable {
  readonly #work: () => void;
  readonly #subscription: Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: DevboxStore, work: () => void) {
    this.#work = work;
    this.#subscription = store.onDidChange(() => this.#plan(store.devboxes.length > 0));
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#plan(false);
  }

  #plan(isNeeded: boolean): void {
    if (isNeeded) {
      this.#timer ??= setInterval(this.#work, clockSeconds * 1000);
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
