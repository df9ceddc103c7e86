import type * as vscode from 'vscode';
import { parseJson } from '../../src/core/parse';
import { EventEmitter } from './values';

/** What an extension keeps, as JSON, as the editor keeps it. */
export class FakeMemory implements vscode.Memento {
  readonly #values = new Map<string, string>();

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
    return Promise.resolve();
  }

  setKeysForSync(): void {
    // Nothing is synchronised.
  }
}

export class FakeSecrets implements vscode.SecretStorage {
  readonly #values = new Map<string, string>();
  readonly #changed = new EventEmitter<vscode.SecretStorageChangeEvent>();
  readonly onDidChange = this.#changed.event;

  keys(): Promise<string[]> {
    return Promise.resolve([...this.#values.keys()]);
  }

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#values.get(key));
  }

  store(key: string, value: string): Promise<void> {
    this.#values.set(key, value);
    this.#changed.fire({ key });
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.#values.delete(key);
    this.#changed.fire({ key });
    return Promise.resolve();
  }
}
