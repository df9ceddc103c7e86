import type { ExtensionContext } from 'vscode';
import { Account } from './extension/account/account';
import { SecretSessionKeys } from './extension/account/sessionKeys';
import { registerCommands } from './extension/commands/register';
import { DevboxStore } from './extension/devboxTree/devboxStore';
import { DevboxTree } from './extension/devboxTree/devboxTree';
import { Log } from './extension/log';
import { DevboxOutput } from './extension/output/devboxOutput';
import type { Services } from './extension/services';
import { KeepAlive } from './extension/session/keepAlive';
import { watchClosedWindows } from './extension/session/closedWindows';
import { followAccount } from './extension/session/followAccount';
import { Sessions } from './extension/session/sessions';
import { StartedHere } from './extension/session/startedHere';

/** Builds the services and registers views and commands. No network, and the Runloop SDK stays unread. */
export function activate(context: ExtensionContext): void {
  const log = new Log();
  const account = new Account(context.secrets, process.env, log);
  const store = new DevboxStore();
  const sessions = new Sessions(log);
  const output = new DevboxOutput(log);
  const tree = new DevboxTree({ account, store, sessions, log });
  const services: Services = {
    account,
    sessionKeys: new SecretSessionKeys(context.secrets),
    store,
    sessions,
    startedHere: new StartedHere(context.globalState),
    keepAlive: new KeepAlive(log),
    output,
    tree,
    log,
  };
  context.subscriptions.push(...registerCommands(services), followAccount(services), watchClosedWindows(services), tree, services.keepAlive, output, sessions, store, account, log);
}
