import { EventEmitter, type Disposable, type Event } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { isActive, type Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';

/** Statuses that the view lists: running, and on the way to running. */
const listedStatuses = ['running', 'provisioning', 'initializing', 'queued', 'resuming'] as const;

/**
 * The account's active devboxes as last read, newest first, and why the last read failed if it did. The last good
 * list stays on a failure.
 */
export class DevboxStore implements Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange: Event<void> = this.#changed.event;
  #devboxes = new Map<string, Devbox>();
  #failure: RuntimeError | undefined;
  #loaded = false;
  /** Counts what was learnt by other ways than a list, so that a list begun earlier does not undo it. */
  #generation = 0;

  get devboxes(): readonly Devbox[] {
    return [...this.#devboxes.values()].sort((a, b) => (b.createTimeMs ?? 0) - (a.createTimeMs ?? 0));
  }

  get failure(): RuntimeError | undefined {
    return this.#failure;
  }

  /** False until the first list came or failed. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** True while a devbox is on its way: worth looking more often. */
  get inTransition(): boolean {
    return this.devboxes.some(({ status }) => status !== 'running');
  }

  get(devboxId: string): Devbox | undefined {
    return this.#devboxes.get(devboxId);
  }

  /** Reads the list anew. Failures are kept in `failure`, except cancellation. */
  async refresh(api: RunloopApi, signal: AbortSignal): Promise<void> {
    const generation = this.#generation;
    try {
      const lists = await Promise.all(listedStatuses.map((status) => readAll(api, status, signal)));
      if (signal.aborted) return;
      const read = new Map(lists.flat().map((devbox) => [devbox.id, devbox]));
      if (generation !== this.#generation) {
        // Something was learnt meanwhile; keep it, the next refresh settles it.
        for (const [id, devbox] of this.#devboxes) read.set(id, devbox);
      }
      const changed = !this.#loaded || this.#failure !== undefined || !sameDevboxes(this.#devboxes, read);
      this.#devboxes = read;
      this.#failure = undefined;
      this.#loaded = true;
      if (changed) this.#changed.fire();
    } catch (error) {
      if (signal.aborted || !RuntimeError.is(error)) throw error;
      this.fail(error);
    }
  }

  /** Tells that the list could not be read; the last good one stays. */
  fail(error: RuntimeError): void {
    this.#failure = error;
    this.#loaded = true;
    this.#changed.fire();
  }

  /** Tells that there is nobody whose devboxes could be read. */
  signedOut(): void {
    if (this.#loaded && this.#devboxes.size === 0 && this.#failure === undefined) return;
    this.clear();
    this.#loaded = true;
  }

  /** Takes in what is known of one devbox from elsewhere, for example from a start. */
  update(devbox: Devbox): void {
    this.#generation += 1;
    if (isActive(devbox.status)) this.#devboxes.set(devbox.id, devbox);
    else this.#devboxes.delete(devbox.id);
    this.#changed.fire();
  }

  remove(devboxId: string): void {
    this.#generation += 1;
    if (this.#devboxes.delete(devboxId)) this.#changed.fire();
  }

  /** Forgets everything, for example after signing out. */
  clear(): void {
    this.#generation += 1;
    this.#devboxes = new Map();
    this.#failure = undefined;
    this.#loaded = false;
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

async function readAll(api: RunloopApi, status: string, signal: AbortSignal): Promise<Devbox[]> {
  const result: Devbox[] = [];
  for await (const devbox of api.list({ status }, { signal })) result.push(devbox);
  return result;
}

function sameDevboxes(a: ReadonlyMap<string, Devbox>, b: ReadonlyMap<string, Devbox>): boolean {
  return (
    a.size === b.size &&
    [...a].every(([id, devbox]) => {
      const other = b.get(id);
      return other !== undefined && other.status === devbox.status && other.name === devbox.name;
    })
  );
}
