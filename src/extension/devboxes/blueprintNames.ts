import { Emitter, type Disposable } from '../../core/events';
import { isAborted } from '../../core/errors';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { onceRule } from '../../core/http/retryRules';

/** Names of blueprints by id. A name is asked for once, when somebody wants to see it. */
export class BlueprintNames implements Disposable {
  readonly #names = new Map<string, string>();
  readonly #asked = new Set<string>();
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.on;
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get(blueprintId: string): string | undefined {
    return this.#names.get(blueprintId);
  }

  /** Asks for the names that are not known, one after the other. A failure leaves the id in place of the name. */
  async load(api: RunloopApi, blueprintIds: Iterable<string>, signal: AbortSignal): Promise<void> {
    const wanted = [...new Set(blueprintIds)].filter((id) => !this.#asked.has(id));
    for (const id of wanted) this.#asked.add(id);
    let found = false;
    for (const id of wanted) {
      if (isAborted(signal)) break;
      try {
        const name = await api.blueprints.nameOf(id, { signal, rule: onceRule });
        found ||= name !== '';
        if (name !== '') this.#names.set(id, name);
      } catch (error) {
        if (!isAborted(signal)) this.#onError(error);
      }
    }
    if (found) this.#changed.fire();
  }

  /** Asks for the names that some devboxes need; a failure is told where all are. */
  loadOf(api: RunloopApi, devboxes: readonly Devbox[], signal: AbortSignal): void {
    const ids = devboxes.flatMap(({ blueprintId }) => (blueprintId === undefined ? [] : [blueprintId]));
    this.load(api, ids, signal).catch(this.#onError);
  }

  /** Forgets everything, for another account. */
  clear(): void {
    this.#names.clear();
    this.#asked.clear();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
