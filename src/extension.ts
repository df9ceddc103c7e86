import { env, Uri, type ExtensionContext, type Memento } from 'vscode';
import { asObject } from './core/parse';
import { noteFiles } from './core/start/notes/noteFiles';
import { Account } from './extension/account/account';
import { DevboxOwners } from './extension/account/devboxOwners';
import { Profiles } from './extension/account/profiles';
import { SecretSessionKeys } from './extension/account/sessionKeys';
import { readSettings } from './extension/account/settings';
import { createApi } from './extension/api/createApi';
import type { RunloopDevboxesApi } from './extension/api/runloopDevboxesApi';
import { registerCommands } from './extension/commands/register';
import { followDeepLinks } from './extension/deepLink';
import { StopDocuments } from './extension/diagnosis/stopDocuments';
import { DevboxStore } from './extension/devboxes/devboxStore';
import { DevboxTree } from './extension/devboxTree/devboxTree';
import { Log } from './extension/messages/log';
import { DevboxOutput } from './extension/output/devboxOutput';
import { onFirstUse } from './extension/onFirstUse';
import { RememberedVscodes } from './extension/openVscode/rememberedVscodes';
import { restoreVscodes } from './extension/openVscode/restoreVscodes';
import { restoreTabs } from './extension/restoreTabs';
import type { Services } from './extension/services';
import { EndedHere } from './extension/lifeCycle/endedHere';
import { KeepAlive } from './extension/lifeCycle/keepAlive';
import { watchEnds } from './extension/lifeCycle/watchEnds';
import { BrokenStarts } from './extension/forgotten/brokenStarts';
import { watchClosedWindows } from './extension/forgotten/closedWindows';
import { followAccount } from './extension/session/followAccount';
import { reattach } from './extension/session/reattach';
import { RememberedSessions } from './extension/session/rememberedSessions';
import { LimitedSecrets } from './extension/account/limitedSecrets';
import { DevboxUse } from './extension/devboxes/devboxUse';
import { FileDrag } from './extension/files/fileDrag';
import { LazyFileSystem } from './extension/files/lazyFileSystem';
import { KnownSecrets } from './extension/session/knownSecrets';
import { offerTerminals } from './extension/terminal/offerTerminals';
import { RememberedTerminals } from './extension/terminal/rememberedTerminals';
import { LastChoices } from './extension/start/lastChoices';
import { Sessions } from './extension/session/sessions';
import { StartedHere } from './extension/forgotten/startedHere';

/** What the extension uses of what the editor tells it about itself. */
export type ActivationContext = Pick<
  ExtensionContext,
  'secrets' | 'workspaceState' | 'globalStorageUri' | 'logUri' | 'extensionPath' | 'subscriptions' | 'asAbsolutePath'
> & { readonly globalState: Memento; readonly extension: { readonly packageJSON: unknown } };

/** Builds the services and registers views and commands. No network, and the Runloop SDK stays unread. */
export function activate(context: ActivationContext): RunloopDevboxesApi {
  const log = new Log();
  const { workspaceState: memory, subscriptions: owned } = context;
  const secrets = new LimitedSecrets(context.secrets, (name) => account.secretCame(name));
  const localFolder = Uri.joinPath(context.globalStorageUri, 'local').fsPath;
  const localPlatform = onFirstUse(async () => {
    const { LocalPlatform } = await import('./extension/localPlatform/localPlatform');
    return new LocalPlatform({
      extensionFolder: context.extensionPath,
      folder: localFolder,
      secrets,
      log,
      appRoot: env.appRoot,
      namedVscode: () => readSettings().localVscode,
    });
  }, owned);
  const account: Account = new Account({
    secrets,
    onDidChangeSecrets: context.secrets.onDidChange,
    env: process.env,
    log,
    memory,
    local: { join: async () => (await localPlatform()).join() },
    profiles: new Profiles(memory),
  });
  const store = new DevboxStore();
  const devboxOwners = new DevboxOwners({ account, store });
  const sessions = new Sessions(log, new RememberedSessions(memory));
  const sessionKeys = new SecretSessionKeys(secrets, log);
  const knownSecrets = new KnownSecrets(secrets, sessionKeys);
  const output = new DevboxOutput(log, knownSecrets, { store, sessions });
  const devboxUse = new DevboxUse({ account, store, log });
  const startedHere = new StartedHere(context.globalState, memory);
  const endedHere = new EndedHere(context.globalState);
  const startsFolder = Uri.joinPath(context.globalStorageUri, 'starts').fsPath;
  const startNotes = onFirstUse(async () => {
    const { StartNotes } = await import('./core/start/notes/startNotes');
    return new StartNotes({
      folder: startsFolder,
      onFailure: (error) => log.failure('Noting a start', error),
      handOver: (devboxId, account) => startedHere.started(devboxId, account),
    });
  });
  const brokenStarts = new BrokenStarts({
    account,
    sessions,
    store,
    sessionKeys,
    startNotes,
    hasStartNotes: async () => (await noteFiles(startsFolder)).length > 0,
    startedHere,
    log,
  });
  const fileSystem = new LazyFileSystem({
    account,
    log,
    load: async (tell) => {
      const { openFileSystem } = await import('./extension/files/openFileSystem');
      return openFileSystem({ account, store, devboxUse, tell, log });
    },
  });
  const changes = onFirstUse(async () => {
    const { Changes } = await import('./extension/changes/changes');
    const receivers = async (devboxId: string) =>
      (await import('./extension/agents/sessionReceivers')).sessionReceivers(await agents(), devboxId);
    return new Changes({ account, store, fileSystem, receivers, globalState: context.globalState, log });
  }, owned);
  const ports = onFirstUse(async () => {
    const { DevboxPorts } = await import('./extension/ports/devboxPorts');
    return new DevboxPorts({ account, store, devboxUse, log });
  }, owned);
  const agents = onFirstUse(async () => {
    const { Agents } = await import('./extension/agents/agents');
    const { globalState, globalStorageUri } = context;
    const sharedFolder = globalStorageUri.fsPath;
    const noteTurn = async (devboxId: string, folder: string, signal: AbortSignal) =>
      (await changes()).noteTurn(devboxId, folder, signal);
    const made = new Agents({
      account,
      store,
      secrets,
      globalState,
      sharedFolder,
      devboxUse,
      fileSystem,
      noteTurn,
      log,
    });
    tree.details.join(made);
    return made;
  }, owned);
  const tree: DevboxTree = new DevboxTree({
    account,
    store,
    sessions,
    devboxUse,
    startedHere,
    endedHere,
    brokenStarts,
    fileSystem,
    drag: new FileDrag({ fileSystem, devboxUse, log }),
    changes,
    agents,
    ports,
    log,
    globalState: context.globalState,
    workspaceState: context.workspaceState,
  });
  const stopDocuments = new StopDocuments({ account, knownSecrets, endedHere, log });
  const rememberedVscodes = new RememberedVscodes(memory, log);
  const servedSecrets = onFirstUse(async () => {
    const { ServedSecrets } = await import('./extension/openVscode/servedSecrets');
    return new ServedSecrets({ secrets, log });
  });
  const portsFolder = Uri.joinPath(context.globalStorageUri, 'ports').fsPath;
  const rememberedTerminals = new RememberedTerminals(memory);
  const environment = {
    version: String(asObject(context.extension.packageJSON)?.['version']),
    logFolder: context.logUri.fsPath,
    localFolder,
    searchThreadFile: context.asAbsolutePath('dist/searchThread.mjs'),
  };
  const searchView = onFirstUse(async () => {
    const { SearchView } = await import('./extension/searchView/searchView');
    return new SearchView();
  }, owned);
  const services: Services = {
    account,
    sessionKeys,
    knownSecrets,
    store,
    devboxOwners,
    sessions,
    startedHere,
    endedHere,
    startNotes,
    brokenStarts,
    keepAlive: new KeepAlive(log),
    devboxUse,
    lastChoices: new LastChoices(context.globalState),
    starting: new WeakMap(),
    buildChannels: onFirstUse(async () => {
      const { BuildChannels } = await import('./extension/start/buildChannels');
      return new BuildChannels();
    }, owned),
    terminals: onFirstUse(async () => {
      const { DevboxTerminals } = await import('./extension/terminal/terminals');
      return new DevboxTerminals({ account, store, devboxUse, rememberedTerminals, log });
    }, owned),
    runDocuments: onFirstUse(async () => {
      const { RunDocuments } = await import('./extension/runs/runDocuments');
      return new RunDocuments({ knownSecrets, devboxUse, memory, log });
    }, owned),
    globalState: context.globalState,
    agents,
    agentActions: onFirstUse(async () => {
      const { AgentActions } = await import('./extension/agentActions/agentActions');
      return new AgentActions({ knownSecrets });
    }, owned),
    openedVscodes: onFirstUse(async () => {
      const { OpenedVscodes } = await import('./extension/openVscode/openedVscodes');
      const { addressMemory } = await import('./extension/openVscode/addressMemory');
      const addresses = await addressMemory({ account, secrets, folder: portsFolder, log });
      return new OpenedVscodes({
        account,
        store,
        knownSecrets,
        devboxUse,
        remembered: rememberedVscodes,
        memory: addresses,
        servedSecrets: await servedSecrets(),
        log,
      });
    }, owned),
    output,
    logDocuments: onFirstUse(async () => {
      const { LogDocuments } = await import('./extension/logDocument/logDocuments');
      const { RememberedLogs } = await import('./extension/logDocument/rememberedLogs');
      const rememberedLogs = new RememberedLogs(memory);
      return new LogDocuments({ account, store, sessions, knownSecrets, rememberedLogs, log });
    }, owned),
    logSearch: onFirstUse(async () => {
      const { LogSearch } = await import('./extension/logSearch/logSearch');
      return new LogSearch({ knownSecrets, environment, log, view: await searchView() });
    }),
    searchView,
    tree,
    fileSystem,
    changes,
    noteStart: (devboxId, of) => {
      changes()
        .then((all) => all.noteStart(devboxId, of))
        .catch((error: unknown) => log.failure('Looking at a new devbox', error));
    },
    ports,
    localPlatform,
    stopDocuments,
    log,
    environment,
  };
  context.subscriptions.push(
    ...registerCommands(services),
    followAccount(services),
    watchClosedWindows(services),
    watchEnds(services, context),
    brokenStarts,
    stopDocuments,
    fileSystem,
    tree,
    services.keepAlive,
    devboxUse,
    output,
    sessions,
    devboxOwners,
    store,
    account,
    log,
  );
  const sessionWatch = onFirstUse(async () => {
    const { SessionHealth } = await import('./extension/session/sessionHealth');
    const { SessionStatusItem } = await import('./extension/session/sessionStatusItem');
    const health = new SessionHealth(services);
    owned.push(new SessionStatusItem(services, health, devboxUse));
    return health;
  }, owned);
  context.subscriptions.push(
    reattach(services),
    restoreTabs(services, memory),
    restoreVscodes({ ...services, rememberedVscodes, servedSecrets }),
    sessions.onDidChange(() => {
      if (sessions.all().length === 0) return;
      sessionWatch().catch((error: unknown) => log.failure('Looking after the sessions', error));
    }),
    followDeepLinks(services),
    ...offerTerminals({ ...services, rememberedTerminals }),
  );
  return createApi(services, owned);
}
