import { asArray, asNumber, asObject, asString } from '../parse';
import type { CallOptions } from './apiCalls';
import type { RunloopApi } from './runloopApi';

/** Something to choose from when a devbox is started. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  /** Unix milliseconds. */
  readonly createTimeMs: number | undefined;
  /** Build state of a blueprint; undefined for other things. */
  readonly status?: string | undefined;
}

/** The most entries that a list to choose from shows. */
const mostChoices = 200;

async function choices(
  api: RunloopApi,
  path: string,
  key: string,
  doing: string,
  call: CallOptions,
): Promise<readonly Choice[]> {
  const answer = asObject(await api.read(path, doing, call, { limit: mostChoices }));
  return asArray(answer?.[key]).flatMap((entry) => {
    const view = asObject(entry);
    const id = asString(view?.['id']);
    if (view === undefined || id === undefined) return [];
    return [
      {
        id,
        name: asString(view['name']) ?? '',
        createTimeMs: asNumber(view['create_time_ms']),
        status: asString(view['status']),
      },
    ];
  });
}

/** The account's blueprints and the public ones, each name once: its latest finished build, else its latest build. */
export async function blueprintChoices(api: RunloopApi, call: CallOptions = {}): Promise<readonly Choice[]> {
  const lists = await Promise.all(
    ['/v1/blueprints', '/v1/blueprints/list_public'].map((path) =>
      choices(api, path, 'blueprints', 'listing blueprints', call),
    ),
  );
  const byName = new Map<string, Choice>();
  for (const blueprint of lists.flat()) {
    const known = byName.get(blueprint.name);
    if (known === undefined || rank(blueprint) > rank(known)) byName.set(blueprint.name, blueprint);
  }
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Finished builds before others, later ones before earlier ones. */
function rank(blueprint: Choice): number {
  return (blueprint.status === 'build_complete' ? 1e15 : 0) + (blueprint.createTimeMs ?? 0);
}

/** The account's disk snapshots, newest first. */
export async function snapshotChoices(api: RunloopApi, call: CallOptions = {}): Promise<readonly Choice[]> {
  const all = await choices(api, '/v1/devboxes/disk_snapshots', 'snapshots', 'listing snapshots', call);
  return [...all].sort((a, b) => (b.createTimeMs ?? 0) - (a.createTimeMs ?? 0));
}

/** Names of the account's secrets. */
export async function secretChoices(api: RunloopApi, call: CallOptions = {}): Promise<readonly Choice[]> {
  return choices(api, '/v1/secrets', 'secrets', 'listing secrets', call);
}

export async function networkPolicyChoices(api: RunloopApi, call: CallOptions = {}): Promise<readonly Choice[]> {
  return choices(api, '/v1/network-policies', 'network_policies', 'listing network policies', call);
}
