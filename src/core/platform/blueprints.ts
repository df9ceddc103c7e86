import type { Runloop } from '@runloop/api-client';
import { RuntimeError } from '../errors';
import { asNumber, asObject, asString, type JsonObject } from '../parse';
import { listIn, objectOf, textIn } from './answers';
import type { ApiCalls, CallOptions } from './apiCalls';
import { readChoices, type Choice, type ChoiceList } from './choices';
import { requestKey } from './requestKey';

export interface Blueprint {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

export interface BlueprintBuild {
  readonly id: string;
  readonly status: string;
}

/** A build as a list shows it. */
export interface ListedBuild extends BlueprintBuild {
  /** The request that has ordered it, if we have. */
  readonly requestId: string | undefined;
}

const ownPath = '/v1/blueprints';
const publicPath = '/v1/blueprints/list_public';

/** The blueprints of an account, and the public ones. */
export class Blueprints {
  readonly #calls: ApiCalls;

  constructor(calls: ApiCalls) {
    this.#calls = calls;
  }

  /** The name of a blueprint; empty if it has none. */
  async nameOf(blueprintId: string, call: CallOptions = {}): Promise<string> {
    const answer = await this.#calls.get(pathOf(blueprintId), { doing: 'reading a blueprint' }, call);
    const blueprint = objectOf(answer, 'a blueprint');
    textIn(blueprint, 'id', 'a blueprint');
    return asString(blueprint['name']) ?? '';
  }

  /** The account's and the public ones of this name. */
  async named(name: string, call: CallOptions = {}): Promise<readonly Blueprint[]> {
    const query = ofName(name);
    const answers = await Promise.all(
      [ownPath, publicPath].map((path) => this.#calls.get(path, { doing: 'listing blueprints' }, call, query)),
    );
    return answers
      .flatMap((answer) => listIn(answer, 'blueprints', 'a list of blueprints', parseBlueprint).entries)
      .filter((blueprint) => blueprint.name === name);
  }

  /** The account's builds of this name, newest first. */
  async buildsNamed(name: string, call: CallOptions): Promise<readonly ListedBuild[]> {
    const answer = await this.#calls.get(ownPath, { doing: 'listing blueprints' }, call, ofName(name));
    const { entries } = listIn(answer, 'blueprints', 'a list of blueprints', (view) => {
      const id = asString(view['id']);
      const status = asString(view['status']);
      if (id === undefined || status === undefined || asString(view['name']) !== name) return undefined;
      const created = asNumber(view['create_time_ms']) ?? 0;
      return { id, status, created, requestId: asString(asObject(view['metadata'])?.[requestKey]) };
    });
    return [...entries].sort((a, b) => b.created - a.created);
  }

  /** The account's blueprints and the public ones, each name once: its latest finished build, else its latest build. */
  async choices(call: CallOptions = {}): Promise<ChoiceList> {
    const lists = await Promise.all(
      [ownPath, publicPath].map((path) =>
        readChoices(this.#calls, { path, key: 'blueprints', what: 'blueprints' }, call),
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

  /** Orders a build, sent once: `buildBlueprint.ts` finds out what came of it. */
  async create(
    order: { readonly name: string; readonly dockerfile: string },
    call: CallOptions & { readonly requestId: string },
  ): Promise<BlueprintBuild> {
    const body = {
      name: order.name,
      dockerfile: order.dockerfile,
      metadata: { [requestKey]: call.requestId },
    } satisfies Runloop.BlueprintCreateParams;
    const request = { body, idempotencyKey: call.requestId };
    return parseBuild(
      await this.#calls.once('post', ownPath, request, { doing: 'requesting a blueprint build' }, call),
    );
  }

  /** How far a build is. @returns what went wrong with it as well, where the API tells it: hostile text */
  async build(
    blueprintId: string,
    call: CallOptions,
  ): Promise<BlueprintBuild & { readonly failureReason: string | undefined }> {
    const answer = await this.#calls.get(pathOf(blueprintId), { doing: 'waiting for a blueprint' }, call);
    const view = objectOf(answer, 'a blueprint');
    return { ...parseBuild(view), failureReason: asString(view['failure_reason']) };
  }

  /** The lines of a build's log so far; hostile text. */
  async buildLog(blueprintId: string, call: CallOptions): Promise<readonly string[]> {
    const answer = await this.#calls.get(`${pathOf(blueprintId)}/logs`, { doing: 'reading a build log' }, call);
    return listIn(answer, 'logs', 'a build log', (view) => asString(view['message']) ?? '').entries;
  }

  /** Removes a build that is not wanted any more. @returns false if the platform goes on with it */
  async remove(blueprintId: string, call: CallOptions = {}): Promise<boolean> {
    try {
      const answer = await this.#calls.change(`${pathOf(blueprintId)}/delete`, { doing: 'removing a blueprint' }, call);
      objectOf(answer, 'a confirmation that the blueprint was removed');
      return true;
    } catch (error) {
      // Platforms need not be able to end a build.
      if (RuntimeError.is(error) && error.status !== undefined && error.status >= 400 && error.status < 500) {
        return false;
      }
      throw error;
    }
  }
}

function pathOf(blueprintId: string): string {
  return `${ownPath}/${encodeURIComponent(blueprintId)}`;
}

function ofName(name: string): Readonly<Record<string, unknown>> {
  return { name, limit: 100, include_total_count: false } satisfies Runloop.BlueprintListParams;
}

/** Finished builds before others, later ones before earlier ones. */
function rank(blueprint: Choice): number {
  return (blueprint.status === 'build_complete' ? 1e15 : 0) + (blueprint.createTimeMs ?? 0);
}

function parseBlueprint(view: JsonObject): Blueprint | undefined {
  const id = asString(view['id']);
  return id === undefined
    ? undefined
    : { id, name: asString(view['name']) ?? '', status: asString(view['status']) ?? '' };
}

function parseBuild(value: unknown): BlueprintBuild {
  return { id: textIn(value, 'id', 'a blueprint'), status: textIn(value, 'status', 'a blueprint') };
}
