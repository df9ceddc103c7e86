import pLimit from 'p-limit';
import { Disposable, EventEmitter, type Uri } from 'vscode';
import type { Disposable as Disposes } from '../../../core/events';
import { DevboxWatch, watchable } from '../../../core/files/devboxWatch';
import type { WatchedChange } from '../../../core/files/watchLines';
import type { Log } from '../../messages/log';
import { OtherAccount, type AccountFiles } from '../accountFiles';
import { lookedAt, onLookedAtElsewhere, type EditorWatch } from './lookedAt';

/** Milliseconds until what is looked at is taken in: tabs and folders change several at a time. */
const settleMs = 100;
/**
 * Milliseconds before a process says that it watches something from which on it tells its changes: nearly the three seconds of
 * `watchScript`. What was read when its editor opened need not be looked at again for the first save, however slow the way is.
 */
const backMs = 2_500;
/** Milliseconds that what was looked at is true while a process is started to watch it: as old as what that tells may be. */
const startingMs = 2_000;

export interface FileWatchContext {
  readonly accountFiles: Pick<AccountFiles, 'at'>;
  /** @param root any address of the devbox */
  readonly onChange: (root: Uri, changes: readonly WatchedChange[]) => void;
  readonly log: Log;
}

interface Watched {
  readonly watch: DevboxWatch;
  readonly signal: AbortSignal;
  readonly root: Uri;
  /** What is told of, and since when; Infinity until a process has said that it watches it. */
  paths: ReadonlyMap<string, number>;
  isWatching: boolean;
}

/** Watches what somebody looks at, one process a devbox. */
export class FileWatch implements Disposes {
  readonly #context: FileWatchContext;
  readonly #asked = new Set<EditorWatch>();
  readonly #watched = new Map<string, Watched>();
  readonly #owned: Disposes[];
  #open: readonly Uri[] = [];
  #whole: readonly Uri[] = [];
  readonly #changed = new EventEmitter<{ readonly root: Uri; readonly changes: readonly WatchedChange[] }>();
  /** What a process has said of a devbox. */
  readonly onDidChange = this.#changed.event;
  #settling: NodeJS.Timeout | undefined;
  readonly #oneByOne = pLimit(1);
  #isDisposed = false;

  constructor(context: FileWatchContext) {
    this.#context = context;
    this.#owned = [this.#changed, ...onLookedAtElsewhere(() => this.again())];
  }

  /** The editor watches something, until it says that it does not. */
  ask(watch: EditorWatch): Disposable {
    this.#asked.add(watch);
    this.again();
    return new Disposable(() => {
      this.#asked.delete(watch);
      this.again();
    });
  }

  /** Folders that are open in a view that is seen. */
  showFolders(folders: readonly Uri[]): void {
    this.#open = folders;
    this.again();
  }

  /** Folders of which anything that changes below is shown. */
  showWhole(folders: readonly Uri[]): void {
    this.#whole = folders;
    this.again();
  }

  /** Since when every change of a file is told, or is going to be, by `performance.now()`; undefined if it is not. */
  since(uri: Uri): number | undefined {
    const watched = this.#watched.get(uri.authority);
    const since = watched?.paths.get(uri.path);
    if (since === undefined) return undefined;
    return watched?.isWatching === true && since !== Infinity ? since : performance.now() - startingMs;
  }

  /** What is looked at, or whose window this is, may be different. */
  again(): void {
    if (this.#settling !== undefined || this.#isDisposed) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.#oneByOne(() => this.#take()).catch((error: unknown) => this.#failed(error));
    }, settleMs);
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#settling);
    for (const one of this.#owned) one.dispose();
    for (const { watch } of this.#watched.values()) void watch.close().catch((error: unknown) => this.#failed(error));
    this.#watched.clear();
  }

  async #take(): Promise<void> {
    const all = lookedAt(this.#asked, this.#open, this.#whole);
    for (const [authority, { watch }] of this.#watched) if (!all.has(authority)) watch.set([], []);
    for (const [authority, { root, targets, skip }] of all) {
      const watched = await this.#of(authority, root);
      if (watched === undefined || this.#isDisposed) continue;
      const kept = watchable(targets);
      const left = targets.length - kept.length;
      if (left > 0) {
        this.#context.log.info(`${left} of ${targets.length} open files and folders are too many to watch.`);
      }
      const files = kept.filter(({ kind }) => kind === 'file').map(({ path }) => path);
      watched.paths = new Map(files.map((path) => [path, watched.paths.get(path) ?? Infinity]));
      watched.watch.set(kept, skip);
    }
  }

  async #of(authority: string, root: Uri): Promise<Watched | undefined> {
    const known = this.#watched.get(authority);
    if (known !== undefined && !known.signal.aborted) return known;
    try {
      const { commands, requireRunning, isRunning, signal } = await this.#context.accountFiles.at(root);
      const made: Watched = {
        root,
        signal,
        paths: new Map(),
        isWatching: false,
        watch: new DevboxWatch({
          commands,
          requireRunning,
          isRunning,
          signal,
          onChange: (changes) => {
            this.#context.onChange(root, changes);
            this.#changed.fire({ root, changes });
          },
          onWatching: (isWatching) => {
            const sinceMs = performance.now() - backMs;
            made.paths = new Map(
              [...made.paths].map(([path, since]) => [path, isWatching ? Math.min(since, sinceMs) : Infinity]),
            );
            made.isWatching = isWatching;
          },
          onFailure: (error) => this.#failed(error),
        }),
      };
      this.#watched.set(authority, made);
      return made;
    } catch (error) {
      if (error instanceof OtherAccount) return undefined;
      throw error;
    }
  }

  #failed(error: unknown): void {
    this.#context.log.failure('Watching files of a devbox', error);
  }
}
