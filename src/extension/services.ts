import type { Memento } from 'vscode';
import type { StartNotes } from '../core/start/notes/startNotes';
import type { Agents } from './agents/agents';
import type { AgentActions } from './agentActions/agentActions';
import type { Account, SignedIn } from './account/account';
import type { DevboxOwners } from './account/devboxOwners';
import type { SecretSessionKeys } from './account/sessionKeys';
import type { Changes } from './changes/changes';
import type { DevboxStore } from './devboxes/devboxStore';
import type { DevboxTree } from './devboxTree/devboxTree';
import type { StopDocuments } from './diagnosis/stopDocuments';
import type { LazyFileSystem } from './files/lazyFileSystem';
import type { DevboxPorts } from './ports/devboxPorts';
import type { LogDocuments } from './logDocument/logDocuments';
import type { LogSearch } from './logSearch/logSearch';
import type { LocalPlatform } from './localPlatform/localPlatform';
import type { Log } from './messages/log';
import type { OpenedVscodes } from './openVscode/openedVscodes';
import type { DevboxOutput } from './output/devboxOutput';
import type { EndedHere } from './lifeCycle/endedHere';
import type { KeepAlive } from './lifeCycle/keepAlive';
import type { DevboxTerminals } from './terminal/terminals';
import type { RunDocuments } from './runs/runDocuments';
import type { DevboxUse } from './devboxes/devboxUse';
import type { SearchView } from './searchView/searchView';
import type { KnownSecrets } from './session/knownSecrets';
import type { BuildChannels } from './start/buildChannels';
import type { LastChoices } from './start/lastChoices';
import type { Sessions } from './session/sessions';
import type { BrokenStarts } from './forgotten/brokenStarts';
import type { StartedHere } from './forgotten/startedHere';

/**
 * What commands work with; built once in extension.ts. Nobody else takes it whole: a function names what it uses. What is
 * asked for by a call is made, and its code read, on first use.
 */
export interface Services {
  readonly account: Account;
  readonly sessionKeys: SecretSessionKeys;
  readonly knownSecrets: KnownSecrets;
  readonly store: DevboxStore;
  readonly devboxOwners: DevboxOwners;
  readonly sessions: Sessions;
  readonly startedHere: StartedHere;
  /** Devboxes that were shut down from this editor. */
  readonly endedHere: EndedHere;
  /** Starts that are noted before they are sent, over all windows. */
  readonly startNotes: () => Promise<StartNotes>;
  readonly brokenStarts: BrokenStarts;
  readonly keepAlive: KeepAlive;
  readonly devboxUse: DevboxUse;
  readonly lastChoices: LastChoices;
  /** The starts under way, of each account. */
  readonly starting: WeakMap<AbortSignal, Set<string>>;
  readonly buildChannels: () => Promise<BuildChannels>;
  readonly terminals: () => Promise<DevboxTerminals>;
  readonly runDocuments: () => Promise<RunDocuments>;
  /** What all windows of this user keep. */
  readonly globalState: Memento;
  /** Coding agents in devboxes. */
  readonly agents: () => Promise<Agents>;
  readonly agentActions: () => Promise<AgentActions>;
  readonly openedVscodes: () => Promise<OpenedVscodes>;
  readonly output: DevboxOutput;
  readonly logDocuments: () => Promise<LogDocuments>;
  readonly logSearch: () => Promise<LogSearch>;
  readonly searchView: () => Promise<SearchView>;
  readonly tree: DevboxTree;
  readonly fileSystem: LazyFileSystem;
  readonly changes: () => Promise<Changes>;
  readonly noteStart: (devboxId: string, of: SignedIn) => void;
  /** What listens in devboxes, and what of it is served to this computer. */
  readonly ports: () => Promise<DevboxPorts>;
  readonly localPlatform: () => Promise<LocalPlatform>;
  readonly stopDocuments: StopDocuments;
  readonly log: Log;
  /** About the extension itself, for reports. */
  readonly environment: {
    readonly version: string;
    readonly logFolder: string;
    readonly localFolder: string;
    readonly searchThreadFile: string;
  };
}
