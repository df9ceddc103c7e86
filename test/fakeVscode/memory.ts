import type * as vscode from 'vscode';
import { parseJson } from '../../src/core/parse';
import { EventEmitter } from './values';

/** Called while the editor does something that an extension waits for; it goes on once this has ended. */
export type WhileBusy = (what: string) => Promise<void>;

const atOnce: WhileBusy = () => Promise.resolve();

/** What an extension keeps, as JSON, as the editor keeps it. */
export class FakeMemory implements vscode.Memento {
  readonly #whileBusy: WhileBusy;
  readonly #values = new Map<string, string>();

  constructor(whileBusy = atOnce) {
    this.#whileBusy = whileBusy;
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get: vscode.Memento['get'] = (key: string, fallback?: unknown): never => {
    const value = this.#values.get(key);
    // Of the type that the caller asks for, as the editor takes it on trust.
    return (value === undefined ? fallback : parseJson(value)) as never;
  };

  update(key: string, value: unknown): Promise<void> {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, JSON.stringify(value));
    return this.#whileBusy(`memory ${key}`);
  }

  setKeysForSync(): void {
    // Nothing is synchronised.
  }
}

export class FakeSecrets implements vscode.SecretStorage {
  readonly #values = new Map<string, string>();
  readonly #changed = new EventEmitter<vscode.SecretStorageChangeEvent>();
  readonly onDidChange = this.#changed.event;
  readonly #whileBusy: WhileBusy;

  constructor(whileBusy = atOnce) {
    this.#whileBusy = whileBusy;
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...this.#values.keys()]);
  }

  async get(key: string): Promise<string | undefined> {
    const value = this.#values.get(key);
    await this.#whileBusy(`secret ${key}`);
    return value;
  }

  store(key: string, value: string): Promise<void> {
    this.#values.set(key, value);
    this.#changed.fire({ key });
    return this.#whileBusy(`secret ${key}`);
  }

  delete(key: string): Promise<void> {
    this.#values.delete(key);
    this.#changed.fire({ key });
    return this.#whileBusy(`secret ${key}`);
  }
}
