import type { DevboxRecord } from './devboxRecord';
import type { Evictions } from './evictions';
import type { RecordTable } from '../store/recordTable';
import type { ExecutionRecord } from './executions/keptExecution';
import type { LoopbackAddresses } from './loopback';
import type { Mishaps } from './mishaps';
import type { SandboxChoice } from './probe';
import type { Provisions } from './provisions';
import type { UsageWatch } from './usageWatch';

/** What a devbox needs from its surroundings. */
export interface DevboxSurroundings {
  readonly sandboxes: SandboxChoice;
  /** Host folder that holds one folder per devbox. */
  readonly folder: string;
  /** Host folder that holds one log file per devbox. */
  readonly logFolder: string;
  /** What the account has for devboxes. */
  readonly provisions: Provisions;
  /** Writes down the devbox as it is now; done when it comes back. */
  readonly save: (record: DevboxRecord) => void;
  /** What is remembered of executions. */
  readonly executions: RecordTable<ExecutionRecord>;
  readonly addresses: LoopbackAddresses;
  /** Gets a sentence for the platform's own output. */
  readonly say: (line: string) => void;
  /** Ends devboxes that use too much. */
  readonly usage: UsageWatch;
  /** Devboxes that are to be taken off their place. */
  readonly evictions: Evictions;
  /** What is done to devboxes on order. */
  readonly mishaps: Mishaps | undefined;
}
