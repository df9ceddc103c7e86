import * as z from 'zod';
import type { Blueprint } from '../../devbox/blueprints';
import type { DevboxLog } from '../../devbox/devboxLog';
import type { CodeMount, FileMount, PolicyBinding } from '../../devbox/spec';
import { DevboxError } from '../../errors';
import type { UserRequest } from '../../sandbox/users';
import type { Dockerfile } from '../dockerfile/plan';
import type { LaterStep } from '../dockerfile/steps';

const stringMap = z.record(z.string(), z.string());

/** Why a build can fail. */
const buildFailures = ['out_of_memory', 'out_of_disk', 'build_failed'] as const;

/** How the store keeps a blueprint that was built here. */
export const builtRecord = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.number(),
  finishedAt: z.number().optional(),
  openhands: z.boolean(),
  baseId: z.string().optional(),
  status: z.enum(['queued', 'building', 'failed', 'build_complete', 'deleted']),
  failure: z.string().optional(),
  failureReason: z.enum(buildFailures).optional(),
  environment: stringMap,
  metadata: stringMap,
  parameters: z.record(z.string(), z.unknown()),
  /** Whom the Dockerfile's last USER named, if that is not root. */
  user: z.object({ name: z.string(), uid: z.number().optional() }).optional(),
});

/** A blueprint that was built here, as the store has it. */
export type BuiltBlueprint = z.infer<typeof builtRecord>;

/** A build that failed for a reason of its own. */
export class BuildFailure extends DevboxError {
  readonly reason: (typeof buildFailures)[number];

  constructor(reason: (typeof buildFailures)[number], message: string) {
    super('failed', message);
    this.name = 'BuildFailure';
    this.reason = reason;
  }
}

/** What is to be built. */
export interface BuildOrder {
  readonly name: string;
  readonly base: Blueprint | undefined;
  /** What its Dockerfile comes to. */
  readonly dockerfile: Dockerfile | undefined;
  /** What comes behind the Dockerfile. */
  readonly steps: readonly LaterStep[];
  /** The objects that the steps copy from, by the name of the build context; `''` is the build's own. */
  readonly contexts: ReadonlyMap<string, string>;
  readonly fileMounts: readonly FileMount[];
  readonly codeMounts: readonly CodeMount[];
  /** The network policy of the build; devboxes have their own. */
  readonly network: PolicyBinding | undefined;
  /** The user that builds it, where its Dockerfile says no other. */
  readonly user: UserRequest;
  /** The user that takes over after the Dockerfile, which has made it. */
  readonly laterUser: UserRequest | undefined;
  /** Values of build-time secrets by variable; not kept. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The request as it is shown again. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** One build, on a disk of its own. */
export interface BuildJob extends Pick<
  BuildOrder,
  'dockerfile' | 'steps' | 'contexts' | 'fileMounts' | 'codeMounts' | 'network' | 'user' | 'laterUser' | 'secrets'
> {
  readonly id: string;
  readonly disk: string;
  /** A folder for the disks of earlier stages; removed after the build. */
  readonly scratch: string;
  /** Copies a disk, however its programs change it meanwhile. */
  readonly copyDisk: (from: string, to: string, signal: AbortSignal) => Promise<void>;
  readonly openhands: Blueprint | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: DevboxLog;
  readonly signal: AbortSignal;
}

/** Runs a build in a sandbox on its disk; throws what it fails with. */
export type RunBuild = (job: BuildJob) => Promise<void>;
