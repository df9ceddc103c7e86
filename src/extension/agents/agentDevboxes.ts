import type { Memento } from 'vscode';
import { asArray, asString } from '../../core/parse';

const key = 'runloop.agentDevboxes';
/** Devboxes that are kept; the oldest go first. */
const mostDevboxes = 100;

/** Devboxes in which this editor has seen agents, over all windows: only a hint where to look again. */
export class AgentDevboxes {
  readonly #memory: Memento;
  readonly #onFailure: (error: unknown) => void;

  constructor(memory: Memento, onFailure: (error: unknown) => void) {
    this.#memory = memory;
    this.#onFailure = onFailure;
  }

  has(devboxId: string): boolean {
    return this.#all().includes(devboxId);
  }

  add(devboxId: string): void {
    const all = this.#all();
    if (all.includes(devboxId)) return;
    this.#memory.update(key, [...all, devboxId].slice(-mostDevboxes)).then(undefined, this.#onFailure);
  }

  #all(): readonly string[] {
    return asArray(this.#memory.get(key)).flatMap((id) => asString(id) ?? []);
  }
}
