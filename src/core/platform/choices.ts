import type { Runloop } from '@runloop/api-client';
import { asBoolean, asNumber, asString, type JsonObject } from '../parse';
import { listIn, objectOf } from './answers';
import type { ApiCalls, CallOptions } from './apiCalls';

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

/** What all lists that are read here are asked for; that of secrets has one page. */
type PageQuery = Runloop.BlueprintListParams &
  Runloop.DevboxListDiskSnapshotsParams &
  Runloop.NetworkPolicyListParams &
  Runloop.SecretListParams;

/** Entries of a page, and pages of a list that are read at the most. */
const usualPageSize = 500;
const mostPages = 10;

/** Reads what a list of the API offers, for the resource whose list it is. */
export async function readChoices(calls: ApiCalls, order: ListOrder, call: CallOptions): Promise<ChoiceList> {
  const { path, key, what, pageSize = usualPageSize, pages = mostPages } = order;
  const choices = new Map<string, Choice>();
  let malformed = 0;
  let after: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const query = { limit: pageSize, ...(after === undefined ? {} : { starting_after: after }) } satisfies PageQuery;
    const answer = objectOf(await calls.get(path, { doing: `listing ${what}` }, call, query), `a list of ${what}`);
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
