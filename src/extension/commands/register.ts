import { commands, window } from 'vscode';
import type { Disposable } from '../../core/events';
import { commandIds } from '../commandIds';
import type { Services } from '../services';
import type { Log } from '../messages/log';
import { missingCodeText, reloadWindow } from '../messages/missingCode';

/**
 * Registers every command in one place; a failure of any of them becomes one message. Where their code is, is read with the
 * first of them.
 */
export function registerCommands(services: Services): Disposable[] {
  return commandIds.map((id) => {
    const run = async (argument: unknown, arguments_: unknown): Promise<void> => {
      try {
        const { handlers } = await import('./handlers');
        const handler = await handlers[id]();
        // A key binding of the view means the rows that are selected in it.
        const selected = argument === 'selection' ? services.tree.selectedIds : undefined;
        if (selected?.length === 0) return;
        await handler(services, selected?.[0] ?? argument, selected ?? arguments_);
      } catch (error) {
        await showFailure(id, error, services.log, () => run(argument, arguments_));
      }
    };
    return commands.registerCommand(id, run);
  });
}

/** Reads the code that shows failures when there is one. After an update that may be gone too, and is then said instead. */
async function showFailure(doing: string, error: unknown, log: Log, retry: () => Promise<void>): Promise<void> {
  try {
    const code = await import('../messages/showFailure');
    code.showFailure(doing, error, log, retry);
  } catch (missing) {
    log.failure(doing, error);
    log.failure('Showing a failure', missing);
    const reload = reloadWindow();
    if ((await window.showErrorMessage(missingCodeText(), reload.title)) === reload.title) await reload.run();
  }
}
