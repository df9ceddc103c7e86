import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceControlResourceState } from 'vscode';
import type { RunloopApi } from '../../src/core/platform/runloopApi';
import type { SignedIn } from '../../src/extension/account/account';
import { ChangeNode } from '../../src/extension/changes/changeNode';
import { Changes, type ChangesServices } from '../../src/extension/changes/changes';
import { addedTo } from '../fakeVscode/contributed';
import { fakeEditor } from '../fakeVscode/fakeEditor';
import { FakeMemory } from '../fakeVscode/memory';
import { Uri } from '../fakeVscode/values';

/** What somebody has of a devbox's changes in a window; built with the editor of the unit tests, and read by the bench. */
export function changesWindow(api: RunloopApi, { devboxId, top }: { readonly devboxId: string; readonly top: string }) {
  const ended = new AbortController();
  const signedIn = { api, ended: ended.signal } as unknown as SignedIn;
  const failures: unknown[] = [];
  const services = {
    account: { current: () => Promise.resolve(signedIn) },
    store: { get: () => ({ status: 'running', name: 'bench' }), onDidChange: () => ({ dispose: () => undefined }) },
    fileSystem: {
      rootOf: () => Promise.resolve(Uri.from({ scheme: 'runloop', authority: 'bench', path: top })),
      refresh: () => undefined,
      // Each look is asked for here.
      watching: () =>
        Promise.resolve({ showWhole: () => undefined, onDidChange: () => ({ dispose: () => undefined }) }),
    },
    receivers: () => Promise.resolve([]),
    globalState: new FakeMemory(),
    log: { failure: (_doing: string, error: unknown) => failures.push(error) },
  } as unknown as ChangesServices;
  const editor = fakeEditor();
  editor.commands.set('workbench.view.scm', () => undefined);
  const changes = new Changes(services);
  const files = (): readonly SourceControlResourceState[] | undefined =>
    addedTo(editor).sourceControls[0]?.groups[0]?.resourceStates;
  return {
    /** Looks at the devbox for the first time, as opening its row does. */
    look: () => changes.look(devboxId),
    /** Opens the repository in Source Control, as its row's menu does. @returns how many files are listed there */
    async openInSourceControl(): Promise<number> {
      const looked = changes.lookOf(devboxId)?.state?.repositories.find((one) => one.top === top);
      if (looked === undefined || !('found' in looked)) throw new Error('The repository could not be read.');
      const about = { repository: looked.found, group: undefined, changes: [] };
      const item = (): never => {
        throw new Error('Nobody sees this row.');
      };
      await changes.inEditor.sourceControls.open(new ChangeNode(devboxId, { item, about }));
      return files()?.length ?? 0;
    },
    /** Reads the repository after a change, as what watches it does, until Source Control lists what differs. */
    async readAgain(): Promise<void> {
      const before = files();
      await changes.look(devboxId, new Set([top]));
      while (files() === before && failures.length === 0) await sleep(1);
      if (failures.length > 0) throw failures[0];
    },
    end: () => {
      ended.abort();
      changes.dispose();
    },
  };
}

export { processesWhileHidden } from './hiddenLook';

export type ChangesWindow = ReturnType<typeof changesWindow>;
