import type { FileType, Memento, Uri } from 'vscode';
import type { Disposable } from '../../core/events';
import type { Account } from '../account/account';
import type { Ender } from '../devboxes/devboxText';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import type { Sessions } from '../session/sessions';

/** The files of devboxes, as far as the view shows them. */
export interface TreeFileSystem {
  rootOf(devboxId: string): Promise<Uri>;
  list(uri: Uri): Promise<[string, FileType][]>;
  readonly onDidChangeFile: (listener: (changes: readonly { readonly uri: Uri }[]) => void) => Disposable;
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
    readonly onDidChange: (listener: () => void) => Disposable;
  };
  readonly fileSystem: TreeFileSystem;
  readonly log: Log;
  readonly globalState: Memento;
  readonly workspaceState: Memento;
}
