import { arch } from 'node:process';
import * as z from 'zod';
import type { Account } from '../account/account';
import type { Blueprint } from '../devbox/blueprints';
import type { BuiltBlueprint } from '../account/blueprints';
import type { CodeMount, DevboxSpec, FileMount, Lifetime, ObjectMount, PolicyBinding } from '../devbox/spec';
import { limitsOf, sizeNames } from '../devbox/sizes';
import type { TunnelSettings } from '../devbox/tunnel';
import { badRequest, notOffered } from './apiError';
import { codeFields, codeMountOf } from './codeMountFields';
import { nameField, optional, parseBody, stringMap, tunnelFields } from './bodies';

/** Lifetime of a devbox whose creator said nothing, and the longest one, in seconds. */
const usualKeepAlive = 3_600;
const longestKeepAlive = 172_800;

/** Time the suspend commands get unless the creator says otherwise, and the longest, in milliseconds. */
const usualDeadline = 30_000;
const longestDeadline = 60_000;

const idleFields = z.object({ idle_time_seconds: z.int().positive(), on_idle: z.enum(['shutdown', 'suspend']) });

const launchFields = z.looseObject({
  keep_alive_time_seconds: optional(z.int().positive().max(longestKeepAlive)),
  after_idle: optional(idleFields),
  lifecycle: optional(z.looseObject({
    after_idle: optional(idleFields),
    resume_triggers: optional(z.looseObject({ http: optional(z.boolean()), axon_event: optional(z.boolean()) })),
    lifecycle_hooks: optional(z.looseObject({
      suspend_commands: optional(z.array(z.string())),
      suspend_deadline_ms: optional(z.int().positive().max(longestDeadline)),
    })),
  })),
  launch_commands: optional(z.array(z.string())),
  user_parameters: optional(z.object({ username: z.string(), uid: z.number() }).partial()),
  architecture: optional(z.enum(['x86_64', 'arm64'])),
  resource_size_request: optional(z.enum(sizeNames)),
  custom_gb_memory: optional(z.number().positive().max(64)),
  custom_disk_size: optional(z.number().positive().max(64)),
  network_policy_id: optional(z.string()),
  required_services: optional(z.array(z.string())),
});

const objectFields = z.looseObject({ object_id: z.string(), object_path: z.string().regex(/^[^\0]+$/, 'A path must not be empty or contain a NUL character') });

const createFields = z.object({
  name: optional(nameField),
  blueprint_id: optional(z.string()),
  blueprint_name: optional(z.string()),
  snapshot_id: optional(z.string()),
  environment_variables: optional(stringMap),
  metadata: optional(stringMap),
  entrypoint: optional(z.string()),
  mounts: optional(z.array(z.looseObject({ type: z.string() }))),
  file_mounts: optional(stringMap),
  code_mounts: optional(z.array(codeFields)),
  secrets: optional(stringMap),
  gateways: optional(z.record(z.string(), z.unknown())),
  mcp: optional(z.record(z.string(), z.unknown())),
  tunnel: optional(tunnelFields),
  launch_parameters: optional(launchFields),
});

type CreateFields = z.infer<typeof createFields>;
type LaunchFields = z.infer<typeof launchFields>;

/**
 * Reads a create request.
 * @throws ApiError 400 for what makes no sense, 501 for what the local platform does not do
 */
export function parseCreate(body: unknown, account: Account): DevboxSpec {
  const given = parseBody(createFields, body);
  refuseWhatIsNotOffered(given);
  const blueprint = readBlueprint(given, account);
  const fields = inherit(given, blueprint);
  refuseWhatIsNotOffered(fields);
  const launch = launchOf(fields);
  const lifetime = readLifetime(launch);
  const environment = { ...(blueprint !== undefined && 'environment' in blueprint ? blueprint.environment : {}), ...fields.environment_variables };
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes('\0')) {
      throw badRequest(`The environment variable "${name}" is not acceptable: a name has letters, digits and _ only, a value no NUL character.`);
    }
  }
  const commands = launch.launch_commands ?? [];
  const hooks = launch.lifecycle?.lifecycle_hooks;
  if ([fields.entrypoint ?? '', ...commands, ...(hooks?.suspend_commands ?? [])].some((command) => command.includes('\0'))) {
    throw badRequest('The entrypoint, launch and suspend commands must not contain a NUL character.');
  }
  return {
    name: fields.name,
    metadata: fields.metadata ?? {},
    blueprint: blueprint === undefined ? undefined : { id: blueprint.id, name: blueprint.name, openhands: blueprint.openhands, createdAt: blueprint.createdAt },
    snapshotId: readSnapshot(fields.snapshot_id, account),
    environment,
    secrets: readSecrets(fields.secrets ?? {}, account),
    objectMounts: readObjectMounts(fields, account),
    codeMounts: readCodeMounts(fields),
    username: launch.user_parameters?.username ?? 'user',
    wakeOnHttp: launch.lifecycle?.resume_triggers?.http,
    // An empty entrypoint would end the devbox at once; nobody means that.
    entrypoint: fields.entrypoint?.trim() === '' ? undefined : fields.entrypoint,
    fileMounts: readFileMounts(fields),
    launchCommands: commands,
    home: readHome(launch),
    lifetime,
    hooks: {
      suspendCommands: hooks?.suspend_commands ?? [],
      suspendDeadlineMs: hooks?.suspend_deadline_ms ?? usualDeadline,
    },
    network: readNetwork(launch.network_policy_id, account),
    tunnel: fields.tunnel === undefined ? undefined : readTunnel(fields.tunnel),
    limits: limitsOf({ size: launch.resource_size_request, memory: launch.custom_gb_memory, disk: launch.custom_disk_size }),
    launchParameters: lifetime.keepAliveSeconds === undefined ? launch : { ...launch, keep_alive_time_seconds: lifetime.keepAliveSeconds },
  };
}

/** Fills in what a caller left open about a tunnel. */
export function readTunnel(fields: z.infer<typeof tunnelFields>): TunnelSettings {
  return {
    authMode: fields.auth_mode ?? 'open',
    httpKeepAlive: fields.http_keep_alive ?? true,
    wakeOnHttp: fields.wake_on_http ?? false,
  };
}

/**
 * The policy a devbox or a build is to be under.
 * @throws ApiError 400 for one that is not there, 501 where it could not be enforced
 */
export function readNetwork(id: string | undefined, account: Account): PolicyBinding | undefined {
  if (id === undefined) {
    return undefined;
  }
  const policy = account.policies.find(id);
  if (policy === undefined) {
    throw badRequest(`There is no network policy ${id}. List the network policies to see those that are there.`);
  }
  const fenced = !policy.egress.allow_all;
  if (fenced && !account.canFence) {
    throw notOffered('network policies that restrict on a computer without Linux namespaces and the program "ip"');
  }
  return { policyId: id, fenced };
}

function launchOf(fields: CreateFields): LaunchFields {
  return fields.launch_parameters ?? launchFields.parse({});
}

function refuseWhatIsNotOffered(fields: CreateFields): void {
  const origins = [fields.blueprint_id, fields.blueprint_name, fields.snapshot_id].filter((origin) => origin !== undefined);
  if (origins.length > 1) {
    throw badRequest('Give at most one of blueprint_id, blueprint_name and snapshot_id.');
  }
  const launch = launchOf(fields);
  const hostArchitecture = arch === 'arm64' ? 'arm64' : 'x86_64';
  const wanted: readonly (readonly [boolean, string])[] = [
    [Object.keys(fields.gateways ?? {}).length > 0, 'gateways'],
    [Object.keys(fields.mcp ?? {}).length > 0, 'MCP configurations'],
    [(launch.required_services ?? []).length > 0, 'containerized services'],
    [launch.architecture !== undefined && launch.architecture !== hostArchitecture, `another architecture than this computer's ${hostArchitecture}`],
  ];
  for (const [asked, what] of wanted) {
    if (asked) {
      throw notOffered(what);
    }
  }
}

function readBlueprint(fields: CreateFields, account: Account): BuiltBlueprint | Blueprint | undefined {
  const id = fields.blueprint_id;
  const name = fields.blueprint_name;
  if (id === undefined && name === undefined) {
    return undefined;
  }
  const blueprint = account.blueprints.usable({ id, name });
  if (blueprint === undefined) {
    throw badRequest(`There is no blueprint ${id ?? `named "${name ?? ''}"`} that is built. List the blueprints to see those that are.`);
  }
  return blueprint;
}

/** What the blueprint says about launching, with what the devbox says itself in front. */
function inherit(fields: CreateFields, blueprint: BuiltBlueprint | Blueprint | undefined): CreateFields {
  const defaults = blueprint !== undefined && 'parameters' in blueprint ? blueprint.parameters['launch_parameters'] : undefined;
  return defaults === undefined ? fields : { ...fields, launch_parameters: { ...parseBody(launchFields, defaults), ...dropUndefined(fields.launch_parameters) } };
}

function dropUndefined(launch: LaunchFields | undefined): Partial<LaunchFields> {
  return Object.fromEntries(Object.entries(launch ?? {}).filter(([, value]) => value !== undefined));
}

function readFileMounts(fields: CreateFields): readonly FileMount[] {
  const mounts: FileMount[] = Object.entries(fields.file_mounts ?? {}).map(([target, content]) => ({ target, content }));
  for (const mount of fields.mounts ?? []) {
    if (mount.type === 'file_mount') {
      mounts.push(parseBody(z.object({ target: z.string().min(1), content: z.string() }), mount));
    } else if (mount.type !== 'code_mount' && mount.type !== 'object_mount') {
      throw notOffered(`mounts of type "${mount.type}"`);
    }
  }
  return mounts;
}

function readObjectMounts(fields: CreateFields, account: Account): readonly ObjectMount[] {
  const given = (fields.mounts ?? []).filter((mount) => mount.type === 'object_mount').map((mount) => parseBody(objectFields, mount));
  for (const { object_id: id } of given) {
    if (account.objects.find(id)?.state !== 'READ_ONLY') {
      throw badRequest(`There is no complete object ${id} to mount. List the objects to see those that are READ_ONLY.`);
    }
  }
  return given.map((mount) => ({ objectId: mount.object_id, path: mount.object_path }));
}

function readCodeMounts(fields: CreateFields): readonly CodeMount[] {
  const given = (fields.mounts ?? []).filter((mount) => mount.type === 'code_mount').map((mount) => parseBody(codeFields, mount));
  return [...(fields.code_mounts ?? []), ...given].map(codeMountOf);
}

function readSnapshot(id: string | undefined, account: Account): string | undefined {
  if (id !== undefined && account.snapshots.find(id)?.status !== 'complete') {
    throw badRequest(`There is no complete snapshot ${id}. List the snapshots to see those that can be used.`);
  }
  return id;
}

function readSecrets(wanted: Readonly<Record<string, string>>, account: Account): Readonly<Record<string, string>> {
  const invalid = Object.keys(wanted).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const { missing } = account.secrets(wanted);
  if (invalid !== undefined || missing.length > 0) {
    throw badRequest(invalid === undefined ? `There is no secret ${missing.join(', ')}. Create it first.` : `"${invalid}" cannot be the name of an environment variable.`);
  }
  return wanted;
}

function readHome(launch: LaunchFields): string {
  const { username = 'user', uid } = launch.user_parameters ?? {};
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(username)) {
    throw badRequest(`"${username}" cannot be a user's name: use lower-case letters, digits, _ and -.`);
  }
  return username === 'root' || uid === 0 ? '/root' : `/home/${username}`;
}

function readLifetime(launch: LaunchFields): Lifetime {
  const inner = launch.lifecycle?.after_idle;
  const outer = launch.after_idle;
  if (inner !== undefined && outer !== undefined && (inner.idle_time_seconds !== outer.idle_time_seconds || inner.on_idle !== outer.on_idle)) {
    throw badRequest('after_idle and lifecycle.after_idle say different things. Give lifecycle.after_idle only.');
  }
  const idle = inner ?? outer;
  if (idle === undefined) {
    return { keepAliveSeconds: launch.keep_alive_time_seconds ?? usualKeepAlive, idleSeconds: undefined, onIdle: 'shutdown' };
  }
  return { keepAliveSeconds: launch.keep_alive_time_seconds, idleSeconds: idle.idle_time_seconds, onIdle: idle.on_idle };
}
