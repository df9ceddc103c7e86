import type { Memento } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';

/** A devbox that this window was attached to, with the API that it belongs to. */
export interface RememberedSession {
  readonly devboxId: string;
  readonly baseUrl: string;
}

const key = 'runloop.sessions';
/** Sessions that are kept at the most; the oldest go first. */
const mostSessions = 20;

/** Which devboxes the window is attached to, kept over reloads and restarts of the window. */
export class RememberedSessions {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** Those of one API, the oldest first. */
  of(baseUrl: string): readonly string[] {
    return this.#all().flatMap((session) => (session.baseUrl === baseUrl ? [session.devboxId] : []));
  }

  get isEmpty(): boolean {
    return this.#all().length === 0;
  }

  /** Those of any API. */
  get ids(): readonly string[] {
    return this.#all().map(({ devboxId }) => devboxId);
  }

  add(session: RememberedSession): Thenable<void> {
    return this.#store([...this.#without(session.devboxId), session].slice(-mostSessions));
  }

  remove(devboxId: string): Thenable<void> {
    return this.#store(this.#without(devboxId));
  }

  #without(devboxId: string): readonly RememberedSession[] {
    return this.#all().filter((session) => session.devboxId !== devboxId);
  }

  #all(): readonly RememberedSession[] {
    return asArray(this.#memory.get<unknown>(key)).flatMap((value) => {
      const entry = asObject(value);
      const devboxId = asString(entry?.['devboxId']);
      const baseUrl = asString(entry?.['baseUrl']);
      return devboxId === undefined || baseUrl === undefined ? [] : [{ devboxId, baseUrl }];
    });
  }

  #store(sessions: readonly RememberedSession[]): Thenable<void> {
    return this.#memory.update(key, sessions);
  }
}
