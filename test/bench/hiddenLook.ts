import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { activate } from '../../src/extension';
import { eventually } from '../eventually';
import { fakeEditor } from '../fakeVscode/fakeEditor';
import { contextOf, signIn } from '../fakeVscode/useWindow';
import type { RunloopApi } from '../../src/core/platform/runloopApi';
import type { FilesDevbox } from '../unit/core/files/useFiles';

const patienceMs = 60_000;

/** What runs in a devbox by a window that shows its changes, and by one that does not. */
export interface WhileHidden {
  readonly seen: readonly string[];
  readonly hidden: readonly string[];
}

/**
 * Opens the row of a devbox's changes in a window with the whole extension, hides the view, and looks into the table of the devbox's
 * processes for what was not there before.
 *
 * @param restMs for which the view has been hidden then
 */
export async function processesWhileHidden(
  { api, baseUrl, apiKey }: { readonly api: RunloopApi; readonly baseUrl: string; readonly apiKey: string },
  { box, restMs }: { readonly box: FilesDevbox; readonly restMs: number },
): Promise<WhileHidden> {
  const { name } = await api.devboxes.retrieve(box.id);
  // A devbox has a table of its own. The session of whoever looks into it is left out.
  const table = `ps -e -o sid=,pid=,args= | awk -v own="$(ps -o sid= -p $$)" '$1 != own + 0 { print }'`;
  const running = async (): Promise<string[]> =>
    (await box.bash(table)).split('\n').map((line) => line.trim().slice(0, 200));
  const before = new Set(['', ...(await running())]);
  const more = async (): Promise<string[]> => (await running()).filter((line) => !before.has(line));
  const editor = fakeEditor();
  editor.settings.set('runloop.baseUrl', baseUrl);
  const folder = mkdtempSync(join(tmpdir(), 'bench-window-'));
  const context = contextOf(editor, folder);
  try {
    activate(context);
    await signIn(editor, apiKey);
    const view = editor.views.get('runloop.devboxes') ?? assert.fail('There is no view.');
    view.setVisible(true);
    const rowOf = async (label: string, below: readonly unknown[]): Promise<unknown> =>
      eventually(
        async () => {
          const all = (await Promise.all(below.map((row) => view.rows(row)))).flat();
          return all.find(({ item }) => item.label === label)?.row;
        },
        (row) => row !== undefined,
        patienceMs,
      );
    const groups = async (): Promise<unknown[]> => (await view.rows()).map(({ row }) => row);
    await eventually(groups, (all) => all.length > 0, patienceMs);
    for (const row of await groups()) view.setOpen(row, true);
    const devbox = await rowOf(name ?? '', await groups());
    view.setOpen(devbox, true);
    const changes = await rowOf('Changes', [devbox]);
    view.setOpen(changes, true);
    await view.rows(changes);
    const seen = await eventually(
      () => Promise.resolve(more()),
      (all) => all.some((line) => line.includes('runloop-devboxes-own')),
      patienceMs,
    );
    view.setVisible(false);
    // What ends may take a moment; what stays is what counts.
    const ended = performance.now();
    let hidden = await more();
    while (performance.now() - ended < restMs) {
      await sleep(100);
      hidden = await more();
    }
    return { seen, hidden };
  } finally {
    for (const one of context.subscriptions.splice(0).reverse()) one.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
