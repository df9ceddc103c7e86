import { commands } from 'vscode';
import type { Disposable } from '../../core/events';
import { commandIds, innerCommandIds } from '../commandIds';
import type { Services } from '../services';
import { showFailureLater } from '../messages/missingCode';

/**
 * Registers every command in one place; a failure of any of them becomes one message. Where their code is, is read with the
 * first of them.
 */
export function registerCommands(services: Services): Disposable[] {
  return [...commandIds, ...innerCommandIds].map((id) => {
    const run = async (argument: unknown, arguments_: unknown): Promise<void> => {
      try {
        const { handlers } = await import('./handlers');
        const handler = await handlers[id]();
        // A key binding of the view means the rows that are selected in it.
        const selected = argument === 'selection' ? services.tree.selectedIds : undefined;
        if (selected?.length === 0) return;
        await handler(services, selected?.[0] ?? argument, selected ?? arguments_);
      } catch (error) {
        await showFailureLater(id, error, services.log, () => run(argument, arguments_));
      }
    };
    return commands.registerCommand(id, run);
  });
}
