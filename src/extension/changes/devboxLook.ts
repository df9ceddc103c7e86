import type { Uri } from 'vscode';
import type { DevboxChanges, FoundFolders, RepositoryChanges } from '../../core/changes/devboxChanges';
import type { RunloopApi } from '../../core/platform/runloopApi';

/** Repositories that are read; a devbox with more is no place where somebody reviews. */
const mostRepositories = 40;
/** Repositories that are read at a time. */
const atOnce = 4;

/** One repository as it was looked at last, or why it could not be. */
export type LookedAt =
  { readonly top: string; readonly found: RepositoryChanges } | { readonly top: string; readonly failure: unknown };

/** How the repositories of a devbox are, all read at one time. */
export interface DevboxState {
  /** The folder in which they were looked for. */
  readonly root: Uri;
  /** The one among the repositories that is a folder without git, where it is looked at as such. */
  readonly plain: string | undefined;
  readonly repositories: readonly LookedAt[];
  /** Repositories that were found and not read, as there are too many. */
  readonly notRead: number;
  /** Whether there may be more in folders that were not looked into, as that took too long. */
  readonly isCut?: boolean;
}

/** Looks at the changes in one devbox, once for all who ask meanwhile. */
export class DevboxLook {
  readonly api: RunloopApi;
  readonly #changes: DevboxChanges;
  readonly #signal: AbortSignal;
  readonly #rootOf: () => Promise<Uri>;
  #state: DevboxState | undefined;
  #looking: Promise<DevboxState> | undefined;
  #beganMs = -Infinity;
  #next: Promise<DevboxState> | undefined;
  #endedMs = 0;

  constructor({
    api,
    changes,
    signal,
    rootOf,
  }: {
    readonly api: RunloopApi;
    readonly changes: DevboxChanges;
    /** Ends with the account. */
    readonly signal: AbortSignal;
    readonly rootOf: () => Promise<Uri>;
  }) {
    this.api = api;
    this.#changes = changes;
    this.#signal = signal;
    this.#rootOf = rootOf;
  }

  get changes(): DevboxChanges {
    return this.#changes;
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** As of the last look; undefined before the first. */
  get state(): DevboxState | undefined {
    return this.#state;
  }

  /** Milliseconds since the last look ended; 0 during one. */
  get ageMs(): number {
    return this.#looking === undefined ? performance.now() - this.#endedMs : 0;
  }

  /** Milliseconds since the last look for repositories began: what came later is not in it. */
  get sinceMs(): number {
    return performance.now() - this.#beganMs;
  }

  /** The last look, or the first. */
  async known(): Promise<DevboxState> {
    return this.#state ?? this.#looking ?? this.again();
  }

  /**
   * Looks now.
   *
   * @param only the repositories that are read anew, where not all are, and no others are looked for; the state stays the same
   * one where nothing is different in them
   */
  async again(only?: ReadonlySet<string>): Promise<DevboxState> {
    // What goes on may have been there before the change: nobody who asks now is told of that.
    if (only === undefined && this.#looking !== undefined) {
      return (this.#next ??= this.#afterThis());
    }
    while (this.#looking !== undefined) await this.#looking;
    return this.#begin(only);
  }

  /** The look after the one that goes on, one for all who ask meanwhile. */
  async #afterThis(): Promise<DevboxState> {
    await Promise.allSettled([this.#looking]);
    this.#next = undefined;
    // Another one may have come first.
    return this.again();
  }

  #begin(only: ReadonlySet<string> | undefined): Promise<DevboxState> {
    if (only === undefined) this.#beganMs = performance.now();
    this.#looking = this.#look(only).finally(() => {
      this.#looking = undefined;
      this.#endedMs = performance.now();
    });
    return this.#looking;
  }

  async #look(only: ReadonlySet<string> | undefined): Promise<DevboxState> {
    if (only !== undefined && this.#state !== undefined) return this.#reread(this.#state, only);
    const root = this.#state?.root ?? (await this.#rootOf());
    const found = await this.#changes.find(root.path, this.#signal);
    const plain = plainFolder(found);
    const wanted = [...(plain === undefined ? [] : [plain]), ...nearest(found.repositories)];
    const repositories: LookedAt[] = [];
    for (let at = 0; at < wanted.length; at += atOnce) {
      repositories.push(...(await Promise.all(wanted.slice(at, at + atOnce).map((top) => this.#read(top, plain)))));
    }
    const notRead = Math.max(0, found.repositories.length - mostRepositories) + found.more;
    this.#state = { root, plain, repositories, notRead, isCut: found.isCut };
    return this.#state;
  }

  async #reread(state: DevboxState, only: ReadonlySet<string>): Promise<DevboxState> {
    const repositories = [...state.repositories];
    for (const [index, known] of repositories.entries()) {
      if (!only.has(known.top)) continue;
      const now = await this.#read(known.top, state.plain);
      const isSame = 'found' in now && 'found' in known && now.found.digest === known.found.digest;
      if (!isSame) repositories[index] = now;
    }
    if (repositories.every((one, index) => one === state.repositories[index])) return state;
    this.#state = { ...state, repositories };
    return this.#state;
  }

  async #read(top: string, plain: string | undefined): Promise<LookedAt> {
    try {
      const read = top === plain ? this.#changes.readFolder(top, this.#signal) : this.#changes.read(top, this.#signal);
      return { top, found: await read };
    } catch (failure) {
      if (this.#signal.aborted) throw failure;
      return { top, failure };
    }
  }
}

/** Those that are read: what is deep within others is most often fetched, and not worked on. */
function nearest(tops: readonly string[]): readonly string[] {
  if (tops.length <= mostRepositories) return tops;
  const depth = (top: string): number => top.split('/').length;
  return tops
    .toSorted((one, other) => depth(one) - depth(other))
    .slice(0, mostRepositories)
    .toSorted();
}

/** The folder that is looked at as one without git: one without repositories, and later, too, when there are some below it. */
export function plainFolder({ plain, repositories, isNoted }: FoundFolders): string | undefined {
  // All that a devbox has is no place where somebody reviews.
  return plain !== '/' && (repositories.length === 0 || isNoted) ? plain : undefined;
}
