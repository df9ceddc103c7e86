import pLimit from 'p-limit';
import { setTimeout as sleep } from 'node:timers/promises';
import { window, type Uri } from 'vscode';
import { hasGit } from '../../core/changes/compare';
import type { Disposable } from '../../core/events';
import type { WatchedChange } from '../../core/files/watchLines';
import type { Log } from '../messages/log';
import { sideOf } from './changeAddress';
import type { DevboxState, LookedAt } from './devboxLook';

/** How much longer nothing is read than the last reading took, and the longest pause in milliseconds. */
const restFactor = 2;
const longestRestMs = 10_000;
/** Milliseconds after which what comes on screen again is looked at anew: a process tells what was shortly before it. */
const freshMs = 1_000;

/** What watches files of devboxes, one process in each that is looked at. */
export interface ChangeWatch {
  showWhole(folders: readonly Uri[]): void;
  readonly onDidChange: (
    listener: (event: { readonly root: Uri; readonly changes: readonly WatchedChange[] }) => void,
  ) => Disposable;
}

export interface LiveChangesContext {
  readonly watching: () => Promise<ChangeWatch>;
  readonly stateOf: (devboxId: string) => DevboxState | undefined;
  /** Milliseconds since a devbox was looked at. */
  readonly ageMsOf: (devboxId: string) => number;
  /** Devboxes of which something else on screen depends on their changes. */
  readonly alsoSeen: () => readonly string[];
  /** Reads some repositories anew. */
  readonly look: (devboxId: string, only: ReadonlySet<string>) => Promise<void>;
  readonly log: Log;
}

/** Reads a repository anew when something changes in it, as long as its row, a side of its changes or what marks them is on screen. */
export class LiveChanges implements Disposable {
  readonly #context: LiveChangesContext;
  readonly #owned: Disposable[];
  readonly #stop = new AbortController();
  /** Repositories in which something has changed since they were read, by devbox. */
  readonly #changed = new Map<string, Set<string>>();
  #shown: readonly string[] = [];
  #told = '';
  /** Devboxes that were on screen the last time. */
  #before: ReadonlySet<string> = new Set();
  readonly #oneByOne = pLimit(1);
  #isHearing = false;

  constructor(context: LiveChangesContext) {
    this.#context = context;
    this.#owned = [window.onDidChangeVisibleTextEditors(() => this.again())];
  }

  /** Devboxes whose row is open in a view that is seen. */
  show(devboxIds: readonly string[]): void {
    this.#shown = devboxIds;
    this.again();
  }

  /** What is on screen, or known of it, may be different. */
  again(): void {
    this.#oneByOne(() => this.#tell()).catch((error: unknown) =>
      this.#context.log.failure('Watching repositories of devboxes', error),
    );
  }

  dispose(): void {
    this.#stop.abort();
    for (const one of this.#owned) one.dispose();
  }

  async #tell(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const seen = this.#seen();
    const isNew = (devboxId: string): boolean =>
      !this.#before.has(devboxId) && this.#context.ageMsOf(devboxId) > freshMs;
    const appeared = [...seen].filter(isNew);
    this.#before = seen;
    for (const devboxId of appeared) this.#mark(devboxId, this.#context.stateOf(devboxId)?.repositories ?? []);
    const folders = [...seen].flatMap((devboxId) => watchedFolders(this.#context.stateOf(devboxId)));
    const told = folders.map((uri) => uri.toString()).join('\n');
    if (told === this.#told) return;
    this.#told = told;
    const watch = await this.#context.watching();
    if (!this.#isHearing) this.#owned.push(watch.onDidChange(({ root, changes }) => this.#hear(root, changes)));
    this.#isHearing = true;
    watch.showWhole(folders);
  }

  /** Devboxes of which something is on screen. */
  #seen(): ReadonlySet<string> {
    const sides = window.visibleTextEditors.map(({ document }) => sideOf(document.uri)?.devboxId);
    return new Set([...this.#shown, ...this.#context.alsoSeen(), ...sides.filter((id) => id !== undefined)]);
  }

  #hear({ authority }: Uri, changes: readonly WatchedChange[]): void {
    for (const devboxId of this.#seen()) {
      const state = this.#context.stateOf(devboxId);
      if (state?.root.authority !== authority) continue;
      const tops = state.repositories.filter((one) => changes.some((change) => concerns(change, one)));
      this.#mark(devboxId, tops);
    }
  }

  /** Repositories are to be read anew. */
  #mark(devboxId: string, repositories: readonly LookedAt[]): void {
    if (repositories.length === 0) return;
    const waiting = this.#changed.get(devboxId);
    const all = waiting ?? new Set<string>();
    for (const { top } of repositories) all.add(top);
    if (waiting !== undefined) return;
    this.#changed.set(devboxId, all);
    this.#read(devboxId, all).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#context.log.failure('Looking at changes', error);
    });
  }

  /** Reads what has changed until nothing more has: never for longer than a third of the time. */
  async #read(devboxId: string, changed: Set<string>): Promise<void> {
    try {
      while (changed.size > 0 && this.#seen().has(devboxId)) {
        const only = new Set(changed);
        changed.clear();
        const beganMs = performance.now();
        await this.#context.look(devboxId, only);
        const restMs = Math.min((performance.now() - beganMs) * restFactor, longestRestMs);
        await sleep(restMs, undefined, { signal: this.#stop.signal });
      }
    } finally {
      this.#changed.delete(devboxId);
    }
  }
}

/** The folders of repositories that are watched: none that is in another one, and not all that there is. */
function watchedFolders(state: DevboxState | undefined): Uri[] {
  const tops = (state?.repositories ?? []).map(({ top }) => top).filter((top) => top !== '/');
  const outer = tops.filter((top) => !tops.some((other) => other !== top && isIn(top, other)));
  return outer.flatMap((path) => (state === undefined ? [] : [state.root.with({ path })]));
}

/** Whether a change may be one of a repository: in its folder, or in the git directory that it shares with others. */
function concerns(change: WatchedChange, one: LookedAt): boolean {
  const path = change.kind === 'unclear' ? change.folder : change.path;
  if (path === undefined || (change.kind === 'unclear' && isIn(one.top, path))) return true;
  return isIn(path, one.top) || ('found' in one && hasGit(one.found.report) && isIn(path, one.found.report.common));
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
