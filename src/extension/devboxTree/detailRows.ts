import type { TreeView } from 'vscode';
import type { Disposable } from '../../core/events';
import { workspacePathKey } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import { onFirstUse } from '../onFirstUse';
import type { LazyItems } from './lazyItems';
import type { Listed } from './look/devboxDetails';
import type { FileRows } from './look/fileRows';
import type { PortRows } from './look/portRows';
import { OpenFolders } from './openFolders';
import type { Row } from './rows';
import type { DevboxTreeServices, RowFact, TreeBranches, TreeFileSystem } from './treeServices';

/** The rows below devboxes, and why a devbox could not be used last. */
export class DetailRows implements Disposable {
  readonly #store: DevboxStore;
  readonly #fileSystem: TreeFileSystem;
  readonly #log: Log;
  readonly #items: LazyItems;
  readonly #errors = new Map<string, string>();
  readonly #listed = new Map<string, Listed>();
  readonly #files: () => Promise<FileRows>;
  readonly #changes: () => Promise<TreeBranches>;
  readonly #agents: () => Promise<TreeBranches>;
  readonly #redraw: (rows: Row[]) => void;
  readonly #owned: Disposable[] = [];
  #made: FileRows | undefined;
  readonly #branches: TreeBranches[] = [];
  #open: OpenFolders | undefined;
  readonly #ports: () => Promise<PortRows>;
  #madePorts: PortRows | undefined;

  /** @param redraw draws rows again */
  constructor(
    {
      store,
      fileSystem,
      changes,
      agents,
      ports,
      log,
    }: Pick<DevboxTreeServices, 'store' | 'fileSystem' | 'changes' | 'agents' | 'ports' | 'log'>,
    items: LazyItems,
    redraw: (rows: Row[]) => void,
  ) {
    this.#store = store;
    this.#fileSystem = fileSystem;
    this.#log = log;
    this.#items = items;
    this.#redraw = redraw;
    this.#agents = agents;
    this.#files = onFirstUse(async () => {
      const { FileRows: Rows } = await import('./look/fileRows');
      return (this.#made = new Rows(fileSystem, redraw));
    }, this.#owned);
    this.#changes = onFirstUse(async () => {
      const made = await changes();
      this.join(made);
      return made;
    });
    this.#ports = onFirstUse(async () => {
      const { PortRows: Rows } = await import('./look/portRows');
      return (this.#madePorts = new Rows(await ports(), redraw));
    }, this.#owned);
  }

  /** Draws rows of another feature again when it says so. */
  join(branches: TreeBranches): void {
    this.#branches.push(branches);
    this.#owned.push(branches.onDidChange(this.#redraw));
  }

  /** How many things below devboxes wait for a person. */
  get needsYou(): number {
    return this.#branches.reduce((sum, { needsYou = 0 }) => sum + needsYou, 0);
  }

  /** Remembers why a devbox could not be used; undefined forgets it. */
  note(devboxId: string, message: string | undefined): void {
    if (message === undefined) this.#errors.delete(devboxId);
    else this.#errors.set(devboxId, message);
  }

  /** Tells from now on which folders of devboxes are open in the view, while it is seen. @param parentOf of devboxes and above */
  follow(view: TreeView<Row>, parentOf: (row: Row) => Row | undefined): Disposable {
    const open = new OpenFolders(
      {
        fileSystem: this.#fileSystem,
        files: () => this.#made,
        parentOf,
        showBranches: (ids) => this.#branches.forEach((one) => one.show(ids)),
        log: this.#log,
      },
      view,
    );
    this.#open = open;
    return open;
  }

  /** Forgets all, for another account. */
  clear(): void {
    this.#errors.clear();
    this.#listed.clear();
    this.#made?.clear();
    for (const one of this.#branches) one.clear();
    this.#open?.clear();
    this.#madePorts?.clear();
  }

  /** What a devbox's own row says of what is below it. */
  facts(devboxId: string): readonly RowFact[] {
    return this.#branches.flatMap((one) => one.factsOf?.(devboxId) ?? []);
  }

  /** Somebody refreshes the view. */
  async refresh(): Promise<void> {
    await Promise.all(this.#branches.map((one) => one.refresh()));
  }

  /** Somebody has opened a row. */
  opened(row: Row): void {
    if (row.kind === 'branch') row.opened();
    if (row.kind === 'ports') this.#madePorts?.again(row.devboxId, { unlessFresh: true });
  }

  /** Opens the row of a folder. */
  async open(row: unknown): Promise<void> {
    await this.#open?.open(row);
  }

  /** Looks anew at what listens in a devbox, where somebody has looked before. */
  lookAtPorts(devboxId: string): void {
    this.#madePorts?.again(devboxId, { unlessFresh: false });
  }

  /** What is below a row that is no group. */
  async below(row: Row, account: SignedIn | undefined, signal: AbortSignal): Promise<readonly Row[]> {
    if (account === undefined) return [];
    if (row.kind === 'branch') {
      this.#open?.asked(row);
      return row.below();
    }
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
    const { devboxDetailRows } = await import('./look/devboxDetails');
    const rows = await devboxDetailRows(account.api, devbox, {
      ...(await this.#items.context(devboxId)),
      lastError: this.#errors.get(devboxId),
      listed: this.#listed,
      signal,
    });
    if (devbox.status !== 'running') return rows;
    const features = [this.#ports(), this.#files(), this.#changes(), this.#agents()] as const;
    const [ports, files, changes, agents] = await Promise.all(features);
    const workspace = devbox.metadata[workspacePathKey];
    return [...rows, ports.of(devboxId), files.of(devboxId, workspace), changes.of(devboxId), agents.of(devboxId)];
  }

  dispose(): void {
    for (const one of this.#owned) one.dispose();
  }
}
