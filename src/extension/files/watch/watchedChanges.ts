import { FileChangeType, window, type FileChangeEvent, type Uri } from 'vscode';
import { fileProblemOf } from '../../../core/files/fileErrors';
import type { WatchedChange } from '../../../core/files/watchLines';
import { parentAddress } from '../fileAddress';
import type { Entries, KnownFolders } from '../knownFolders';
import type { KnownStats } from '../knownStats';

/** Folders that are listed again for one piece of news: beyond, they are when somebody looks. */
const mostListed = 20;

interface WatchedChangesContext {
  readonly known: KnownStats;
  readonly folders: KnownFolders;
  /** Lists a folder, and tells what has come and gone in it. */
  readonly list: (folder: Uri) => Promise<Entries>;
  readonly tell: (changes: FileChangeEvent[]) => void;
}

/** What a watching process has said, as the editor wants to know it: nothing of what was done here, and names that came and went. */
export class WatchedChanges {
  readonly #context: WatchedChangesContext;

  constructor(context: WatchedChangesContext) {
    this.#context = context;
  }

  /** @param root an address of the devbox */
  async take(root: Uri, changes: readonly WatchedChange[]): Promise<void> {
    const { known, folders } = this.#context;
    const news: FileChangeEvent[] = [];
    const listed = new Map<string, { readonly uri: Uri; readonly token?: string }>();
    for (const change of changes) {
      if (change.kind === 'unclear') {
        for (const uri of this.#under(root, change.folder)) {
          known.expire(uri.toString());
          folders.expire(uri);
          news.push({ type: FileChangeType.Changed, uri });
        }
        continue;
      }
      const uri = root.with({ path: change.path });
      const key = uri.toString();
      if (change.kind === 'gone') {
        known.record(key, undefined);
        news.push({ type: FileChangeType.Deleted, uri });
        listed.set(parentAddress(uri).toString(), { uri: parentAddress(uri) });
        continue;
      }
      const { token } = change;
      // What was seen meanwhile, by a look or with its folder, was told to nobody yet.
      if (folders.has(uri) ? folders.hasListed(uri, token) : known.isTold(key, token)) {
        known.confirm(key, token);
        continue;
      }
      const last = known.last(key);
      known.expire(key);
      known.has(key, token);
      if (folders.has(uri)) listed.set(key, { uri, token });
      news.push({ type: last === undefined ? FileChangeType.Created : FileChangeType.Changed, uri });
    }
    const again = [...listed.values()].filter(({ uri }) => folders.has(uri)).slice(0, mostListed);
    for (const { uri, token } of again) await this.#list(uri, token);
    if (news.length > 0) this.#context.tell(news);
  }

  async #list(folder: Uri, token: string | undefined): Promise<void> {
    this.#context.folders.expire(folder);
    try {
      await this.#context.list(folder);
      this.#context.folders.freshen(folder, token);
    } catch (error) {
      // It went as well; who looks is told when the folder above is listed.
      if (fileProblemOf(error) === undefined) throw error;
    }
  }

  /** What is on screen, or was listed, in a folder or anywhere. */
  #under(root: Uri, folder: string | undefined): readonly Uri[] {
    const isIn = ({ authority, path }: Uri): boolean =>
      authority === root.authority &&
      (folder === undefined || `${path}/`.startsWith(folder === '/' ? '/' : `${folder}/`));
    const shown = window.visibleTextEditors.map(({ document }) => document.uri);
    return [...shown, ...this.#context.folders.addresses()].filter(isIn);
  }
}
