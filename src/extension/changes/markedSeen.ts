import { createHash } from 'node:crypto';
import type { Memento } from 'vscode';
import { changeWord, type FileChange } from '../../core/changes/compare';
import type { RepositoryChanges } from '../../core/changes/devboxChanges';
import { TimeSlicer } from '../../ground/timeSlicer';
import { asObject, asString } from '../../core/parse';
import type { DevboxState } from './devboxLook';

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
  async #of(devboxId: string, { top, groups }: RepositoryChanges): Promise<ReadonlySet<FileChange>> {
    const marks = this.#marks();
    const seen = new Set<FileChange>();
    if (marks.size === 0) return seen;
    const slicer = new TimeSlicer(64);
    for (const change of [...groups.uncommitted, ...(groups.sinceStart ?? []), ...(groups.thisTurn ?? [])]) {
      if (slicer.isDue) await slicer.rest();
      if (marks.get(nameOf(devboxId, top, change)) === wordOf(change)) seen.add(change);
    }
    return seen;
  }

  /** Which changes of all repositories are seen, and how many files differ that are not, each once. */
  async in(devboxId: string, { repositories }: DevboxState): Promise<{ seen: Set<FileChange>; unseenCount: number }> {
    const seen = new Set<FileChange>();
    const slicer = new TimeSlicer(64);
    let unseenCount = 0;
    for (const one of repositories) {
      if (!('found' in one)) continue;
      for (const change of await this.#of(devboxId, one.found)) seen.add(change);
      const paths = new Set<string>();
      const { uncommitted, sinceStart = [], thisTurn = [] } = one.found.groups;
      for (const change of [...uncommitted, ...sinceStart, ...thisTurn]) {
        if (slicer.isDue) await slicer.rest();
        if (!seen.has(change)) paths.add(change.path);
      }
      unseenCount += paths.size;
    }
    return { seen, unseenCount };
  }

  /** @param isSeen false takes the marks away */
  async mark(
    devboxId: string,
    top: string,
    { changes, isSeen }: { readonly changes: readonly FileChange[]; readonly isSeen: boolean },
  ): Promise<void> {
    const marks = new Map<string, string>();
    const slicer = new TimeSlicer(64);
    for (const change of changes) {
      if (slicer.isDue) await slicer.rest();
      const name = nameOf(devboxId, top, change);
      marks.set(name, wordOf(change));
    }
    // Read only now, as others may have marked meanwhile. The newest stand last.
    const all = this.#marks();
    for (const name of marks.keys()) all.delete(name);
    await this.#memory.update(key, Object.fromEntries([...all, ...(isSeen ? marks : [])].slice(-mostMarks)));
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
