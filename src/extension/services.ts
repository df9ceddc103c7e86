import type { Disposable } from '../core/events';
import type { Account } from './account/account';
import type { SecretSessionKeys } from './account/sessionKeys';
import type { DevboxStore } from './devboxes/devboxStore';
import type { DevboxTree } from './devboxTree/devboxTree';
import type { StopDocuments } from './diagnosis/stopDocuments';
import type { RememberedLogs } from './logDocument/rememberedLogs';
import type { LocalPlatform } from './localPlatform/localPlatform';
import type { Log } from './messages/log';
import type { DevboxOutput } from './output/devboxOutput';
import type { KeepAlive } from './lifeCycle/keepAlive';
import type { KnownSecrets } from './session/knownSecrets';
import type { LastChoices } from './start/lastChoices';
import type { Sessions } from './session/sessions';
import type { StartedHere } from './forgotten/startedHere';

/** What commands work with; built once in extension.ts. */
export interface Services {
  readonly account: Account;
  readonly sessionKeys: SecretSessionKeys;
  readonly knownSecrets: KnownSecrets;
  readonly store: DevboxStore;
  readonly sessions: Sessions;
  readonly startedHere: StartedHere;
  readonly keepAlive: KeepAlive;
  readonly lastChoices: LastChoices;
  readonly output: DevboxOutput;
  /** Tabs of logs, over reloads. */
  readonly rememberedLogs: RememberedLogs;
  readonly tree: DevboxTree;
  readonly localPlatform: LocalPlatform;
  readonly stopDocuments: StopDocuments;
  readonly log: Log;
  /** Hands over what commands open: it is disposed with the extension. */
  readonly own: (disposable: Disposable) => void;
  /** About the extension itself, for reports. */
  readonly environment: {
    readonly version: string;
    readonly logFolder: string;
    readonly localFolder: string;
    readonly searchThreadFile: string;
  };
}
