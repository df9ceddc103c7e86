import { randomUUID } from 'node:crypto';
import type { Memento } from 'vscode';
import { asBoolean, asObject, asString } from '../../core/parse';

interface Started {
  readonly opened: boolean;
  /** The window that started it. */
  readonly window: string;
}

const key = 'runloop.startedHere';
/** Entries that are kept at the most; the oldest go first. */
const mostEntries = 500;

/**
 * Which devboxes were started from this editor, and whether they were opened since. Kept over windows, so that what a
 * closed window left running can be asked about.
 */
export class StartedHere {
  readonly #state: Memento;
  readonly #window = randomUUID();

  constructor(state: Memento) {
    this.#state = state;
  }

  /** All of them by devbox id. */
  all(): ReadonlyMap<string, Started> {
    const stored = asObject(this.#state.get<unknown>(key)) ?? {};
    return new Map(
      Object.entries(stored).flatMap(([id, value]) => {
        const entry = asObject(value);
        const opened = asBoolean(entry?.['opened']);
        const window = asString(entry?.['window']);
        return opened === undefined || window === undefined ? [] : [[id, { opened, window }] as const];
      }),
    );
  }

  /** Ids of devboxes that other windows started, and that nobody was asked about yet. */
  ofOtherWindows(): readonly string[] {
    return [...this.all()].filter(([, { window }]) => window !== this.#window && window !== 'asked').map(([id]) => id);
  }

  async started(devboxId: string): Promise<void> {
    await this.#set(devboxId, { opened: false, window: this.#window });
  }

  async opened(devboxId: string): Promise<void> {
    const known = this.all().get(devboxId);
    if (known !== undefined && !known.opened) await this.#set(devboxId, { ...known, opened: true });
  }

  /** Remembers that somebody was asked about these. */
  async asked(devboxIds: readonly string[]): Promise<void> {
    const entries = new Map(this.all());
    for (const id of devboxIds) {
      const known = entries.get(id);
      if (known !== undefined) entries.set(id, { ...known, window: 'asked' });
    }
    await this.#store(entries);
  }

  async #set(devboxId: string, started: Started): Promise<void> {
    const entries = new Map(this.all());
    entries.delete(devboxId);
    entries.set(devboxId, started);
    await this.#store(entries);
  }

  async #store(entries: ReadonlyMap<string, Started>): Promise<void> {
    await this.#state.update(key, Object.fromEntries([...entries].slice(-mostEntries)));
  }
}
