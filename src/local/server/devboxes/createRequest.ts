import * as z from 'zod';
import type { Account } from '../../account/account';
import type { Blueprint } from '../../devbox/blueprints';
import type { BuiltBlueprint } from '../../account/build/blueprintBuild';
import type { CodeMount, DevboxSpec, FileMount, Lifetime, ObjectMount, PolicyBinding } from '../../devbox/spec';
import { limitsOf } from '../../sandbox/limits/limits';
import type { TunnelSettings } from '../../devbox/tunnel';
import { requireCommand, requirePath, requireStartable } from '../../sandbox/wordLimits';
import { homeOf, usualUser } from '../../sandbox/users';
import { badRequest, notOffered } from '../../http/apiError';
import { codeFields, codeMountOf } from './codeMountFields';
import { nameField, optional, parseBody, stringMap, tunnelFields } from '../../http/bodies';
import { type LaunchFields, inheritLaunch, readLaunch } from './launchFields';
import { builtUser, readUser } from './userFields';

/** Lifetime of a devbox whose creator said nothing, in seconds. */
const usualKeepAlive = 3_600;

/** Time the suspend commands get unless the creator says otherwise, in milliseconds. */
const usualDeadline = 30_000;

const objectFields = z.looseObject({
  object_id: z.string(),
  object_path: z.string().regex(/^[^\0]+$/, 'A path must not be empty or contain a NUL character'),
});

const fileFields = z.looseObject({ target: z.string().min(1), content: z.string() });

const createFields = z.object({
  name: optional(nameField),
  blueprint_id: optional(z.string()),
  blueprint_name: optional(z.string()),
  /** What `blueprint_name` was called before SDK 0.45; OpenHands still says it so. */
  prebuilt: optional(z.string()),
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
  launch_parameters: optional(z.record(z.string(), z.unknown())),
});

type CreateFields = z.infer<typeof createFields>;

/**
 * Reads a create request.
 * @throws ApiError 400 for what makes no sense, 501 for what the local platform does not do
 */
export function parseCreate(body: unknown, account: Account): DevboxSpec {
  const fields = parseBody(createFields, body);
  refuseWhatIsNotOffered(fields);
  const own = readLaunch(fields.launch_parameters);
  const blueprint = readBlueprint(fields, account);
  const launch = inheritLaunch(
    own,
    blueprint !== undefined && 'parameters' in blueprint ? blueprint.parameters['launch_parameters'] : undefined,
  );
  const lifetime = readLifetime(launch);
  const user = readUser(launch.user_parameters) ?? builtUser(blueprint) ?? usualUser;
  const environment = {
    ...(blueprint !== undefined && 'environment' in blueprint ? blueprint.environment : {}),
    ...fields.environment_variables,
  };
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes('\0')) {
      throw badRequest(
        `The environment variable "${name}" is not acceptable: a name has letters, digits and _ only, a value no NUL character.`,
      );
    }
  }
  const secrets = readSecrets(fields.secrets ?? {}, account);
  requireStartable({ ...environment, ...account.secrets(secrets).values });
  const commands = launch.launch_commands ?? [];
  const hooks = launch.lifecycle?.lifecycle_hooks;
  requireCommand(fields.entrypoint ?? '', 'The entrypoint');
  hooks?.suspend_commands?.forEach((command) => requireCommand(command, 'A suspend command'));
  return {
    name: fields.name,
    metadata: fields.metadata ?? {},
    blueprint:
      blueprint === undefined
        ? undefined
        : { id: blueprint.id, name: blueprint.name, openhands: blueprint.openhands, createdAt: blueprint.createdAt },
    snapshotId: readSnapshot(fields.snapshot_id, account),
    environment,
    secrets,
    objectMounts: readObjectMounts(fields, account),
    codeMounts: readCodeMounts(fields),
    username: user.name,
    uid: user.uid,
    wakeOnHttp: launch.lifecycle?.resume_triggers?.http,
    // An empty entrypoint would end the devbox at once; nobody means that.
    entrypoint: fields.entrypoint?.trim() === '' ? undefined : fields.entrypoint,
    fileMounts: readFileMounts(fields),
    launchCommands: commands,
    home: homeOf(user),
    lifetime,
    hooks: {
      suspendCommands: hooks?.suspend_commands ?? [],
      suspendDeadlineMs: hooks?.suspend_deadline_ms ?? usualDeadline,
    },
    network: readNetwork(launch.network_policy_id, account),
    tunnel: fields.tunnel === undefined ? undefined : readTunnel(fields.tunnel),
    limits: limitsOf({
      size: launch.resource_size_request,
      memory: launch.custom_gb_memory,
      disk: launch.custom_disk_size,
      cores: launch.custom_cpu_cores,
    }),
    launchParameters:
      lifetime.keepAliveSeconds === undefined
        ? launch
        : { ...launch, keep_alive_time_seconds: lifetime.keepAliveSeconds },
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
  const isolatedNetwork = !policy.egress.allow_all;
  if (isolatedNetwork && !account.canIsolateNetwork) {
    throw notOffered('network policies that restrict on a computer without Linux namespaces and the program "ip"');
  }
  return { policyId: id, isolatedNetwork };
}

function refuseWhatIsNotOffered(fields: CreateFields): void {
  const origins = [fields.blueprint_id, fields.blueprint_name, fields.prebuilt, fields.snapshot_id].filter(
    (origin) => origin !== undefined,
  );
  if (origins.length > 1) {
    throw badRequest('Give at most one of blueprint_id, blueprint_name and snapshot_id.');
  }
  for (const [asked, what] of [
    [fields.gateways, 'gateways'],
    [fields.mcp, 'MCP configurations'],
  ] as const) {
    if (Object.keys(asked ?? {}).length > 0) {
      throw notOffered(what);
    }
  }
}

function readBlueprint(fields: CreateFields, account: Account): BuiltBlueprint | Blueprint | undefined {
  const id = fields.blueprint_id;
  const name = fields.blueprint_name ?? fields.prebuilt;
  if (id === undefined && name === undefined) {
    return undefined;
  }
  const blueprint = account.blueprints.usable({ id, name });
  if (blueprint === undefined) {
    throw badRequest(
      `There is no blueprint ${id ?? `named "${name ?? ''}"`} that is built. List the blueprints to see those that are.`,
    );
  }
  return blueprint;
}

/** The kinds of mounts that Runloop has; of those that are not offered, what they are called. */
const mountKinds: Readonly<Record<string, string | undefined>> = {
  file_mount: undefined,
  code_mount: undefined,
  object_mount: undefined,
  agent_mount: 'mounts of agents',
  broker_mount: 'mounts of brokers',
};

function mountsOf<T>(fields: CreateFields, type: string, schema: z.ZodType<T>): readonly T[] {
  return (fields.mounts ?? []).flatMap((mount, index) =>
    mount.type === type ? [parseBody(schema, mount, `mounts.${index}`)] : [],
  );
}

function readFileMounts(fields: CreateFields): readonly FileMount[] {
  for (const { type } of fields.mounts ?? []) {
    if (!Object.hasOwn(mountKinds, type)) {
      throw badRequest(`"${type}" is not a type of mounts. Use one of ${Object.keys(mountKinds).join(', ')}.`);
    }
    const kind = mountKinds[type];
    if (kind !== undefined) {
      throw notOffered(kind);
    }
  }
  const legacy = Object.entries(fields.file_mounts ?? {}).map(([target, content]) => ({ target, content }));
  const all = [...legacy, ...mountsOf(fields, 'file_mount', fileFields)];
  all.forEach(({ target }) => requirePath(target, 'The target of a file mount'));
  return all;
}

function readObjectMounts(fields: CreateFields, account: Account): readonly ObjectMount[] {
  const given = mountsOf(fields, 'object_mount', objectFields);
  for (const { object_id: id, object_path: path } of given) {
    requirePath(path, 'The path of an object mount');
    if (account.objects.find(id)?.state !== 'READ_ONLY') {
      throw badRequest(`There is no complete object ${id} to mount. List the objects to see those that are READ_ONLY.`);
    }
  }
  return given.map((mount) => ({ objectId: mount.object_id, path: mount.object_path }));
}

function readCodeMounts(fields: CreateFields): readonly CodeMount[] {
  const given = mountsOf(fields, 'code_mount', codeFields);
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
    throw badRequest(
      invalid === undefined
        ? `There is no secret ${missing.join(', ')}. Create it first.`
        : `"${invalid}" cannot be the name of an environment variable.`,
    );
  }
  return wanted;
}

/** An idle rule replaces the fixed lifetime, also where both are given. */
function readLifetime(launch: LaunchFields): Lifetime {
  const idle = launch.lifecycle?.after_idle ?? launch.after_idle;
  return idle === undefined
    ? { keepAliveSeconds: launch.keep_alive_time_seconds ?? usualKeepAlive, idleSeconds: undefined, onIdle: 'shutdown' }
    : { keepAliveSeconds: undefined, idleSeconds: idle.idle_time_seconds, onIdle: idle.on_idle };
}
