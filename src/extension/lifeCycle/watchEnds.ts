import { Uri, type Memento } from 'vscode';
import type { Disposable } from '../../core/events';
import type { Account } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import type { Sessions } from '../session/sessions';
import { DevboxEnds } from './devboxEnds';
import type { EndWarnings } from './endWarnings';

/** What knows of the devboxes of this window. */
export interface WatchEndsServices {
  readonly account: Account;
  readonly store: DevboxStore;
  readonly sessions: Sessions;
  readonly startedHere: { ofThisWindow(): readonly string[] };
  readonly tree: {
    readonly changes: {
      readonly onDidAnnounceEviction: (
        listener: (eviction: { readonly devboxId: string; readonly deadlineMs: number }) => void,
      ) => Disposable;
    };
  };
  readonly log: Log;
}

/**
 * Sees to it that somebody is warned before the lifetime is over of a devbox that this window is attached to, or has started, and
 * before Runloop suspends it.
 * Without such a devbox nothing is read, asked or timed.
 */
export function watchEnds(
  services: WatchEndsServices,
  {
    globalState,
    workspaceState,
    globalStorageUri,
  }: { readonly globalState: Memento; readonly workspaceState: Memento; readonly globalStorageUri: Uri },
): Disposable {
  const { account, store, sessions, startedHere, tree, log } = services;
  const owned: Disposable[] = [];
  const ends = new DevboxEnds(workspaceState, log);
  const ours = (): ReadonlySet<string> =>
    new Set([...sessions.all().map(([id]) => id), ...sessions.remembered.ids, ...startedHere.ofThisWindow()]);
  let made: Promise<EndWarnings> | undefined;
  const make = async (): Promise<EndWarnings> => {
    const { EndWarnings } = await import('./endWarnings');
    const toldFolder = Uri.joinPath(globalStorageUri, 'told').fsPath;
    const warnings = new EndWarnings({ account, store, log, globalState, toldFolder, ours, ends });
    owned.push(warnings);
    return warnings;
  };
  const plan = (): void => {
    const isNeeded = ends.all().size > 0 || [...ours()].some((id) => store.get(id)?.status === 'running');
    if (!isNeeded) return;
    (made ??= make()).then(
      (one) => one.plan(),
      (error: unknown) => log.failure('Watching for the end of devboxes', error),
    );
  };
  owned.push(
    store.onDidChange(({ ids }) => {
      if (ids.size > 0) plan();
    }),
    sessions.onDidChange(plan),
    account.onDidChange(plan),
    tree.changes.onDidAnnounceEviction(({ devboxId, deadlineMs }) => {
      if (!ours().has(devboxId)) return;
      (made ??= make())
        .then((one) => one.evicted(devboxId, deadlineMs))
        .catch((error: unknown) => log.failure('Warning of an eviction', error));
    }),
  );
  // What was there before a reload.
  const soon = setTimeout(plan, 0);
  return {
    dispose: () => {
      clearTimeout(soon);
      for (const one of owned) one.dispose();
    },
  };
}
