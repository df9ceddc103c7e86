import { commands } from 'vscode';
import type { Disposable } from '../../core/events';
import type { CommandId } from '../commandIds';
import type { Services } from '../services';
import { showFailure } from '../showFailure';
import { clearFilter, copyPortUrl, filterDevboxes, groupDevboxes, loadMoreDevboxes } from './arrangeDevboxes';
import { attachDevbox, copyDevboxId, showOutput } from './devboxCommands';
import { findForgottenDevboxes } from './forgottenDevboxes';
import { renameDevboxCommand, resumeDevboxes, suspendDevboxes, toggleKeepAlive } from './lifeCycleCommands';
import { stopLocalPlatform, tryLocally } from './localPlatform';
import { copyVscodeLink, openVscode } from './openVscode';
import { detachDevbox, sessionActions } from './sessionActions';
import { shutDownDevboxes } from './shutDownDevbox';
import { signIn, signOut } from './signIn';
import { collectSupportBundle } from './supportBundle';
import { switchProfile } from './switchProfile';
import { openDashboard } from './openDashboard';
import { startDevbox } from './startDevbox';
import { startWithOptions } from './startWithOptions';

/** A command gets the row that it was called on, and all selected rows where there are several. */
type Handler = (services: Services, argument: unknown, arguments_: unknown) => Promise<void>;

const handlers: Readonly<Record<CommandId, Handler>> = {
  'runloop.signIn': signIn,
  'runloop.signOut': signOut,
  'runloop.startDevbox': startDevbox,
  'runloop.startWithOptions': startWithOptions,
  'runloop.attachDevbox': attachDevbox,
  'runloop.openVscode': openVscode,
  'runloop.copyVscodeLink': copyVscodeLink,
  'runloop.showOutput': showOutput,
  'runloop.suspendDevbox': suspendDevboxes,
  'runloop.resumeDevbox': resumeDevboxes,
  'runloop.renameDevbox': renameDevboxCommand,
  'runloop.toggleKeepAlive': toggleKeepAlive,
  'runloop.shutDownDevbox': shutDownDevboxes,
  'runloop.findForgottenDevboxes': findForgottenDevboxes,
  'runloop.copyDevboxId': copyDevboxId,
  'runloop.sessionActions': sessionActions,
  'runloop.detachDevbox': detachDevbox,
  'runloop.switchProfile': switchProfile,
  'runloop.openDashboard': openDashboard,
  'runloop.collectSupportBundle': collectSupportBundle,
  'runloop.tryLocally': tryLocally,
  'runloop.stopLocalPlatform': stopLocalPlatform,
  'runloop.copyPortUrl': copyPortUrl,
  'runloop.groupDevboxes': groupDevboxes,
  'runloop.filterDevboxes': filterDevboxes,
  'runloop.clearFilter': clearFilter,
  'runloop.loadMoreDevboxes': loadMoreDevboxes,
  'runloop.refreshDevboxes': (services) => services.tree.refresh(),
  'runloop.showLog': (services) => {
    services.log.show();
    return Promise.resolve();
  },
};

/** Registers every command in one place; a failure of any of them becomes one message. */
export function registerCommands(services: Services): Disposable[] {
  return Object.entries(handlers).map(([id, handler]) =>
    commands.registerCommand(id, async (argument: unknown, arguments_: unknown) => {
      try {
        await handler(services, argument, arguments_);
      } catch (error) {
        showFailure(id, error, services.log);
      }
    }),
  );
}
