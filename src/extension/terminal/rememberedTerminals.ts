import type { Memento } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';

/** A terminal of this window. */
export interface RememberedTerminal {
  readonly devboxId: string;
  /** The API that the devbox belongs to. */
  readonly baseUrl: string;
  /** The shell goes by it in the devbox. */
  readonly name: string;
  readonly title: string;
  /** Where a new shell begins; absent: in its home. */
  readonly folder?: string | undefined;
}

const key = 'runloop.terminals';

/** Which terminals the window has, kept over reloads and restarts: the editor brings none of these back by itself. */
export class RememberedTerminals {
  readonly #memory: Memento;

  /** @param memory of this window */
  constructor(memory: Memento) {
    this.#memory = memory;
  }

  all(): readonly RememberedTerminal[] {
    return asArray(this.#memory.get<unknown>(key)).flatMap((value) => {
      const entry = asObject(value);
      const [devboxId, baseUrl] = [asString(entry?.['devboxId']), asString(entry?.['baseUrl'])];
      const [name, title] = [asString(entry?.['name']), asString(entry?.['title'])];
      if (devboxId === undefined || baseUrl === undefined || title === undefined) return [];
      if (name === undefined || !/^[\w-]{1,256}$/.test(name)) return [];
      return [{ devboxId, baseUrl, name, title, folder: asString(entry?.['folder']) }];
    });
  }

  add(terminal: RememberedTerminal): Thenable<void> {
    return this.#store([...this.#without(terminal.name), terminal]);
  }

  remove(name: string): Thenable<void> {
    return this.#store(this.#without(name));
  }

  #without(name: string): readonly RememberedTerminal[] {
    return this.all().filter((terminal) => terminal.name !== name);
  }

  #store(terminals: readonly RememberedTerminal[]): Thenable<void> {
    return this.#memory.update(key, terminals.length === 0 ? undefined : terminals);
  }
}
