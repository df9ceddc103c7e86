import {
  FileChangeType,
  FilePermission,
  FileSystemError,
  FileType,
  workspace,
  type FileChangeEvent,
  type FileStat as EditorStat,
  type Uri,
} from 'vscode';
import { RuntimeError } from '../../core/errors';
import { fileProblemOf, putBackIn } from '../../core/files/fileErrors';
import type { FileStat } from '../../core/files/fileFacts';
import { OtherAccount, type AccountFiles, type ReachedFiles } from './accountFiles';
import { childKeys, parentAddress } from './fileAddress';
import { fileSystemError, offerComparison, tellWhyNotOpened } from './fileSystemErrors';
import type { SignedIn } from '../account/account';
import type { Log } from '../messages/log';
import { KnownFolders, type Entries } from './knownFolders';
import { KnownStats } from './knownStats';
import { PutAside } from './putAside';
import { FileWatch } from './watch/fileWatch';
import { WatchedChanges } from './watch/watchedChanges';

/** The largest file that is read for an editor: beyond, it takes none. */
const mostBytes = 50 * 1024 * 1024;

export interface FileSystemContext {
  readonly accountFiles: AccountFiles;
  readonly devboxUse: { used(devboxId: string): void };
  /** Tells the editor of changes. */
  readonly tell: (changes: FileChangeEvent[]) => void;
  readonly log: Log;
}

/** The files of devboxes as a file system of the editor. */
export class RunloopFileSystem {
  readonly #context: FileSystemContext;
  readonly #known = new KnownStats();
  readonly #folders = new KnownFolders();
  readonly #aside: PutAside;
  /** What is looked at, and told of while it is. */
  readonly watch: FileWatch;

  constructor(context: FileSystemContext) {
    this.#context = context;
    const { accountFiles, log, tell } = context;
    this.#aside = new PutAside(log);
    const told = new WatchedChanges({
      known: this.#known,
      folders: this.#folders,
      list: (uri) => this.list(uri),
      tell,
    });
    this.watch = new FileWatch({
      accountFiles,
      log,
      onChange: (root, changes) =>
        void told
          .take(root, changes)
          .catch((error: unknown) => log.failure('Listing a folder that has changed', error)),
    });
  }

  dispose(): void {
    this.watch.dispose();
    this.#context.accountFiles.dispose();
  }

  async stat(uri: Uri): Promise<EditorStat> {
    // What is open of another account stays as it was, and cannot be written. Of text that is not saved, the editor asks here, and
    // is told whose it is: where it may not write it has words of its own, which do not say why.
    const otherwise = (): EditorStat | undefined => {
      const last = this.#known.last(uri.toString());
      return last === undefined ? undefined : this.#editorStat(uri, last, !isUnsaved(uri));
    };
    return this.#told(
      uri,
      async (reached) => {
        const stat = this.#fresh(uri) ?? (await this.#look(uri, reached));
        return this.#editorStat(uri, stat);
      },
      { otherwise },
    );
  }

  async readDirectory(uri: Uri): Promise<Entries> {
    return this.#told(uri, (reached) => this.#list(uri, reached));
  }

  /** The same for a view, whose failures are told to a person. */
  async list(uri: Uri): Promise<Entries> {
    const reached = await this.#context.accountFiles.at(uri);
    return this.#folders.fresh(uri) ?? (await this.#list(uri, reached));
  }

  async #list(uri: Uri, { files, path, signal }: ReachedFiles): Promise<Entries> {
    const begunMs = performance.now();
    const folder = this.#known.last(uri.toString())?.token;
    const entries = await files.list(path, { signal });
    this.#known.list(uri.toString(), { entries, keyOf: childKeys(uri), begunMs });
    const names = entries.map((entry): [string, FileType] => [entry.name, typeOf(entry)]);
    const changes = this.#folders.record(uri, names, begunMs, folder);
    if (changes.length > 0) this.#context.tell(changes.map(([one, type]) => ({ uri: one, type })));
    return names;
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    return this.#told(uri, async (reached) => {
      const { files, path, devboxId, signal } = reached;
      this.#context.devboxUse.used(devboxId);
      try {
        // Before the content: what changes in between is noticed when it is saved.
        const stat = this.#fresh(uri) ?? (await this.#look(uri, reached));
        const content = await files.readWhole(path, stat, { signal, mostBytes });
        this.#known.has(uri.toString(), stat.token);
        this.#known.read(uri.toString(), stat);
        this.#aside.tell(uri, stat);
        return content;
      } catch (error) {
        tellWhyNotOpened(error, uri, this.#context.log);
        throw error;
      }
    });
  }

  async writeFile(
    uri: Uri,
    content: Uint8Array,
    { create, overwrite }: { readonly create: boolean; readonly overwrite: boolean },
  ): Promise<void> {
    await this.#told(uri, async ({ files, path, devboxId, signal }) => {
      this.#context.devboxUse.used(devboxId);
      const key = uri.toString();
      const last = this.#known.last(key);
      const wasThere = last !== undefined;
      const accepted = this.#known.accepted(key, this.watch.since(uri));
      const bytes = content.byteLength === 0 ? [] : [content];
      const written = { size: content.byteLength, bytes };
      try {
        const stat = await files.write(path, written, {
          create,
          overwrite,
          ...accepted,
          isShared: last?.isShared,
          signal,
        });
        this.#known.wrote(key, stat);
        this.#aside.tell(uri, stat);
      } catch (error) {
        if (fileProblemOf(error) === 'file_changed') {
          this.#known.refused(key);
          offerComparison(error, uri, this.#context.log);
        } else {
          this.#known.expire(key);
        }
        const putBack = putBackIn(error);
        if (putBack !== undefined) this.#known.putBack(key, putBack.before, putBack.now);
        throw error;
      }
      this.#context.tell([{ type: wasThere ? FileChangeType.Changed : FileChangeType.Created, uri }]);
    });
  }

  async createDirectory(uri: Uri): Promise<void> {
    await this.#told(uri, async ({ files, path, signal }) => files.createFolder(path, { signal }));
    this.changed([uri, FileChangeType.Created]);
  }

  async delete(uri: Uri, { recursive }: { readonly recursive: boolean }): Promise<void> {
    await this.#told(uri, async ({ files, path, signal }) => {
      try {
        await files.delete(path, { recursive, signal });
      } catch (error) {
        // With all that is in it: the editor's own file system takes that for done where nothing is.
        if (!recursive || fileProblemOf(error) !== 'file_missing') throw error;
      }
    });
    this.changed([uri, FileChangeType.Deleted]);
  }

  async rename(from: Uri, to: Uri, { overwrite }: { readonly overwrite: boolean }): Promise<void> {
    await this.#between(from, to, ({ files, path, signal }, target) =>
      files.rename(path, target, { overwrite, signal }),
    );
    this.changed([from, FileChangeType.Deleted], [to, FileChangeType.Created]);
  }

  async copy(from: Uri, to: Uri, { overwrite }: { readonly overwrite: boolean }): Promise<void> {
    await this.#between(from, to, ({ files, path, signal }, target) => files.copy(path, target, { overwrite, signal }));
    this.changed([to, FileChangeType.Created]);
  }

  async rootOf(devboxId: string, of?: SignedIn): Promise<Uri> {
    return this.#context.accountFiles.rootOf(devboxId, of);
  }

  async reach(uri: Uri): Promise<ReachedFiles> {
    return this.#told(uri, (reached) => Promise.resolve(reached));
  }

  async #between(from: Uri, to: Uri, work: (reached: ReachedFiles, target: string) => Promise<void>): Promise<void> {
    // The editor carries files from one devbox to another itself.
    if (from.authority !== to.authority) throw FileSystemError.Unavailable(to);
    await this.#told(from, (reached) => work(reached, to.path), { target: to });
  }

  /** Forgets what was known of files, and tells the editor. */
  changed(...changes: readonly (readonly [Uri, FileChangeType])[]): void {
    for (const [uri] of changes) {
      this.#known.moved(uri.toString());
      this.#known.forget(uri.toString());
      this.#folders.expire(parentAddress(uri));
      this.#folders.expire(uri);
    }
    this.#context.tell(changes.map(([uri, type]) => ({ uri, type })));
  }

  /** Makes the next look at files ask. */
  expire(uris: readonly Uri[]): void {
    for (const uri of uris) this.#known.expire(uri.toString());
  }

  #fresh(uri: Uri): FileStat | undefined {
    return this.#known.fresh(uri.toString(), this.watch.since(uri));
  }

  #look(uri: Uri, { files, path, signal }: ReachedFiles): Promise<FileStat> {
    return this.#known.look(
      uri.toString(),
      () => files.stat(path, { signal }),
      (error) => fileProblemOf(error) === 'file_missing',
    );
  }

  #editorStat(uri: Uri, stat: FileStat, isReadonly = false): EditorStat {
    const key = uri.toString();
    const { mtimeMs: mtime, size } = this.#known.factsOf(key, stat, isUnsaved(uri));
    const facts = { type: typeOf(stat), size, ctime: stat.ctimeMs, mtime };
    const locked = isReadonly || (stat.type === 'file' && !stat.isWritable);
    return locked ? { ...facts, permissions: FilePermission.Readonly } : facts;
  }

  /**
   * Does something with what an address names; failures come as the editor knows them.
   *
   * @param options.target what is in the way where something is
   * @param options.otherwise what to tell of an address of another account
   */
  async #told<T>(
    uri: Uri,
    work: (reached: ReachedFiles) => Promise<T>,
    { target = uri, otherwise }: { readonly target?: Uri; readonly otherwise?: () => T | undefined } = {},
  ): Promise<T> {
    let signal: AbortSignal | undefined;
    try {
      const reached = await this.#context.accountFiles.at(uri);
      ({ signal } = reached);
      return await work(reached);
    } catch (thrown) {
      // Nobody but the account's end cancels here.
      const isLeft = signal?.aborted === true && RuntimeError.is(thrown, 'cancelled');
      const error = isLeft ? this.#context.accountFiles.otherAccount(uri) : thrown;
      const instead = error instanceof OtherAccount ? otherwise?.() : undefined;
      if (instead !== undefined) return instead;
      throw fileSystemError(error, fileProblemOf(error) === 'file_exists' ? target : uri);
    }
  }
}

/** Whether an editor has text of it that is not saved. */
function isUnsaved(uri: Uri): boolean {
  const key = uri.toString();
  return workspace.textDocuments.some((document) => document.isDirty && document.uri.toString() === key);
}

function typeOf({ type, isLink }: Pick<FileStat, 'type' | 'isLink'>): FileType {
  const own = type === 'file' ? FileType.File : type === 'folder' ? FileType.Directory : FileType.Unknown;
  return isLink ? both<FileType>(own, FileType.SymbolicLink) : own;
}

/** What two flags are together. */
function both<Flag extends number>(one: Flag, other: Flag): Flag {
  return (one | other) as Flag;
}
