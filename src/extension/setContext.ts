import { commands } from 'vscode';
import type { contextKeys } from './commandIds';

/** Tells the editor the value of a context key, for the `when` clauses of the manifest. */
export function setContext(key: (typeof contextKeys)[keyof typeof contextKeys], value: unknown): Thenable<unknown> {
  return commands.executeCommand('setContext', key, value);
}
