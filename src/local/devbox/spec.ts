import type { Blueprint } from './blueprints';
import type { Limits } from '../sandbox/limits/limits';
import type { TunnelSettings } from './tunnel';

/** A file that is written into the devbox before its launch commands run. */
export interface FileMount {
  readonly target: string;
  readonly content: string;
}

/** When a devbox ends by itself. */
export interface Lifetime {
  /** Seconds after the creation at which the devbox is shut down if it is not suspended; undefined when only idleness counts. */
  readonly keepAliveSeconds?: number | undefined;
  /** Seconds without activity after which `onIdle` happens to a running devbox. */
  readonly idleSeconds?: number | undefined;
  readonly onIdle: 'shutdown' | 'suspend';
}

/** What runs in a devbox before it is suspended. */
export interface LifecycleHooks {
  readonly suspendCommands: readonly string[];
  /** Milliseconds for all of them together. */
  readonly suspendDeadlineMs: number;
}

/** An object of the account that is put onto the disk before the launch commands run; archives are unpacked. */
export interface ObjectMount {
  readonly objectId: string;
  readonly path: string;
}

/** A repository that is cloned into the home folder before the launch commands run. */
export interface CodeMount {
  readonly owner: string;
  readonly name: string;
  readonly token: string | undefined;
  readonly ref: string | undefined;
  readonly installCommand: string | undefined;
}

/** The network policy a devbox is under. */
export interface PolicyBinding {
  readonly policyId: string;
  /** The devbox has no network but what the policy lets through; false if the policy allowed everything from the start. */
  readonly isolatedNetwork: boolean;
}

/** A parsed create request: what one devbox is to be. */
export interface DevboxSpec {
  readonly name: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly blueprint?: Blueprint | undefined;
  /** The snapshot whose disk it starts with. */
  readonly snapshotId?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Variable name → name of the account secret whose value it gets at each start. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly entrypoint?: string | undefined;
  readonly fileMounts: readonly FileMount[];
  readonly objectMounts: readonly ObjectMount[];
  readonly codeMounts: readonly CodeMount[];
  readonly launchCommands: readonly string[];
  readonly username: string;
  /** The user's number; undefined takes the one that the disk knows it by. */
  readonly uid?: number | undefined;
  /** Home folder inside the devbox: `/home/<username>`, or `/root` for root. */
  readonly home: string;
  readonly lifetime: Lifetime;
  readonly hooks: LifecycleHooks;
  readonly network?: PolicyBinding | undefined;
  readonly tunnel: TunnelSettings | undefined;
  /** What it may use. */
  readonly limits: Limits;
  /** What `resume_triggers.http` says, in front of the tunnel's own setting. */
  readonly wakeOnHttp?: boolean | undefined;
  /** What the caller gave as launch parameters, shown again in the devbox object. */
  readonly launchParameters: Readonly<Record<string, unknown>>;
}
