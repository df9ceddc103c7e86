import { readFileSync } from 'node:fs';
import type * as vscode from 'vscode';
import { asObject, parseJson } from '../../src/core/parse';
import { EventEmitter } from './values';

/** The user's settings, over the defaults of the manifest. */
export class FakeSettings {
  readonly #values = new Map<string, unknown>();
  /** What a workspace has, which counts for nothing here: the extension's settings are of the application. */
  readonly ofWorkspace = new Map<string, unknown>();
  readonly #changed = new EventEmitter<vscode.ConfigurationChangeEvent>();
  readonly onDidChange = this.#changed.event;

  /** Sets one by its whole name; undefined brings its default back. */
  set(name: string, value: unknown): void {
    if (value === undefined) this.#values.delete(name);
    else this.#values.set(name, value);
    this.#changed.fire({ affectsConfiguration: (section) => name === section || name.startsWith(`${section}.`) });
  }

  get(name: string): unknown {
    return this.#values.has(name) ? this.#values.get(name) : defaults()[name];
  }

  has(name: string): boolean {
    return this.#values.has(name) || name in defaults();
  }

  /** All below a section, by the rest of their names, as the editor's object of a section has them. */
  below(section: string): Readonly<Record<string, unknown>> {
    const names = [...Object.keys(defaults()), ...this.#values.keys()].filter((name) => name.startsWith(`${section}.`));
    return Object.fromEntries(names.map((name) => [name.slice(section.length + 1), this.get(name)]));
  }

  inspect(name: string): {
    readonly defaultValue: unknown;
    readonly globalValue: unknown;
    readonly workspaceValue: unknown;
  } {
    return {
      defaultValue: defaults()[name],
      globalValue: this.#values.get(name),
      workspaceValue: this.ofWorkspace.get(name),
    };
  }
}

let ofManifest: Readonly<Record<string, unknown>> | undefined;

/** Read once: the editor has them in memory, and the extension asks for all of them each time that it needs one. */
function defaults(): Readonly<Record<string, unknown>> {
  return (ofManifest ??= readDefaults());
}

function readDefaults(): Readonly<Record<string, unknown>> {
  const manifest = asObject(parseJson(readFileSync('package.json', 'utf8')));
  const configuration = asObject(asObject(manifest?.['contributes'])?.['configuration']);
  return Object.fromEntries(
    Object.entries(asObject(configuration?.['properties']) ?? {}).map(([name, property]) => [
      name,
      asObject(property)?.['default'],
    ]),
  );
}
