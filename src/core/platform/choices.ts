import { asBoolean, asNumber, asString, type JsonObject } from '../parse';
import { listIn, objectOf } from './answers';
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

/** What a list offers to choose from. */
export interface ChoiceList {
  readonly choices: readonly Choice[];
  /** There are more than were read. */
  readonly isCut: boolean;
  /** Entries that could not be read, and are left out. */
  readonly malformed: number;
}

interface ListOrder {
  readonly path: string;
  /** Where the answer has the entries. */
  readonly key: string;
  /** What they are, in the plural. */
  readonly what: 'blueprints' | 'snapshots' | 'secrets' | 'network policies';
  readonly pageSize?: number;
  readonly pages?: number;
}

/** Entries of a page, and pages of a list that are read at the most. */
const usualPageSize = 500;
const mostPages = 10;

async function readChoices(api: RunloopApi, order: ListOrder, call: CallOptions): Promise<ChoiceList> {
  const { path, key, what, pageSize = usualPageSize, pages = mostPages } = order;
  const choices = new Map<string, Choice>();
  let malformed = 0;
  let after: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const query = { limit: pageSize, ...(after === undefined ? {} : { starting_after: after }) };
    const answer = objectOf(await api.read(path, `listing ${what}`, call, query), `a list of ${what}`);
    const before = choices.size;
    const read = listIn(answer, key, `a list of ${what}`, choiceOf);
    for (const choice of read.entries) choices.set(choice.id, choice);
    malformed += read.malformed;
    after = read.entries.at(-1)?.id;
    if (asBoolean(answer['has_more']) !== true) return { choices: [...choices.values()], isCut: false, malformed };
    // Pages that bring nothing new lead in a circle.
    if (after === undefined || choices.size === before) break;
  }
  return { choices: [...choices.values()], isCut: true, malformed };
}

function choiceOf(view: JsonObject): Choice | undefined {
  const id = asString(view['id']);
  if (id === undefined) return undefined;
  const createTimeMs = asNumber(view['create_time_ms']);
  return { id, name: asString(view['name']) ?? '', createTimeMs, status: asString(view['status']) };
}

/** The account's blueprints and the public ones, each name once: its latest finished build, else its latest build. */
export async function blueprintChoices(api: RunloopApi, call: CallOptions = {}): Promise<ChoiceList> {
  const lists = await Promise.all(
    ['/v1/blueprints', '/v1/blueprints/list_public'].map((path) =>
      readChoices(api, { path, key: 'blueprints', what: 'blueprints' }, call),
    ),
  );
  const byName = new Map<string, Choice>();
  for (const blueprint of lists.flatMap(({ choices }) => choices)) {
    const known = byName.get(blueprint.name);
    if (known === undefined || rank(blueprint) > rank(known)) byName.set(blueprint.name, blueprint);
  }
  return {
    choices: [...byName.values()].sort((a, b) => a.name.localeCompare(b.name)),
    isCut: lists.some(({ isCut }) => isCut),
    malformed: lists.reduce((sum, { malformed }) => sum + malformed, 0),
  };
}

/** Finished builds before others, later ones before earlier ones. */
function rank(blueprint: Choice): number {
  return (blueprint.status === 'build_complete' ? 1e15 : 0) + (blueprint.createTimeMs ?? 0);
}

/** The account's disk snapshots, newest first. */
export async function snapshotChoices(api: RunloopApi, call: CallOptions = {}): Promise<ChoiceList> {
  const order = { path: '/v1/devboxes/disk_snapshots', key: 'snapshots', what: 'snapshots' } as const;
  const list = await readChoices(api, order, call);
  return { ...list, choices: [...list.choices].sort((a, b) => (b.createTimeMs ?? 0) - (a.createTimeMs ?? 0)) };
}

/** Names of the account's secrets; Runloop has no second page of them, but long ones. */
export async function secretChoices(api: RunloopApi, call: CallOptions = {}): Promise<ChoiceList> {
  return readChoices(api, { path: '/v1/secrets', key: 'secrets', what: 'secrets', pageSize: 5_000, pages: 1 }, call);
}

export async function networkPolicyChoices(api: RunloopApi, call: CallOptions = {}): Promise<ChoiceList> {
  const order = { path: '/v1/network-policies', key: 'network_policies', what: 'network policies' } as const;
  return readChoices(api, order, call);
}
