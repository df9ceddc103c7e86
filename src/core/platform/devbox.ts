import { asArray, asBoolean, asNumber, asObject, asString, asStringMap, type JsonObject } from '../parse';
import { listIn, objectOf, unexpected } from './answers';

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

export type KnownStatus = (typeof knownStatuses)[number];

/** Metadata that marks a devbox as one of OpenHands' runtimes. */
export const containerNameKey = 'container-name';
/** Metadata that tells where the workspace of such a devbox is, for windows whose setting is another. */
export const workspacePathKey = 'workspace-path';
/** Metadata that tells every window that agents were started in a devbox. */
export const agentsKey = 'runloop-devboxes-agents';

export interface Tunnel {
  readonly key: string;
  readonly authMode: string;
  /** Present only when the tunnel is authenticated. Secret. */
  readonly authToken?: string;
  /** Whether requests through it count as use of the devbox; the API's default where it does not say. */
  readonly httpKeepAlive: boolean;
}

interface StateTransition {
  readonly status: string;
  /** Unix milliseconds, where the API told it. */
  readonly timeMs?: number;
  /** Why it failed, where this step is a failure and the API told it. */
  readonly failureReason?: string;
}

/** What happens to a devbox that nobody uses. */
export interface IdleRule {
  readonly seconds: number;
  /** `suspend` or `shutdown`; other words are shown as they are. */
  readonly action: string;
}

/** What a devbox of `CUSTOM_SIZE` was given; parts the API did not tell are absent. */
export interface CustomSize {
  readonly cpuCores?: number;
  readonly memoryGib?: number;
  readonly diskGib?: number;
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
  /** Seconds that it lives, see {@link lifetimeEnd}; Runloop ignores it where there is an idle rule. */
  readonly keepAliveSeconds: number | undefined;
  readonly idleRule: IdleRule | undefined;
  /** Runloop's size word, `CUSTOM_SIZE` included. */
  readonly size: string | undefined;
  readonly customSize: CustomSize | undefined;
  readonly snapshotId: string | undefined;
  /** Who had it made: `api`, `scenario`, …, and that one's id. */
  readonly initiatorType: string | undefined;
  readonly initiatorId: string | undefined;
  readonly transitions: readonly StateTransition[];
  readonly tunnel: Tunnel | undefined;
  /** A request through its tunnel would resume it while it is suspended. */
  readonly wakesOnHttp?: true;
}

/**
 * When the lifetime of a devbox is over, in Unix milliseconds of the server's clock; undefined where it has none. It counts from
 * the creation, also over a suspend, as Runloop's own command line counts it; what is resumed after that has it once more.
 */
export function lifetimeEnd({
  createTimeMs,
  keepAliveSeconds,
  idleRule,
  transitions,
}: Pick<Devbox, 'createTimeMs' | 'keepAliveSeconds' | 'idleRule' | 'transitions'>): number | undefined {
  if (idleRule !== undefined || createTimeMs === undefined || keepAliveSeconds === undefined) return undefined;
  const fromCreation = createTimeMs + keepAliveSeconds * 1000;
  const suspended = transitions.findLastIndex(({ status }) => status === 'suspended');
  const resumedMs = suspended < 0 ? undefined : transitions[suspended + 1]?.timeMs;
  return resumedMs === undefined || resumedMs < fromCreation ? fromCreation : resumedMs + keepAliveSeconds * 1000;
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
    httpKeepAlive: asBoolean(tunnel['http_keep_alive']) ?? true,
    ...(authToken === undefined ? {} : { authToken }),
  };
}

function parseIdleRule(launch: JsonObject | undefined): IdleRule | undefined {
  const rule = asObject(asObject(launch?.['lifecycle'])?.['after_idle']) ?? asObject(launch?.['after_idle']);
  const seconds = asNumber(rule?.['idle_time_seconds']);
  return seconds === undefined ? undefined : { seconds, action: asString(rule?.['on_idle']) ?? 'shutdown' };
}

/** What its life cycle says goes before what its tunnel says. */
function wakesOnHttp(view: JsonObject, launch: JsonObject | undefined): boolean {
  const triggers = asObject(asObject(launch?.['lifecycle'])?.['resume_triggers']);
  return asBoolean(triggers?.['http']) ?? asBoolean(asObject(view['tunnel'])?.['wake_on_http']) ?? false;
}

function parseCustomSize(launch: JsonObject | undefined): CustomSize | undefined {
  const cpuCores = asNumber(launch?.['custom_cpu_cores']);
  const memoryGib = asNumber(launch?.['custom_gb_memory']);
  const diskGib = asNumber(launch?.['custom_disk_size']);
  if (cpuCores === undefined && memoryGib === undefined && diskGib === undefined) return undefined;
  return {
    ...(cpuCores === undefined ? {} : { cpuCores }),
    ...(memoryGib === undefined ? {} : { memoryGib }),
    ...(diskGib === undefined ? {} : { diskGib }),
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
  if (view === undefined || id === undefined || id === '' || status === undefined || status === '') {
    throw unexpected('a devbox');
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
    idleRule: parseIdleRule(launch),
    size: asString(launch?.['resource_size_request']),
    customSize: parseCustomSize(launch),
    snapshotId: asString(view['snapshot_id']),
    initiatorType: asString(view['initiator_type']),
    initiatorId: asString(view['initiator_id']),
    transitions: asArray(view['state_transitions']).flatMap((entry) => {
      const transition = asObject(entry);
      const to = asString(transition?.['status']);
      const timeMs = asNumber(transition?.['transition_time_ms']);
      const failureReason = asString(transition?.['failure_reason']);
      if (to === undefined) return [];
      return [
        {
          status: to,
          ...(timeMs === undefined ? {} : { timeMs }),
          ...(failureReason === undefined ? {} : { failureReason }),
        },
      ];
    }),
    tunnel: parseTunnel(view['tunnel']),
    ...(wakesOnHttp(view, launch) ? { wakesOnHttp: true } : {}),
  };
}

export interface DevboxPage {
  readonly devboxes: readonly Devbox[];
  /** Entries that were no devboxes, and are left out. */
  readonly malformed: number;
  readonly hasMore: boolean;
  /** Whether what it does not have is not there: every entry could be read, and it says whether there are more. */
  readonly isWhole: boolean;
  /** Where the next page begins: the id that its last entry has, devbox or not. */
  readonly lastId: string | undefined;
}

export function parseDevboxPage(value: unknown): DevboxPage {
  const page = objectOf(value, 'a list of devboxes');
  let lastId: string | undefined;
  const { entries, malformed } = listIn(page, 'devboxes', 'a list of devboxes', (view) => {
    const [id = '', status = ''] = [asString(view['id']), asString(view['status'])];
    if (id !== '') lastId = id;
    return id === '' || status === '' ? undefined : parseDevbox(view);
  });
  const hasMore = asBoolean(page['has_more']);
  return {
    devboxes: entries,
    malformed,
    hasMore: hasMore ?? false,
    isWhole: malformed === 0 && hasMore !== undefined,
    lastId,
  };
}

const changingStatuses: readonly string[] = [
  'queued',
  'scheduled',
  'provisioning',
  'initializing',
  'suspending',
  'resuming',
];

/**
 * True while a devbox goes from one lasting state to another by itself. A status that is not known may last for ever:
 * nothing waits for its end.
 */
export function isChanging(status: string): boolean {
  return changingStatuses.includes(status);
}

/** True once a devbox can never run again. */
export function hasEnded(status: string): boolean {
  return status === 'failure' || status === 'shutdown';
}

/** True for a devbox that runs or is on its way to running. */
export function isActive(status: string): boolean {
  return !hasEnded(status) && status !== 'suspended' && status !== 'suspending';
}
