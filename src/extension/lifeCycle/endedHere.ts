import { randomUUID } from 'node:crypto';
import type { Memento } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';
import type { Ender } from '../devboxes/endReason';

const key = 'runloop.endedHere';
/** Entries that are kept at the most; the oldest go first. */
const mostEntries = 300;

/** Which devboxes were shut down from this editor, by which of its windows: Runloop does not tell who asked for it. */
export class EndedHere {
  readonly #shared: Memento;
  readonly #window = randomUUID();

  /** @param shared memory of all windows */
  constructor(shared: Memento) {
    this.#shared = shared;
  }

  /** Who shut a devbox down, if it was somebody at this editor. */
  by(devboxId: string): Ender | undefined {
    const entry = this.#all().find(([id]) => id === devboxId);
    return entry === undefined ? undefined : entry[1] === this.#window ? 'you' : 'otherWindow';
  }

  /** A devbox was shut down from this window. */
  async ended(devboxId: string): Promise<void> {
    const others = this.#all().filter(([id]) => id !== devboxId);
    const entries = [...others, [devboxId, this.#window] as const].slice(-mostEntries);
    await this.#shared.update(
      key,
      entries.map(([id, window]) => ({ id, window })),
    );
  }

  #all(): readonly (readonly [id: string, window: string])[] {
    return asArray(this.#shared.get<unknown>(key)).flatMap((value) => {
      const entry = asObject(value);
      const [id, window] = [asString(entry?.['id']), asString(entry?.['window'])];
      return id === undefined || window === undefined ? [] : [[id, window] as const];
    });
  }
}
