/** Every status of Runloop's API. */
export const devboxStatuses = [
  'scheduled',
  'queued',
  'provisioning',
  'initializing',
  'running',
  'suspending',
  'suspended',
  'resuming',
  'failure',
  'shutdown',
] as const;

export type DevboxStatus = (typeof devboxStatuses)[number];

export const failureReasons = ['out_of_memory', 'out_of_disk', 'execution_failed', 'health_check_failed'] as const;

export type FailureReason = (typeof failureReasons)[number];

export const shutdownReasons = [
  'api_shutdown',
  'keep_alive_timeout',
  'entrypoint_exit',
  'idle',
  'ttl_expired',
] as const;

export type ShutdownReason = (typeof shutdownReasons)[number];

/** How a devbox ends: shut down for a reason, or failed for one. */
export type Ending =
  | { readonly status: 'shutdown'; readonly reason: ShutdownReason }
  | { readonly status: 'failure'; readonly reason: FailureReason };

/** One step of a devbox's life. */
export interface StateTransition {
  readonly status: DevboxStatus;
  /** Unix milliseconds. */
  readonly time: number;
  readonly failureReason?: FailureReason | undefined;
}

/** True for a status that no devbox leaves again. */
export function isTerminal(status: DevboxStatus): boolean {
  return status === 'shutdown' || status === 'failure';
}
