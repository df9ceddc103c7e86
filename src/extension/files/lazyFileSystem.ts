import {
  Disposable,
  EventEmitter,
  FileChangeType,
  workspace,
  type FileChangeEvent,
  type FileStat,
  type FileSystemProvider,
  type FileType,
  type Uri,
} from 'vscode';
import type { Disposable as Disposes } from '../../core/events';
import { filesScheme } from '../commandIds';
import type { Log } from '../messages/log';
import { onFirstUse } from '../onFirstUse';
import type { SignedIn } from '../account/account';
import type { ReachedFiles } from './accountFiles';
import type { RunloopFileSystem } from './runloopFileSystem';

/** The file system of devboxes as the editor knows it from activation on; its code is read when the first file is asked for. */
export class LazyFileSystem implements FileSystemProvider, Disposes {
  readonly #changed = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;
  readonly #load: () => Promise<RunloopFileSystem>;
  readonly #owned: Disposes[];
  readonly #log: Log;
  #loaded: RunloopFileSystem | undefined;

  constructor({
    account,
    log,
    load,
  }: {
    readonly account: { readonly onDidChange: (listener: () => void) => Disposes };
    readonly log: Log;
    readonly load: (tell: (changes: FileChangeEvent[]) => void) => Promise<RunloopFileSystem>;
  }) {
    this.#log = log;
    this.#owned = [];
    this.#load = onFirstUse(async () => {
      this.#loaded = await load((changes) => this.#changed.fire(changes));
      return this.#loaded;
    }, this.#owned);
    this.#owned.push(
      this.#changed,
      workspace.registerFileSystemProvider(filesScheme, this, { isCaseSensitive: true }),
      // What is open becomes read-only, or no longer is.
      account.onDidChange(() => this.#lookAgain()),
    );
  }

  watch(uri: Uri, { recursive, excludes }: { recursive: boolean; excludes: readonly string[] }): Disposable {
    return this.#later(async () => (await this.#load()).watch.ask({ uri, recursive, excludes }));
  }

  /** Folders of devboxes that are open in a view that is seen. */
  async showFolders(folders: readonly Uri[]): Promise<void> {
    const loaded = folders.length > 0 ? await this.#load() : this.#loaded;
    loaded?.watch.showFolders(folders);
  }

  /** What watches files of devboxes. */
  async watching(): Promise<RunloopFileSystem['watch']> {
    return (await this.#load()).watch;
  }

  async stat(uri: Uri): Promise<FileStat> {
    return (await this.#load()).stat(uri);
  }

  async readDirectory(uri: Uri): Promise<[string, FileType][]> {
    return (await this.#load()).readDirectory(uri);
  }

  async createDirectory(uri: Uri): Promise<void> {
    return (await this.#load()).createDirectory(uri);
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    return (await this.#load()).readFile(uri);
  }

  async writeFile(uri: Uri, content: Uint8Array, options: { create: boolean; overwrite: boolean }): Promise<void> {
    return (await this.#load()).writeFile(uri, content, options);
  }

  async delete(uri: Uri, options: { recursive: boolean }): Promise<void> {
    return (await this.#load()).delete(uri, options);
  }

  async rename(from: Uri, to: Uri, options: { overwrite: boolean }): Promise<void> {
    return (await this.#load()).rename(from, to, options);
  }

  async copy(from: Uri, to: Uri, options: { overwrite: boolean }): Promise<void> {
    return (await this.#load()).copy(from, to, options);
  }

  /** What is in a folder, for a view. */
  async list(uri: Uri): Promise<[string, FileType][]> {
    return (await this.#load()).list(uri);
  }

  /** The folder that the files of a devbox begin with: its workspace, else the home of its user. */
  async rootOf(devboxId: string, of?: SignedIn): Promise<Uri> {
    return (await this.#load()).rootOf(devboxId, of);
  }

  /** The devbox's files themselves, for what an editor has no call for. */
  async reach(uri: Uri): Promise<ReachedFiles> {
    return (await this.#load()).reach(uri);
  }

  /** Tells the editor of what a command has done. */
  async changed(type: FileChangeType, uri: Uri): Promise<void> {
    (await this.#load()).changed([uri, type]);
  }

  /** Tells that a folder may have changed, and what is open of its devbox. */
  refresh(folder: Uri): void {
    const open = workspace.textDocuments.filter(({ uri }) => uri.authority === folder.authority);
    const changed = [folder, ...open.map(({ uri }) => uri)];
    this.#loaded?.expire(changed);
    this.#changed.fire(changed.map((uri) => ({ type: FileChangeType.Changed, uri })));
  }

  dispose(): void {
    for (const one of this.#owned) one.dispose();
  }

  /** Something that is let go of before or after it is there. */
  #later(make: () => Promise<Disposes>): Disposable {
    let isOver = false;
    let made: Disposes | undefined;
    make().then(
      (one) => {
        made = one;
        if (isOver) one.dispose();
      },
      (error: unknown) => this.#log.failure('Watching a file of a devbox', error),
    );
    return new Disposable(() => {
      isOver = true;
      made?.dispose();
    });
  }

  #lookAgain(): void {
    this.#loaded?.watch.again();
    const open = workspace.textDocuments.filter(({ uri }) => uri.scheme === filesScheme);
    if (open.length > 0) this.#changed.fire(open.map(({ uri }) => ({ type: FileChangeType.Changed, uri })));
  }
}
