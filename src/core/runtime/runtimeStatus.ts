import type { RuntimeStatus } from '../actionServer/eventStream';
import type { RuntimeError } from '../errors';
import type { Devbox } from '../platform/devbox';
import type { SentRequest } from '../platform/apiCalls';
import type { RuntimeState } from './runtimeState';
/**
 * The steps of a connect that a person waits for, in order. `provisioning` covers everything the platform does
 * before the devbox runs; the devbox's own status tells the details.
 */
export type ConnectPhase =
  'looking' | 'creating' | 'resuming' | 'provisioning' | 'startingServer' | 'settingUp' | 'ready';

export type RuntimeEvent =
  | { readonly type: 'state'; readonly from: RuntimeState; readonly to: RuntimeState }
  | { readonly type: 'status'; readonly status: RuntimeStatus; readonly error?: RuntimeError }
  | { readonly type: 'phase'; readonly phase: ConnectPhase; readonly devbox?: Devbox }
  | { readonly type: 'request'; readonly request: SentRequest }
  | { readonly type: 'waiting'; readonly reason: 'rate_limited' | 'network'; readonly seconds: number }
  /** The devbox's fixed lifetime ends in so many seconds. */
  | { readonly type: 'expiring'; readonly seconds: number }
  | { readonly type: 'upload'; readonly sent: number; readonly files: number }
  /** These of the workspace's files and links cannot be uploaded. */
  | { readonly type: 'leftOut'; readonly paths: readonly string[] }
  /** Something that went on without one of its parts, in one sentence. */
  | { readonly type: 'note'; readonly message: string };
