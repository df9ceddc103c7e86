import type { RecordWrites } from './devboxFacts';
import type { Evictions } from './lifeCycle/evictions';
import type { RecordTable } from '../store/recordTable';
import type { Trash } from '../store/trash';
import type { ExecutionRecord } from './run/executions/keptExecution';
import type { Listeners } from '../host/sockets/listeners';
import type { LoopbackAddresses } from '../sandbox/loopbackAddresses';
import type { FaultHooks } from './lifeCycle/faultHooks';
import type { SandboxChoice } from '../sandbox/chooseSandbox';
import type { AccountResources } from './accountResources';
import type { UsageWatch } from '../sandbox/limits/usageWatch';

/** What a devbox needs from its surroundings. */
export interface DevboxContext extends RecordWrites {
  readonly sandboxes: SandboxChoice;
  /** Host folder that holds one folder per devbox. */
  readonly folder: string;
  /** Host folder that holds one log file per devbox. */
  readonly logFolder: string;
  /** What the account has for devboxes. */
  readonly resources: AccountResources;
  /** What is remembered of executions. */
  readonly executions: RecordTable<ExecutionRecord>;
  readonly addresses: LoopbackAddresses;
  /** Who listens on this computer. */
  readonly listeners: Listeners;
  /** Where disks go that are not needed any more. */
  readonly trash: Trash;
  /** Gets a sentence for the platform's own output. */
  readonly logLine: (line: string) => void;
  /** Ends devboxes that use too much. */
  readonly usage: UsageWatch;
  /** Devboxes that are to be taken off their place. */
  readonly evictions: Evictions;
  /** What is done to devboxes on order. */
  readonly faultHooks: FaultHooks | undefined;
}
