import { randomUUID } from 'node:crypto';
import { RuntimeError, isTransient } from '../errors';
import { asNumber, asObject, asString } from '../parse';
import { NotYet, retrying } from '../http/retry';
import { buildRule } from '../http/retryRules';
import { listIn, objectOf, textIn } from './answers';
import type { CallOptions } from './apiCalls';
import { makeOnce } from './makeOnce';
import { requestKey } from './requestKey';
import type { RunloopApi } from './runloopApi';
import { platformProblem } from '../problems/platform';
import { phrase } from '../problems/phrases';

/** The image that OpenHands' runtime comes in, without its tag. */
export const openhandsImage = 'ghcr.io/openhands/runtime';
/** The tag of the OpenHands version whose runtime this is. */
export const usualOpenhandsTag = '0.62-nikolaik';

/** The Dockerfile of a blueprint with OpenHands' action server. @throws RuntimeError for what is no tag */
export function openhandsDockerfile(tag: string): string {
  if (/^\w[\w.-]{0,127}$/.test(tag)) return `FROM ${openhandsImage}:${tag}\n`;
  throw new RuntimeError({ problem: platformProblem('image_tag', { usual: usualOpenhandsTag }) });
}

export interface BlueprintBuild {
  readonly id: string;
  readonly status: string;
}

/**
 * Orders a build, once: a second one would be billed and counted as well. One that was given up is given all the same
 * where it was begun.
 *
 * @throws RuntimeError what the API said, for example that it cannot build from this image
 */
export async function beginBuild(
  api: RunloopApi,
  order: { readonly name: string; readonly dockerfile: string },
  call: CallOptions = {},
): Promise<BlueprintBuild> {
  const requestId = randomUUID();
  const body = { name: order.name, dockerfile: order.dockerfile, metadata: { [requestKey]: requestId } };
  return makeOnce(
    {
      send: async (sent) =>
        parseBuild(await api.changeOnce('/v1/blueprints', 'requesting a blueprint build', body, sent, requestId)),
      look: async (asked) => (await buildsNamed(api, order.name, asked)).find(({ metadata }) => metadata === requestId),
    },
    call,
  );
}

/** A build of this name that is under way, the newest if there are several. */
export async function buildUnderWay(
  api: RunloopApi,
  name: string,
  call: CallOptions = {},
): Promise<BlueprintBuild | undefined> {
  return (await buildsNamed(api, name, call)).find(({ status }) => isUnderWay(status));
}

async function buildsNamed(
  api: RunloopApi,
  name: string,
  call: CallOptions,
): Promise<readonly (BlueprintBuild & { readonly metadata: string | undefined })[]> {
  const query = { name, limit: 100, include_total_count: false };
  const answer = await api.read('/v1/blueprints', 'listing blueprints', call, query);
  const { entries } = listIn(answer, 'blueprints', 'a list of blueprints', (view) => {
    const id = asString(view['id']);
    const status = asString(view['status']);
    if (id === undefined || status === undefined || asString(view['name']) !== name) return undefined;
    const created = asNumber(view['create_time_ms']) ?? 0;
    return { id, status, created, metadata: asString(asObject(view['metadata'])?.[requestKey]) };
  });
  return [...entries].sort((a, b) => b.created - a.created);
}

function isUnderWay(status: string): boolean {
  return status !== 'build_complete' && status !== 'failed' && status !== 'awaiting_upload';
}

/**
 * Waits until a build is over.
 *
 * @param options.onLog told of each line of its log once; hostile text
 * @param options.onStatus told of each status
 * @throws RuntimeError `api` if it failed, `deadline` if it is not over after two hours
 */
export async function awaitBuild(
  api: RunloopApi,
  build: BlueprintBuild,
  options: CallOptions & { readonly onLog: (line: string) => void; readonly onStatus: (status: string) => void },
): Promise<void> {
  const path = `/v1/blueprints/${encodeURIComponent(build.id)}`;
  let lines = 0;
  let status = '';
  const readLog = async (): Promise<void> => {
    const answer = await api.read(`${path}/logs`, 'reading a build log', options);
    const all = listIn(answer, 'logs', 'a build log', (view) => asString(view['message']) ?? '').entries;
    for (const message of all.slice(lines)) options.onLog(message);
    lines = Math.max(lines, all.length);
  };
  try {
    await retrying(
      async () => {
        const view = objectOf(await api.read(path, 'waiting for a blueprint', options), 'a blueprint');
        const now = parseBuild(view);
        await readLog();
        if (now.status !== status) options.onStatus((status = now.status));
        if (now.status === 'failed') {
          throw new RuntimeError({
            problem: platformProblem('build_failed', {
              said: asString(view['failure_reason']) ?? phrase('no reason was given'),
            }),
          });
        }
        if (now.status !== 'build_complete') throw new NotYet('the build goes on');
      },
      { rule: buildRule, signal: options.signal, retryOn: isTransient },
    );
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
    throw new RuntimeError({ problem: platformProblem('build_too_long') });
  }
}

/** Removes a build that is not wanted any more. @returns false if the platform goes on with it */
export async function dropBuild(api: RunloopApi, build: BlueprintBuild, call: CallOptions = {}): Promise<boolean> {
  try {
    const path = `/v1/blueprints/${encodeURIComponent(build.id)}/delete`;
    objectOf(
      await api.change(path, 'removing a blueprint', undefined, call),
      'a confirmation that the blueprint was removed',
    );
    return true;
  } catch (error) {
    // Platforms need not be able to end a build.
    if (RuntimeError.is(error) && error.status !== undefined && error.status >= 400 && error.status < 500) return false;
    throw error;
  }
}

function parseBuild(value: unknown): BlueprintBuild {
  return { id: textIn(value, 'id', 'a blueprint'), status: textIn(value, 'status', 'a blueprint') };
}
