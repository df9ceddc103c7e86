import { asArray, asBoolean, asNumber, asObject, asString, asStringMap } from '../parse';
import { RuntimeError } from '../errors';

/** The statuses known today; the API may send others, which are shown as they are. */
export const knownStatuses = [
  'queued',
  'scheduled',
  'provisioning',
  'initializing',
  'running',
  'suspending',
  'suspended',
  'resuming',
  'failure',
  'shutdown',
] as const;

export interface Tunnel {
  readonly key: string;
  readonly authMode: string;
  /** Present only when the tunnel is authenticated. Secret. */
  readonly authToken?: string;
}

export interface StateTransition {
  readonly status: string;
  /** Unix milliseconds, where the API told it. */
  readonly timeMs?: number;
}

/** A devbox as the API shows it, parsed. Times are Unix milliseconds. */
export interface Devbox {
  readonly id: string;
  readonly status: string;
  readonly name: string | undefined;
  readonly createTimeMs: number | undefined;
  readonly endTimeMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly blueprintId: string | undefined;
  readonly failureReason: string | undefined;
  readonly shutdownReason: string | undefined;
  readonly keepAliveSeconds: number | undefined;
  readonly size: string | undefined;
  readonly transitions: readonly StateTransition[];
  readonly tunnel: Tunnel | undefined;
}

export function parseTunnel(value: unknown): Tunnel | undefined {
  const tunnel = asObject(value);
  const key = asString(tunnel?.['tunnel_key']);
  // The key becomes part of a host name; anything else in it would lead somewhere else.
  if (tunnel === undefined || key === undefined || !/^[A-Za-z0-9-]{1,63}$/.test(key)) return undefined;
  const authToken = asString(tunnel['auth_token']);
  return {
    key,
    authMode: asString(tunnel['auth_mode']) ?? 'open',
    ...(authToken === undefined ? {} : { authToken }),
  };
}

/**
 * Reads a `DevboxView`.
 *
 * @throws RuntimeError `unexpected_answer` if it has no id or status: then it is no devbox at all.
 */
export function parseDevbox(value: unknown): Devbox {
  const view = asObject(value);
  const id = asString(view?.['id']);
  const status = asString(view?.['status']);
  if (view === undefined || id === undefined || status === undefined) {
    throw new RuntimeError({
      code: 'unexpected_answer',
      message: 'The Runloop API answered with something that is not a devbox.',
      nextStep: 'Check the base URL: it may not be a Runloop API.',
    });
  }
  const launch = asObject(view['launch_parameters']);
  return {
    id,
    status,
    name: asString(view['name']),
    createTimeMs: asNumber(view['create_time_ms']),
    endTimeMs: asNumber(view['end_time_ms']),
    metadata: asStringMap(view['metadata']),
    blueprintId: asString(view['blueprint_id']),
    failureReason: asString(view['failure_reason']),
    shutdownReason: asString(view['shutdown_reason']),
    keepAliveSeconds: asNumber(launch?.['keep_alive_time_seconds']),
    size: asString(launch?.['resource_size_request']),
    transitions: asArray(view['state_transitions']).flatMap((entry) => {
      const transition = asObject(entry);
      const to = asString(transition?.['status']);
      const timeMs = asNumber(transition?.['transition_time_ms']);
      return to === undefined ? [] : [{ status: to, ...(timeMs === undefined ? {} : { timeMs }) }];
    }),
    tunnel: parseTunnel(view['tunnel']),
  };
}

export interface DevboxPage {
  readonly devboxes: readonly Devbox[];
  readonly hasMore: boolean;
}

export function parseDevboxPage(value: unknown): DevboxPage {
  const page = asObject(value);
  if (page === undefined || !Array.isArray(page['devboxes'])) {
    throw new RuntimeError({
      code: 'unexpected_answer',
      message: 'The Runloop API answered the devbox list with something else.',
      nextStep: 'Check the base URL: it may not be a Runloop API.',
    });
  }
  return {
    devboxes: asArray(page['devboxes']).map(parseDevbox),
    hasMore: asBoolean(page['has_more']) ?? false,
  };
}

/** True once a devbox can never run again. */
export function hasEnded(status: string): boolean {
  return status === 'failure' || status === 'shutdown';
}

/** True for a devbox that runs or is on its way to running. */
export function isActive(status: string): boolean {
  return !hasEnded(status) && status !== 'suspended' && status !== 'suspending';
}
