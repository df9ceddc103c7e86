import * as z from 'zod';
import { descriptorsFor, filesFor } from '../sandbox/limits/limits';
import type { TableShape } from '../store/recordTable';
import { blueprintRecord } from './blueprints';
import { devboxStatuses, failureReasons, shutdownReasons } from './lifeCycle/status';

/** A map from strings to strings. */
const stringMap = z.record(z.string(), z.string());

const tunnelRecord = z.object({
  key: z.string(),
  token: z.string().optional(),
  createdAt: z.number(),
  authMode: z.enum(['open', 'authenticated']),
  httpKeepAlive: z.boolean(),
  wakeOnHttp: z.boolean(),
});

/** What is kept of a create request. File mounts are not: they are on the disk once the devbox has started. */
const specRecord = z.object({
  blueprint: blueprintRecord.optional(),
  snapshotId: z.string().optional(),
  environment: stringMap,
  secrets: stringMap,
  entrypoint: z.string().optional(),
  launchCommands: z.array(z.string()),
  username: z.string(),
  uid: z.number().optional(),
  home: z.string(),
  lifetime: z.object({
    keepAliveSeconds: z.number().optional(),
    idleSeconds: z.number().optional(),
    onIdle: z.enum(['shutdown', 'suspend']),
  }),
  limits: z
    .object({
      memory: z.number(),
      disk: z.number(),
      files: z.number().optional(),
      descriptors: z.number().optional(),
      processes: z.number(),
      cores: z.number().default(1),
    })
    .transform((limits) => ({
      ...limits,
      files: limits.files ?? filesFor(limits.disk),
      descriptors: limits.descriptors ?? descriptorsFor(limits.memory),
    })),
  hooks: z.object({ suspendCommands: z.array(z.string()), suspendDeadlineMs: z.number() }),
  wakeOnHttp: z.boolean().optional(),
  network: z
    .union([
      z.object({ policyId: z.string(), isolatedNetwork: z.boolean() }),
      // As earlier versions have written it.
      z
        .object({ policyId: z.string(), fenced: z.boolean() })
        .transform(({ policyId, fenced }) => ({ policyId, isolatedNetwork: fenced })),
    ])
    .optional(),
  launchParameters: z.record(z.string(), z.unknown()),
});

/** A devbox as the store keeps it. */
export const devboxRecord = z.object({
  id: z.string(),
  createdAt: z.number(),
  name: z.string().optional(),
  metadata: stringMap,
  spec: specRecord,
  transitions: z.array(
    z.object({ status: z.enum(devboxStatuses), time: z.number(), failureReason: z.enum(failureReasons).optional() }),
  ),
  shutdownReason: z.enum(shutdownReasons).optional(),
  failureReason: z.enum(failureReasons).optional(),
  endedAt: z.number().optional(),
  tunnel: tunnelRecord.optional(),
});

export type DevboxRecord = z.infer<typeof devboxRecord>;

/** The present status of a stored devbox. */
export function statusOf(record: DevboxRecord): (typeof devboxStatuses)[number] {
  return record.transitions.at(-1)?.status ?? 'queued';
}

/**
 * True for a devbox that is suspended, on the way there, or on the way back. A resume begins as `provisioning`, which is the
 * only status that Runloop's own tests know there.
 */
export function isResting(record: DevboxRecord): boolean {
  const before = record.transitions.at(-2)?.status;
  const status = statusOf(record);
  return (
    ['suspended', 'suspending', 'resuming'].includes(status) || (status === 'provisioning' && before === 'suspended')
  );
}

export const devboxTable: TableShape<DevboxRecord> = {
  table: 'devboxes',
  schema: devboxRecord,
  columns: (record) => ({ name: record.name, status: statusOf(record) }),
};
