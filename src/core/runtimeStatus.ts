import type { SentRequest } from './platform/runloopApi';
import type { Devbox } from './platform/devbox';
import type { RuntimeError } from './errors';

/** OpenHands' own words for what the runtime is doing (its RuntimeStatus wire values). */
export type RuntimeStatus =
  | 'STATUS$STOPPED'
  | 'STATUS$STARTING_RUNTIME'
  | 'STATUS$RUNTIME_STARTED'
  | 'STATUS$READY'
  | 'STATUS$ERROR'
  | 'STATUS$ERROR_RUNTIME_DISCONNECTED';

/**
 * The steps of a connect that a person waits for, in order. `provisioning` covers everything the platform does
 * before the devbox runs; the devbox's own status tells the details.
 */
export type ConnectPhase = 'looking' | 'creating' | 'provisioning' | 'startingServer' | 'ready';

export type RuntimeEvent =
  | { readonly type: 'status'; readonly status: RuntimeStatus; readonly error?: RuntimeError }
  | { readonly type: 'phase'; readonly phase: ConnectPhase; readonly devbox?: Devbox }
  | { readonly type: 'request'; readonly request: SentRequest }
  | { readonly type: 'waiting'; readonly reason: 'rate_limited' | 'network'; readonly seconds: number };
