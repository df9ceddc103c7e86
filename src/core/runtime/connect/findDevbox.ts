import { RuntimeError } from '../../errors';
import { hasEnded, type Devbox, containerNameKey } from '../../platform/devbox';
import type { CallOptions } from '../../platform/apiCalls';
import type { RunloopApi } from '../../platform/runloopApi';
import { containerName, type RuntimeConfig } from '../../options/runtimeConfig';
import { devboxProblem } from '../../problems/devbox';
import type { Problem } from '../../problems/problem';

/**
 * The devbox that a runtime means: by its id, else by its session id over all pages, the newest first (D18), suspended
 * ones included (D19). The metadata decides before the name, as names are not unique.
 *
 * @throws RuntimeError `devbox_not_found`: attaching never creates one (D5).
 */
export async function findDevbox(
  api: RunloopApi,
  config: Pick<RuntimeConfig, 'sid' | 'devboxId'>,
  call: CallOptions,
): Promise<Devbox> {
  if (config.devboxId !== undefined) {
    try {
      return await api.devboxes.retrieve(config.devboxId, call);
    } catch (error) {
      if (!RuntimeError.is(error, 'not_found')) throw error;
      throw notFound(devboxProblem('not_in_account', { devbox: config.devboxId }), error);
    }
  }
  const { byMetadata, byName } = await lookUp(api, config.sid, call);
  const found = byMetadata ?? byName;
  if (found !== undefined) return found;
  throw notFound(devboxProblem('none_of_session', { session: config.sid }));
}

/**
 * The newest devbox that was made for this session id and can still be used, or undefined (D20). Names do not count:
 * going on in a devbox that only happens to be named like the session would mix two people's work.
 */
export async function findOwn(api: RunloopApi, sid: string, call: CallOptions): Promise<Devbox | undefined> {
  return (await lookUp(api, sid, call)).byMetadata;
}

async function lookUp(
  api: RunloopApi,
  sid: string,
  call: CallOptions,
): Promise<{ readonly byMetadata: Devbox | undefined; readonly byName: Devbox | undefined }> {
  const wanted = containerName(sid);
  let byMetadata: Devbox | undefined;
  let byName: Devbox | undefined;
  // One list of all statuses costs fewer requests than one for each; large pages, for the same reason.
  for await (const devbox of api.devboxes.list({ pageSize: 1_000 }, call)) {
    if (hasEnded(devbox.status)) continue;
    if (devbox.metadata[containerNameKey] === wanted) byMetadata = newer(byMetadata, devbox);
    else if (devbox.name === sid) byName = newer(byName, devbox);
  }
  return { byMetadata, byName };
}

function newer(a: Devbox | undefined, b: Devbox): Devbox {
  return a === undefined || (b.createTimeMs ?? 0) > (a.createTimeMs ?? 0) ? b : a;
}

function notFound(problem: Problem, cause?: unknown): RuntimeError {
  return new RuntimeError({ problem, cause });
}
