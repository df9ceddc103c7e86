import type { Memento } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';
import { redactShapes } from '../../core/redactShapes';

const key = 'runloop.commandHistory';
/** Commands that are kept of all devboxes: the newest ones. */
const mostCommands = 300;
/** Commands that are offered at a time. */
const mostOffered = 50;

/** Earlier commands, the newest first. */
export interface EarlierCommands {
  /** What was run in the devboxes that are meant. */
  readonly here: readonly string[];
  /** What was run in others only. */
  readonly elsewhere: readonly string[];
}

interface Entry {
  readonly command: string;
  readonly devboxId: string;
}

/** Commands that were run in each devbox, from any window. One that holds what looks like a secret is not kept. */
export class RunHistory {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** @param devboxIds those that a command is to be run in */
  of(devboxIds: readonly string[]): EarlierCommands {
    const entries = this.#entries();
    const here = new Set(entries.flatMap(({ command, devboxId }) => (devboxIds.includes(devboxId) ? [command] : [])));
    const elsewhere = new Set(entries.map(({ command }) => command).filter((command) => !here.has(command)));
    return { here: [...here].slice(0, mostOffered), elsewhere: [...elsewhere].slice(0, mostOffered) };
  }

  async add(command: string, devboxIds: readonly string[]): Promise<void> {
    if (redactShapes(command) !== command) return;
    const others = this.#entries().filter((known) => known.command !== command || !devboxIds.includes(known.devboxId));
    const added = devboxIds.map((devboxId) => ({ command, devboxId }));
    await this.#memory.update(key, [...added, ...others].slice(0, mostCommands));
  }

  #entries(): readonly Entry[] {
    return asArray(this.#memory.get<unknown>(key)).flatMap((value) => {
      const entry = asObject(value);
      const [command, devboxId] = [asString(entry?.['command']), asString(entry?.['devboxId'])];
      return command === undefined || devboxId === undefined ? [] : [{ command, devboxId }];
    });
  }
}
