import type { Health, Sessions } from '../session/sessions';

/** What the rows show of this window's sessions, and which rows show it differently after a change. */
export class AttachedRows {
  readonly #sessions: Sessions;
  #health: ReadonlyMap<string, Health | undefined> = new Map();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** The devboxes to which this window is attached, as of the last {@link changed}. */
  get ids(): Iterable<string> {
    return this.#health.keys();
  }

  /** Looks at the sessions anew. @returns the devboxes that were attached or left, or whose server fares differently */
  changed(): readonly string[] {
    const now = new Map(this.#sessions.all().map(([id]) => [id, this.#sessions.healthOf(id)]));
    const before = this.#health;
    this.#health = now;
    return [...new Set([...now.keys(), ...before.keys()])].filter(
      (id) => now.has(id) !== before.has(id) || now.get(id) !== before.get(id),
    );
  }
}
