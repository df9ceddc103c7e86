import assert from 'node:assert/strict';
import { eventually } from '../../../eventually';
import type { FakeTreeView } from '../../../fakeVscode/parts';
import type { UsedWindow } from '../../../fakeVscode/useWindow';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';

export type Shown = Awaited<ReturnType<FakeTreeView['rows']>>[number];

/** The rows of changes in a window's view. */
export interface ChangeRows {
  readonly view: () => FakeTreeView;
  readonly below: (row: unknown, name: string) => Promise<Shown>;
  /** Labels and descriptions of what is below a row. */
  readonly lines: (row: unknown) => Promise<string[]>;
  /** A devbox whose home holds what these commands make, and what gives its row "Changes". */
  readonly opened: (
    name: string,
    setUp: string,
  ) => Promise<{ readonly box: FilesDevbox; readonly changes: () => Promise<Shown> }>;
  /** Waits for the row of a devbox. */
  readonly devbox: (name: string) => Promise<Shown | undefined>;
}

/** A repository in the home of a devbox, with files that are committed. */
export const repository =
  'git init -q -b main ~/app && cd ~/app && git config user.name t && git config user.email t@t && ' +
  'mkdir lib && echo a > a.txt && echo b > lib/b.txt && echo c > c.txt && git add -A && git commit -qm one';

const label = ({ item }: Shown): string => (typeof item.label === 'string' ? item.label : '');
export const line = (row: Shown): string => [label(row), row.item.description].filter(Boolean).join(' ');

export function useChangeRows(used: UsedWindow): ChangeRows {
  const view = (): FakeTreeView => used.editor.views.get('runloop.devboxes') ?? assert.fail();
  const below = async (row: unknown, name: string): Promise<Shown> => {
    const rows = await view().rows(row);
    return rows.find((one) => label(one) === name) ?? assert.fail(`${name} in ${rows.map(line).join()}`);
  };
  const devbox = async (name: string): Promise<Shown | undefined> => {
    view().setVisible(true);
    await used.editor.run('runloop.refreshDevboxes');
    return eventually(
      async () => {
        const groups = await view().rows();
        return (await Promise.all(groups.map(({ row }) => view().rows(row)))).flat().find((one) => label(one) === name);
      },
      (row) => row !== undefined,
    );
  };
  return {
    view,
    below,
    devbox,
    lines: async (row) => (await view().rows(row)).map(line),
    opened: async (name, setUp) => {
      const box = await filesDevbox(used.api, name);
      await box.bash(`rm -rf ~/* && cd ~ && ${setUp}`);
      const row = await devbox(name);
      return { box, changes: () => below(row?.row, 'Changes') };
    },
  };
}
