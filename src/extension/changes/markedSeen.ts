import { createHash } from 'node:crypto';
import type { Memento } from 'vscode';
import { changeWord, type FileChange } from '../../core/changes/compare';
import { asObject, asString } from '../../core/parse';

const key = 'runloop.seenChanges';
/** Marks that are kept; the oldest go first. */
const mostMarks = 20_000;

/** Changes that somebody has marked as seen, over all windows: each until it changes again. */
export class MarkedSeen {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** Which of a repository's changes are seen, as of now. */
  of(devboxId: string, top: string): (change: FileChange) => boolean {
    const marks = this.#marks();
    return (change) => marks.get(nameOf(devboxId, top, change)) === wordOf(change);
  }

  async mark(devboxId: string, top: string, changes: readonly FileChange[]): Promise<void> {
    const marks = this.#marks();
    for (const change of changes) {
      const name = nameOf(devboxId, top, change);
      marks.delete(name);
      marks.set(name, wordOf(change));
    }
    await this.#memory.update(key, Object.fromEntries([...marks].slice(-mostMarks)));
  }

  #marks(): Map<string, string> {
    const stored = Object.entries(asObject(this.#memory.get(key)) ?? {});
    return new Map(stored.map(([name, word]) => [name, asString(word) ?? '']));
  }
}

/** Not a number, which an object would put in front of older ones. */
function nameOf(devboxId: string, top: string, { path, before }: FileChange): string {
  return `f${digest([devboxId, top, path, before === undefined ? '' : `${before.mode}${before.id}`])}`;
}

function wordOf(change: FileChange): string {
  return digest([changeWord(change)]);
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
}
