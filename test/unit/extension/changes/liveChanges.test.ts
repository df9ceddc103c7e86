import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DevboxState, LookedAt } from '../../../../src/extension/changes/devboxLook';
import { LiveChanges, type ChangeWatch } from '../../../../src/extension/changes/liveChanges';
import type { Log } from '../../../../src/extension/messages/log';
import { eventually } from '../../../eventually';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { Uri } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';
import type { FilesDevbox } from '../../core/files/useFiles';
import { repository, useChangeRows } from './useChangeRows';

describe('Changes that somebody can see', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { view, below, devbox, lines, opened } = useChangeRows(used);

  /** Whether a process watches in the devbox. */
  const watched = async ({ bash }: FilesDevbox, is: boolean): Promise<void> => {
    await eventually(
      () => bash(`grep -lsa 'find [-]H' /proc/[0-9]*/cmdline | wc -l`),
      (count) => (count !== '0\n') === is,
      20_000,
    );
  };

  it('follow what is written and committed in the devbox, by one process that goes with the looking', async () => {
    const { box, changes } = await opened('live', `${repository}; git init -q ~/other`);
    const row = await devbox('live');
    for (const one of await view().rows()) view().setOpen(one.row, true);
    view().setOpen(row?.row, true);
    const top = await changes();
    assert.equal(await box.bash(`grep -lsa 'find [-]H' /proc/[0-9]*/cmdline | wc -l`), '0\n');
    view().setOpen(top.row, true);
    await lines(top.row);
    await watched(box, true);
    const number = async (): Promise<string> => String((await changes()).item.description ?? '');
    const shows = (text: string): Promise<string> => eventually(number, (now) => now === text, 20_000);
    await box.bash('cd ~/app; echo more >> a.txt; echo new > new.txt');
    await shows('2');
    await box.bash('cd ~/app; rm new.txt');
    await shows('1');
    const group = await below((await below(top.row, 'app')).row, 'Uncommitted');
    assert.deepEqual(await lines(group.row), ['a.txt']);
    // By git alone, and in another repository.
    await box.bash('cd ~/app; git commit -qam two');
    await eventually(
      async () => lines((await below(top.row, 'app')).row),
      (now) => now.join() === 'Since the Start 1',
      20_000,
    );
    await box.bash('cd ~/other; echo n > n.txt');
    await shows('2');
    view().setVisible(false);
    await watched(box, false);
    await box.bash('cd ~/app; echo hidden > hidden.txt; sleep 3');
    assert.equal(await number(), '2');
    view().setVisible(true);
    await shows('3');
    view().setOpen(top.row, false);
    await watched(box, false);
  });
});

describe('Folders that are watched for changes', () => {
  useFakeEditor();

  it('are read anew where something changed in them or in their git directory, and the one without git for nothing else', async () => {
    const root = Uri.from({ scheme: 'runloop', authority: 'd.00000000', path: '/home' });
    const of = (top: string, common: string): LookedAt =>
      ({ top, found: { top, report: { common } } }) as unknown as LookedAt;
    const repositories = [of('/home', ''), of('/home/app', '/home/app/.git'), of('/tree', '/home/app/.git')];
    const state: DevboxState = { root, plain: '/home', repositories, notRead: 0 };
    const looked: string[] = [];
    let tell: Parameters<ChangeWatch['onDidChange']>[0] | undefined;
    const watch: ChangeWatch = {
      showWhole: () => undefined,
      onDidChange: (listener) => {
        tell = listener;
        return { dispose: () => undefined };
      },
    };
    const live = new LiveChanges({
      watching: () => Promise.resolve(watch),
      stateOf: () => state,
      ageMsOf: () => 0,
      alsoSeen: () => [],
      look: (_devboxId, only) => Promise.resolve(void looked.push([...only].join())),
      log: { failure: (_doing: string, error: unknown) => assert.fail(String(error)) } as unknown as Log,
    });
    live.show(['d']);
    await eventually(
      () => Promise.resolve(tell),
      (listener) => listener !== undefined,
    );
    const changed = async (path: string): Promise<string[]> => {
      looked.length = 0;
      tell?.({ root, changes: [{ kind: 'gone', path }] });
      return eventually(
        () => Promise.resolve([...looked]),
        (all) => all.length > 0,
      );
    };
    assert.deepEqual(await changed('/tree/a.txt'), ['/tree']);
    assert.deepEqual(await changed('/home/n.txt'), ['/home']);
    assert.deepEqual(await changed('/home/app/.git/HEAD'), ['/home,/home/app,/tree']);
    live.dispose();
  });
});
