import type { TreeView } from 'vscode';
import type { Disposable } from '../../core/events';
import { workspacePathKey } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import { onFirstUse } from '../onFirstUse';
import type { LazyItems } from './lazyItems';
import type { FileRows } from './look/fileRows';
import type { PortRows } from './look/portRows';
import { OpenFolders } from './openFolders';
import type { Row } from './rows';
import type { DevboxTreeServices, TreeBranches, TreeFileSystem } from './treeServices';

/** The rows below devboxes, and why a devbox could not be used last. */
export class DetailRows implements Disposable {
  readonly #store: DevboxStore;
  readonly #fileSystem: TreeFileSystem;
  readonly #log: Log;
  readonly #items: LazyItems;
  readonly #errors = new Map<string, string>();
  readonly #files: () => Promise<FileRows>;
  readonly #changes: () => Promise<TreeBranches>;
  readonly #owned: Disposable[] = [];
  #made: FileRows | undefined;
  #madeChanges: TreeBranches | undefined;
  #open: OpenFolders | undefined;
  readonly #ports: () => Promise<PortRows>;
  #madePorts: PortRows | undefined;

  /** @param redraw draws rows again */
  constructor(
    {
      store,
      fileSystem,
      changes,
      ports,
      log,
    }: Pick<DevboxTreeServices, 'store' | 'fileSystem' | 'changes' | 'ports' | 'log'>,
    items: LazyItems,
    redraw: (rows: Row[]) => void,
  ) {
    this.#store = store;
    this.#fileSystem = fileSystem;
    this.#log = log;
    this.#items = items;
    this.#files = onFirstUse(async () => {
      const { FileRows: Rows } = await import('./look/fileRows');
      return (this.#made = new Rows(fileSystem, redraw));
    }, this.#owned);
    this.#changes = onFirstUse(async () => {
      this.#madeChanges = await changes();
      this.#owned.push(this.#madeChanges.onDidChange(redraw));
      return this.#madeChanges;
    });
    this.#ports = onFirstUse(async () => {
      const { PortRows: Rows } = await import('./look/portRows');
      return (this.#madePorts = new Rows(await ports(), redraw));
    }, this.#owned);
  }

  /** Remembers why a devbox could not be used; undefined forgets it. */
  note(devboxId: string, message: string | undefined): void {
    if (message === undefined) this.#errors.delete(devboxId);
    else this.#errors.set(devboxId, message);
  }

  /** Tells from now on which folders of devboxes are open in the view, while it is seen. @param parentOf of devboxes and above */
  follow(view: TreeView<Row>, parentOf: (row: Row) => Row | undefined): Disposable {
    const open = new OpenFolders(
      { fileSystem: this.#fileSystem, files: () => this.#made, parentOf, log: this.#log },
      view,
    );
    this.#open = open;
    return open;
  }

  /** Forgets all, for another account. */
  clear(): void {
    this.#errors.clear();
    this.#made?.clear();
    this.#madeChanges?.clear();
    this.#open?.clear();
    this.#madePorts?.clear();
  }

  /** Somebody refreshes the view. */
  async refresh(): Promise<void> {
    await this.#madeChanges?.refresh();
  }

  /** Somebody has opened a row. */
  opened(row: Row): void {
    if (row.kind === 'branch') row.opened();
    if (row.kind === 'ports') this.#madePorts?.again(row.devboxId, { unlessFresh: true });
  }

  /** Looks anew at what listens in a devbox, where somebody has looked before. */
  lookAtPorts(devboxId: string): void {
    this.#madePorts?.again(devboxId, { unlessFresh: false });
  }

  /** What is below a row that is no group. */
  async below(row: Row, account: SignedIn | undefined, signal: AbortSignal): Promise<readonly Row[]> {
    if (account === undefined) return [];
    if (row.kind === 'branch') return row.below();
    if (row.kind === 'ports') return (await this.#ports()).below(row, account, signal);
    if (row.kind === 'files' || row.kind === 'file') {
      const rows = await (await this.#files()).below(row);
      // After it, as only now it is known which folder it is.
      this.#open?.asked(row);
      return rows;
    }
    if (row.kind !== 'devbox') return [];
    this.#open?.asked(row);
    const devboxId = row.id;
    const devbox = this.#store.get(devboxId);
    if (devbox === undefined) return [];
    const { devboxDetails } = await import('./look/devboxDetails');
    const details = await devboxDetails(account.api, devbox, {
      ...(await this.#items.context(devboxId)),
      lastError: this.#errors.get(devboxId),
      signal,
    });
    const rows = details.map((detail): Row => ({ kind: 'detail', devboxId, detail }));
    if (devbox.status !== 'running') return rows;
    const [ports, files, changes] = await Promise.all([this.#ports(), this.#files(), this.#changes()]);
    return [...rows, ports.of(devboxId), files.of(devboxId, devbox.metadata[workspacePathKey]), changes.of(devboxId)];
  }

  dispose(): void {
    for (const one of this.#owned) one.dispose();
  }
}
