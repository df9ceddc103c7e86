import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
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
