import { hasEnded, knownStatuses, type Devbox } from '../platform/devbox';

/** The reasons that Runloop has for a shutdown (contract §2.1). */
const shutdownReasons = ['api_shutdown', 'keep_alive_timeout', 'entrypoint_exit', 'idle', 'ttl_expired'] as const;
/** The reasons that Runloop has for a failure. */
const failureReasons = ['out_of_memory', 'out_of_disk', 'execution_failed', 'health_check_failed'] as const;

/** Why a devbox does not run, as far as the API says it. Nothing is guessed. */
export type StopCause =
  | { readonly kind: (typeof shutdownReasons)[number] | (typeof failureReasons)[number] }
  /** It ended for a reason that is not known yet, as the API sent it. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** It ended, and the API gives no reason. */
  | { readonly kind: 'untold' }
  | { readonly kind: 'suspended' }
  /** It has not stopped. */
  | { readonly kind: 'alive' }
  /** Its status is not known yet: whether it stopped cannot be told. */
  | { readonly kind: 'strange' };

/** Reads the cause off a devbox's own fields. */
export function stopCause(devbox: Devbox): StopCause {
  if (devbox.status === 'suspended' || devbox.status === 'suspending') return { kind: 'suspended' };
  if (!hasEnded(devbox.status)) {
    return { kind: knownStatuses.some((known) => known === devbox.status) ? 'alive' : 'strange' };
  }
  const reason = told(devbox);
  if (reason === undefined) return { kind: 'untold' };
  const known = [...shutdownReasons, ...failureReasons].find((word) => word === reason);
  return known === undefined ? { kind: 'unknown', reason } : { kind: known };
}

/** The reason that belongs to the status: a devbox that failed may carry a word about its shutdown as well. */
function told(devbox: Devbox): string | undefined {
  const stepReason = devbox.transitions.findLast((step) => step.failureReason !== undefined)?.failureReason;
  return devbox.status === 'failure'
    ? (devbox.failureReason ?? stepReason ?? devbox.shutdownReason)
    : (devbox.shutdownReason ?? devbox.failureReason);
}
