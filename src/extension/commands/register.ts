import { commands, type Disposable } from 'vscode';
import type { CommandId } from '../commandIds';
import type { Services } from '../services';
import { showFailure } from '../showFailure';
import { attachDevbox, copyDevboxId, openVscode, showOutput, shutDownDevbox } from './devboxCommands';
import { signIn, signOut } from './signIn';
import { startDevbox } from './startDevbox';

type Handler = (services: Services, argument: unknown) => Promise<void>;

const handlers: Readonly<Record<CommandId, Handler>> = {
  'runloop.signIn': signIn,
  'runloop.signOut': signOut,
  'runloop.startDevbox': startDevbox,
  'runloop.attachDevbox': attachDevbox,
  'runloop.openVscode': openVscode,
  'runloop.showOutput': showOutput,
  'runloop.shutDownDevbox': shutDownDevbox,
  'runloop.copyDevboxId': copyDevboxId,
  'runloop.refreshDevboxes': (services) => services.tree.refresh(),
  'runloop.showLog': (services) => {
    services.log.show();
    return Promise.resolve();
  },
};

/** Registers every command in one place; a failure of any of them becomes one message. */
export function registerCommands(services: Services): Disposable[] {
  return Object.entries(handlers).map(([id, handler]) =>
    commands.registerCommand(id, async (argument: unknown) => {
      try {
        await handler(services, argument);
      } catch (error) {
        showFailure(id, error, services.log);
      }
    }),
  );
}
