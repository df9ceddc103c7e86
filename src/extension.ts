import { env, Uri, type ExtensionContext } from 'vscode';
import { Account } from './extension/account/account';
import { SecretSessionKeys } from './extension/account/sessionKeys';
import { readSettings } from './extension/account/settings';
import { registerCommands } from './extension/commands/register';
import { DevboxStore } from './extension/devboxTree/devboxStore';
import { DevboxTree } from './extension/devboxTree/devboxTree';
import { LocalPlatform } from './extension/localPlatform/localPlatform';
import { Log } from './extension/log';
import { DevboxOutput } from './extension/output/devboxOutput';
import type { Services } from './extension/services';
import { KeepAlive } from './extension/session/keepAlive';
import { watchClosedWindows } from './extension/session/closedWindows';
import { followAccount } from './extension/session/followAccount';
import { reattach } from './extension/session/reattach';
import { RememberedSessions } from './extension/session/rememberedSessions';
import { SessionHealth } from './extension/session/sessionHealth';
import { LastChoices } from './extension/session/lastChoices';
import { Sessions } from './extension/session/sessions';
import { SessionStatusItem } from './extension/session/sessionStatusItem';
import { StartedHere } from './extension/session/startedHere';

/** Builds the services and registers views and commands. No network, and the Runloop SDK stays unread. */
export function activate(context: ExtensionContext): void {
  const log = new Log();
  const { secrets } = context;
  const localPlatform = new LocalPlatform({
    extensionFolder: context.extensionPath,
    folder: Uri.joinPath(context.globalStorageUri, 'local').fsPath,
    secrets,
    log,
    appRoot: env.appRoot,
    namedVscode: () => readSettings().localVscode,
  });
  const account = new Account({ secrets, env: process.env, log, memory: context.workspaceState, local: localPlatform });
  const store = new DevboxStore();
  const sessions = new Sessions(log, new RememberedSessions(context.workspaceState));
  const output = new DevboxOutput(log);
  const tree = new DevboxTree({
    account,
    store,
    sessions,
    log,
    globalState: context.globalState,
    workspaceState: context.workspaceState,
  });
  const services: Services = {
    account,
    sessionKeys: new SecretSessionKeys(secrets),
    store,
    sessions,
    startedHere: new StartedHere(context.globalState),
    keepAlive: new KeepAlive(log),
    lastChoices: new LastChoices(context.globalState),
    output,
    tree,
    localPlatform,
    log,
  };
  context.subscriptions.push(...registerCommands(services), followAccount(services), watchClosedWindows(services), tree, services.keepAlive, output, sessions, store, account, log);
  const health = new SessionHealth(services);
  context.subscriptions.push(reattach(services), new SessionStatusItem(services, health), health, localPlatform);
}
