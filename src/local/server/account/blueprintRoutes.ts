import * as z from 'zod';
import type { Account } from '../../account/account';
import type { BuiltBlueprint } from '../../account/build/blueprintBuild';
import { type Dockerfile, contextsOf, planDockerfile } from '../../account/dockerfile/plan';
import { basePath } from '../../devbox/run/searchPath';
import { builtInBlueprints, findBlueprint } from '../../devbox/blueprints';
import { usualUser } from '../../sandbox/users';
import { requireCommand, requirePath, requireStartable } from '../../sandbox/wordLimits';
import { requireBuildable } from '../../account/buildLimits';
import { ApiError, badRequest, notOffered } from '../../http/apiError';
import { codeFields, codeMountOf } from '../devboxes/codeMountFields';
import { nameField, optional, parseBody, stringMap } from '../../http/bodies';
import { readNetwork } from '../devboxes/createRequest';
import { readLaunch } from '../devboxes/launchFields';
import { builtUser, readUser } from '../devboxes/userFields';
import type { Exchange } from '../../http/exchange';
import { addMetadataRoutes } from './metadataRoutes';
import { choiceOf, listFields, metadataFilter, pageBody, pageOf } from '../../http/paging';
import { repeatKey } from '../../http/repeatKey';
import type { Router } from '../../http/router';
import { blueprintView } from '../views';

const buildStatuses = ['queued', 'provisioning', 'building', 'awaiting_upload', 'failed', 'build_complete'] as const;

/** A blueprint as lists look at it. */
interface Listed {
  readonly id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly view: Record<string, unknown>;
}

const contextFields = z.object({ type: z.literal('object'), object_id: z.string() });

const buildFields = z.looseObject({
  name: nameField.min(1, 'A blueprint needs a name'),
  dockerfile: optional(z.string()),
  system_setup_commands: optional(z.array(z.string())),
  build_args: optional(stringMap),
  build_context: optional(contextFields),
  named_build_contexts: optional(z.record(z.string(), contextFields)),
  base_blueprint_id: optional(z.string()),
  base_blueprint_name: optional(z.string()),
  launch_parameters: optional(z.record(z.string(), z.unknown())),
  code_mounts: optional(z.array(codeFields)),
  file_mounts: optional(stringMap),
  secrets: optional(stringMap),
  network_policy_id: optional(z.string()),
  services: optional(z.array(z.unknown())),
  metadata: optional(stringMap),
});

/** Adds blueprints: those that come with the platform and those that are built on it. */
export function addBlueprintRoutes(router: Router, account: Account): void {
  const { blueprints } = account;

  router.add('POST', '/v1/blueprints', async ({ exchange }) => {
    const body = await exchange.readObject();
    const fields = parseBody(buildFields, body);
    if ((fields.services ?? []).length > 0) {
      throw notOffered('containerized services');
    }
    const wantedUser = readUser(readLaunch(fields.launch_parameters).user_parameters);
    const { values, missing } = account.secrets(fields.secrets ?? {});
    if (missing.length > 0) {
      throw badRequest(`There is no secret ${missing.join(', ')}. Create it first.`);
    }
    const wanted = { id: fields.base_blueprint_id, name: fields.base_blueprint_name };
    if (wanted.id !== undefined && wanted.name !== undefined) {
      throw badRequest('Give at most one of base_blueprint_id and base_blueprint_name.');
    }
    const base = wanted.id === undefined && wanted.name === undefined ? undefined : blueprints.usable(wanted);
    if (base === undefined && (wanted.id ?? wanted.name) !== undefined) {
      throw badRequest(`There is no built blueprint ${wanted.id ?? wanted.name ?? ''} to start from.`);
    }
    const fileMounts = Object.entries(fields.file_mounts ?? {}).map(([target, content]) => ({ target, content }));
    const codeMounts = (fields.code_mounts ?? []).map(codeMountOf);
    const dockerfile =
      fields.dockerfile === undefined
        ? undefined
        : planDockerfile({
            text: fields.dockerfile,
            given: fields.build_args ?? {},
            contexts: new Set(Object.keys(fields.named_build_contexts ?? {})),
            path: basePath,
            inherited: base === undefined ? {} : blueprints.environmentOf(base.id),
          });
    const steps = [
      ...(fileMounts.length + codeMounts.length === 0
        ? []
        : [{ kind: 'mounts' as const, title: 'file and code mounts' }]),
      ...(fields.system_setup_commands ?? []).map((command) => ({ kind: 'setup' as const, title: command, command })),
    ];
    fields.system_setup_commands?.forEach((command) => requireCommand(command, 'A setup command'));
    requireStartable(fields.build_args ?? {});
    fileMounts.forEach(({ target }) => requirePath(target, 'The target of a file mount'));
    if (dockerfile !== undefined) requireBuildable(dockerfile);
    const order = {
      name: fields.name,
      base,
      dockerfile,
      steps,
      contexts: readContexts(fields, dockerfile, account),
      fileMounts,
      codeMounts,
      network: readNetwork(fields.network_policy_id, account),
      user: wantedUser ?? builtUser(base) ?? usualUser,
      laterUser: wantedUser === undefined ? dockerfile?.user : undefined,
      secrets: values,
      metadata: fields.metadata ?? {},
      // A token is for this build only: it is neither kept nor shown again.
      parameters: {
        ...fields,
        ...(fields.code_mounts === undefined
          ? {}
          : { code_mounts: fields.code_mounts.map((mount) => ({ ...mount, token: undefined })) }),
      },
    };
    const built = blueprints.begin(order, repeatKey(exchange, body));
    exchange.sendJson(200, builtView(built));
  });

  const list = (exchange: Exchange, all: readonly Listed[]): void => {
    const { query } = exchange;
    const { name, search, ...fields } = listFields(query);
    const status = choiceOf(query, 'status', buildStatuses);
    const metadata = metadataFilter(query);
    const found = all.filter(
      (item) =>
        (name === undefined || item.name === name) &&
        (status === undefined || item.view['status'] === status) &&
        (search === undefined || item.id === search || item.name.toLowerCase().includes(search.toLowerCase())) &&
        (metadata?.(item) ?? true),
    );
    exchange.sendJson(
      200,
      pageBody('blueprints', pageOf(found, fields), query, ({ view }) => view),
    );
  };
  const publicOnes = builtInBlueprints.map((blueprint) => ({
    id: blueprint.id,
    name: blueprint.name,
    metadata: {},
    view: blueprintView(blueprint),
  }));
  const own = (): readonly Listed[] =>
    blueprints.all().map((blueprint) => ({
      id: blueprint.id,
      name: blueprint.name,
      metadata: blueprint.metadata,
      view: builtView(blueprint),
    }));

  router.add('GET', '/v1/blueprints', ({ exchange }) => list(exchange, [...own(), ...publicOnes]));

  router.add('GET', '/v1/blueprints/list_public', ({ exchange }) => list(exchange, publicOnes));

  addMetadataRoutes(router, '/v1/blueprints', () => blueprints.all());

  router.add('GET', '/v1/blueprints/{id}', ({ exchange, params }) => {
    const builtIn = findBlueprint({ id: params.id });
    exchange.sendJson(200, builtIn === undefined ? builtView(blueprints.get(params.id)) : blueprintView(builtIn));
  });

  router.add('GET', '/v1/blueprints/{id}/logs', async ({ exchange, params }) => {
    const id = params.id;
    // What comes with the platform was never built, so there is nothing to tell.
    const logs =
      findBlueprint({ id }) === undefined ? await blueprints.logs(blueprints.get(id).id, exchange.signal) : [];
    exchange.sendJson(200, { blueprint_id: id, logs });
  });

  router.add('POST', '/v1/blueprints/{id}/delete', async ({ exchange, params }) => {
    const id = params.id;
    if (findBlueprint({ id }) !== undefined) {
      throw badRequest('A blueprint that comes with the local platform cannot be deleted.');
    }
    const depending = account.snapshots.ofBlueprint(id);
    if (depending.length > 0) {
      throw new ApiError(
        409,
        'conflict',
        `Snapshots depend on blueprint ${id}: ${depending.map((snapshot) => snapshot.id).join(', ')}. Delete them first.`,
        false,
      );
    }
    await blueprints.delete(id);
    exchange.sendJson(200, {});
  });
}

/** The objects that the steps copy from. */
function readContexts(
  fields: z.infer<typeof buildFields>,
  dockerfile: Dockerfile | undefined,
  account: Account,
): ReadonlyMap<string, string> {
  const given = new Map(
    Object.entries(fields.named_build_contexts ?? {}).map(([name, { object_id: id }]) => [name, id]),
  );
  if (fields.build_context !== undefined) {
    given.set('', fields.build_context.object_id);
  }
  for (const id of given.values()) {
    const object = account.objects.find(id);
    if (object?.state !== 'READ_ONLY') {
      throw badRequest(
        `There is no complete object ${id} to build from. List the objects to see those that are READ_ONLY.`,
      );
    }
    if (object.contentType !== 'tar' && object.contentType !== 'tgz') {
      throw badRequest(
        `The object ${id} is no archive: its content type is ${object.contentType}. A build context has to be tar or tgz.`,
      );
    }
  }
  for (const name of contextsOf(dockerfile?.stages ?? [])) {
    if (!given.has(name)) {
      throw badRequest(
        name === ''
          ? 'The Dockerfile copies from a build context, and none is given. Give one as build_context.'
          : `The Dockerfile copies from a build context "${name}" that is not given. Only named_build_contexts can be named there.`,
      );
    }
  }
  return given;
}

function builtView(blueprint: BuiltBlueprint): Record<string, unknown> {
  return {
    id: blueprint.id,
    name: blueprint.name,
    status:
      blueprint.status === 'deleted'
        ? blueprint.failureReason === undefined
          ? 'build_complete'
          : 'failed'
        : blueprint.status,
    state: blueprint.status === 'deleted' ? 'deleted' : 'created',
    create_time_ms: blueprint.createdAt,
    build_finish_time_ms: blueprint.finishedAt ?? null,
    failure_reason: blueprint.failureReason ?? (blueprint.status === 'failed' ? 'build_failed' : null),
    is_public: false,
    base_blueprint_id: blueprint.baseId ?? null,
    metadata: blueprint.metadata,
    parameters: blueprint.parameters,
  };
}
