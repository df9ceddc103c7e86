import type { Memento } from 'vscode';
import { asArray, asString } from '../../core/parse';
import { redact } from '../../core/redact';

const key = 'runloop.commandHistory';
/** Commands that are kept: the newest ones. */
const mostCommands = 50;

/** Commands that were run from windows of this folder, the newest first. One that holds what looks like a secret is not kept. */
export class RunHistory {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  all(): readonly string[] {
    return asArray(this.#memory.get<unknown>(key)).flatMap((command) => asString(command) ?? []);
  }

  async add(command: string): Promise<void> {
    if (redact(command) !== command) return;
    const others = this.all().filter((known) => known !== command);
    await this.#memory.update(key, [command, ...others].slice(0, mostCommands));
  }
}
