import type { LogEntry } from './logEntry';

/** Does nothing in a shell. In front, so that a log tells it at the first glance. */
const mark = ': runloop-devboxes-own;';
/** Executions that are known at a time; the oldest go first. */
const most = 1_000;

/** A command of ours that a person has not asked for as such: look-ups, recordings, the start of a VS Code. */
export function asOwn(command: string): string {
  return `${mark} ${command}`;
}

/** Whether a command was sent by {@link asOwn}, by this window or another. */
export function isOwn(command: string): boolean {
  return command.startsWith(mark);
}

/** Tells in a log what belongs to our own executions: their commands, what they print, and their ends. */
export class OwnEntries {
  readonly #ids = new Set<string>();

  /** Entries are to come in their order. */
  has({ command, executionId }: LogEntry): boolean {
    if (command === undefined) return executionId !== undefined && this.#ids.has(executionId);
    if (!isOwn(command)) return false;
    if (executionId !== undefined) this.#ids.add(executionId);
    if (this.#ids.size > most) for (const oldest of [...this.#ids].slice(0, 1)) this.#ids.delete(oldest);
    return true;
  }
}
