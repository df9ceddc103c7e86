import type { FileChangeEvent, FileType, Memento, TreeDragAndDropController, Uri } from 'vscode';
import type { Disposable } from '../../core/events';
import type { Account, SignedIn } from '../account/account';
import type { Ender } from '../devboxes/endReason';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import type { Sessions } from '../session/sessions';
import type { LostStart } from './order/news';
import type { BranchRow } from './rows';

/** The files of devboxes, as far as the view shows them. */
export interface TreeFileSystem {
  rootOf(devboxId: string): Promise<Uri>;
  list(uri: Uri): Promise<[string, FileType][]>;
  readonly onDidChangeFile: (listener: (changes: readonly FileChangeEvent[]) => void) => Disposable;
  /** Folders that are open in the view while it is seen: what changes in them is told. */
  showFolders(folders: readonly Uri[]): Promise<void>;
}

/** What a devbox's own row says of what is below it: as it is shown, and as it is spoken. */
export interface RowFact {
  readonly shown: string;
  readonly spoken: string;
  /** Whether somebody waits for it. */
  readonly isPressing: boolean;
}

/** A row of another feature below each running devbox. */
export interface TreeBranches {
  of(devboxId: string): BranchRow;
  /** What the devbox's own row says of it, as of the last look; nothing where nobody has looked. */
  factsOf?(devboxId: string): readonly RowFact[];
  /** Looks again at what is shown, for somebody who refreshes the view. */
  refresh(): Promise<void>;
  /** Devboxes whose row is open in the view while it is seen. */
  show(devboxIds: readonly string[]): void;
  /** Forgets all, for another account. */
  clear(): void;
  /** How many things in them wait for a person. */
  readonly needsYou?: number;
  readonly onDidChange: (listener: (rows: BranchRow[]) => void) => Disposable;
}

/** Something that listens in a devbox, as far as the view shows it. */
export interface TreeListener {
  readonly port: number;
  readonly isLocal: boolean;
  readonly addresses: readonly string[];
  readonly processes: readonly { readonly pid: number; readonly name: string }[];
}

/** The ports of devboxes, as far as the view shows them. */
export interface TreePorts {
  look(account: SignedIn, devboxId: string, signal: AbortSignal): Promise<readonly TreeListener[]>;
  readonly forwarder: {
    readonly forwards: readonly { readonly devboxId: string; readonly port: number; readonly localPort: number }[];
    readonly onDidChange: (listener: (devboxId: string) => void) => Disposable;
  };
}

/** What the view shows, and where it remembers how. */
export interface DevboxTreeServices {
  readonly account: Account;
  readonly store: DevboxStore;
  readonly sessions: Sessions;
  readonly devboxUse: { toldAt(devboxId: string): number | undefined };
  readonly startedHere: { all(): ReadonlyMap<string, unknown> };
  readonly endedHere: { by(devboxId: string): Ender | undefined };
  readonly brokenStarts: {
    readonly devboxIds: ReadonlySet<string>;
    readonly lost: readonly LostStart[];
    lookNow(): void;
    readonly onDidChange: (listener: () => void) => Disposable;
  };
  readonly fileSystem: TreeFileSystem;
  /** What happens with rows that are dragged, and what is dropped on them. */
  readonly drag: TreeDragAndDropController<object>;
  readonly changes: () => Promise<TreeBranches>;
  readonly agents: () => Promise<TreeBranches>;
  readonly ports: () => Promise<TreePorts>;
  readonly log: Log;
  readonly globalState: Memento;
  readonly workspaceState: Memento;
}

/** How rows are drawn again. */
export interface RedrawOptions {
  /** True where nobody here asked for it. */
  readonly isUnasked?: boolean | undefined;
  /** One more group. */
  readonly group?: string;
}
