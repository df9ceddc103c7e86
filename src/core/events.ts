import { redactShapes } from './redactShapes';

export interface Disposable {
  dispose(): void;
}

/**
 * Tells a listener. What it throws, now or later, is its own fault and nobody else's: it neither breaks off the work that
 * told it nor keeps it from the others, and is shown as a warning of the process.
 */
export function tell<T>(listener: (value: T) => unknown, value: T): void {
  try {
    const outcome = listener(value);
    if (outcome instanceof Promise) outcome.catch(warn);
  } catch (error) {
    warn(error);
  }
}

function warn(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`A listener failed: ${redactShapes(text)}`, 'RunloopListenerWarning');
}

/** A typed event without editor types: subscribe with `on`, and dispose what it returns. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => unknown>();

  readonly on = (listener: (value: T) => unknown): Disposable => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of [...this.#listeners]) tell(listener, value);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
