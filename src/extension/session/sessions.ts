import { EventEmitter, type Disposable, type Event } from 'vscode';
import type { RunloopRuntime } from '../../core/runloopRuntime';
import type { Log } from '../log';

/** Which devboxes this window is attached to: one ready runtime for each. */
export class Sessions implements Disposable {
  readonly #log: Log;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange: Event<void> = this.#changed.event;
  readonly #runtimes = new Map<string, RunloopRuntime>();

  constructor(log: Log) {
    this.#log = log;
  }

  isAttached(devboxId: string): boolean {
    return this.#runtimes.has(devboxId);
  }

  get(devboxId: string): RunloopRuntime | undefined {
    return this.#runtimes.get(devboxId);
  }

  /** Takes over a runtime that is ready. */
  add(devboxId: string, runtime: RunloopRuntime): void {
    const earlier = this.#runtimes.get(devboxId);
    this.#runtimes.set(devboxId, runtime);
    if (earlier !== undefined && earlier !== runtime) this.#close(earlier);
    this.#changed.fire();
  }

  /** Lets go of a devbox without touching it. */
  detach(devboxId: string): void {
    const runtime = this.#runtimes.get(devboxId);
    if (runtime === undefined) return;
    this.#runtimes.delete(devboxId);
    this.#close(runtime);
    this.#changed.fire();
  }

  detachAll(): void {
    for (const devboxId of [...this.#runtimes.keys()]) this.detach(devboxId);
  }

  /** Closing a window keeps every devbox: nothing is stopped without a yes. */
  dispose(): void {
    for (const runtime of this.#runtimes.values()) this.#close(runtime);
    this.#runtimes.clear();
    this.#changed.dispose();
  }

  #close(runtime: RunloopRuntime): void {
    runtime.close({ mode: 'keep' }).catch((error: unknown) => this.#log.failure('Detaching from a devbox', error));
  }
}
