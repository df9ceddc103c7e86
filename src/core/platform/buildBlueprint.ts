import { randomUUID } from 'node:crypto';
import { RuntimeError, isTransient } from '../errors';
import { NotYet, retrying } from '../http/retry';
import { buildRule } from '../http/retryRules';
import type { CallOptions } from './apiCalls';
import type { BlueprintBuild } from './blueprints';
import { makeOnce } from './makeOnce';
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
  return makeOnce<BlueprintBuild>(
    {
      send: async (sent) => api.blueprints.create(order, { ...sent, requestId }),
      look: async (asked) =>
        (await api.blueprints.buildsNamed(order.name, asked)).find((build) => build.requestId === requestId),
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
  return (await api.blueprints.buildsNamed(name, call)).find(({ status }) => isUnderWay(status));
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
  let lines = 0;
  let status = '';
  const readLog = async (): Promise<void> => {
    const all = await api.blueprints.buildLog(build.id, options);
    for (const message of all.slice(lines)) options.onLog(message);
    lines = Math.max(lines, all.length);
  };
  try {
    await retrying(
      async () => {
        const now = await api.blueprints.build(build.id, options);
        await readLog();
        if (now.status !== status) options.onStatus((status = now.status));
        if (now.status === 'failed') {
          throw new RuntimeError({
            problem: platformProblem('build_failed', { said: now.failureReason ?? phrase('no reason was given') }),
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
