import { commands, Uri } from 'vscode';
import type { Disposable } from '../../core/events';
import { asObject, asString } from '../../core/parse';
import type { Account, SignedIn } from '../account/account';
import { accountChanged } from '../account/accountChanged';
import { commandIds, innerCommandIds, type CommandId } from '../commandIds';
import type { Services } from '../services';
import { showFailureLater } from '../messages/missingCode';

/** What a key of the view does where files are selected, as in the Explorer. */
const filesToo: Partial<Record<string, CommandId>> = {
  'runloop.copyDevboxId': 'runloop.copyDevboxId',
  'runloop.renameDevbox': 'runloop.renameFile',
  'runloop.shutDownDevbox': 'runloop.deleteFile',
};

/**
 * Registers every command in one place; a failure of any of them becomes one message. Where their code is, is read with the
 * first of them.
 */
export function registerCommands(services: Services): Disposable[] {
  return [...commandIds, ...innerCommandIds].map((id) => {
    const run = async (shown: SignedIn | undefined, argument: unknown, arguments_: unknown): Promise<void> => {
      try {
        const { handlers } = await import('./handlers');
        const handler = await handlers[id]();
        if (shown !== undefined && isRow(argument)) await mustBeOf(services.account, shown);
        await services.devboxOwners.mustBeHere(argument);
        // A key binding of the view means the rows that are selected in it.
        const selected = argument === 'selection' ? services.tree.selectedIds : undefined;
        if (selected?.length === 0) {
          const onFiles = filesToo[id];
          const files = onFiles === undefined ? [] : services.tree.selectedFiles;
          if (onFiles !== undefined && files.length > 0) await (await handlers[onFiles]())(services, files[0], files);
          return;
        }
        await handler(services, selected?.[0] ?? argument, selected ?? arguments_);
      } catch (error) {
        await showFailureLater(id, error, services.log, () => run(shown, argument, arguments_), shown);
      }
    };
    return commands.registerCommand(id, (argument: unknown, arguments_: unknown) =>
      run(services.account.shown, argument, arguments_),
    );
  });
}

function isRow(argument: unknown): boolean {
  // A document knows its account, whichever the window shows.
  if (argument instanceof Uri) return false;
  return (
    argument === 'selection' || asObject(argument) !== undefined || asString(argument)?.startsWith('dbx_') === true
  );
}

/** A row belongs to the account that was shown when it was clicked: another one that is being looked up is not asked for it. */
async function mustBeOf(account: Account, shown: SignedIn): Promise<void> {
  // Where there is none any more, the command says so if it needs one.
  const now = await account.current().catch(() => undefined);
  if (now !== undefined && (now.baseUrl !== shown.baseUrl || now.apiKey !== shown.apiKey)) throw accountChanged();
}
