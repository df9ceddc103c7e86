import { RuntimeError } from './errors';
import type { Devbox } from './platform/devbox';
import type { CallOptions, RunloopApi } from './platform/runloopApi';
import { containerName, containerNameKey, type RuntimeConfig } from './runtimeConfig';

/** Statuses in which a devbox can be attached to: it runs, or will by itself. */
const attachable = ['running', 'initializing', 'provisioning', 'resuming', 'queued'] as const;

/**
 * The devbox that a runtime means: by its id, else by its session id over all pages, the newest first (D18). The
 * metadata decides before the name, as names are not unique.
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
      return await api.retrieve(config.devboxId, call);
    } catch (error) {
      if (!RuntimeError.is(error, 'not_found')) throw error;
      throw notFound(`There is no devbox ${config.devboxId} in this account.`, error);
    }
  }
  const wanted = containerName(config.sid);
  let byName: Devbox | undefined;
  for (const status of attachable) {
    let byMetadata: Devbox | undefined;
    for await (const devbox of api.list({ status }, call)) {
      if (devbox.metadata[containerNameKey] === wanted) byMetadata = newer(byMetadata, devbox);
      else if (devbox.name === config.sid) byName = newer(byName, devbox);
    }
    if (byMetadata !== undefined) return byMetadata;
  }
  if (byName !== undefined) return byName;
  throw notFound(`No running devbox belongs to the session "${config.sid}".`);
}

function newer(a: Devbox | undefined, b: Devbox): Devbox {
  return a === undefined || (b.createTimeMs ?? 0) > (a.createTimeMs ?? 0) ? b : a;
}

function notFound(message: string, cause?: unknown): RuntimeError {
  return new RuntimeError({
    code: 'devbox_not_found',
    message,
    nextStep: 'Refresh the Runloop view and choose a running devbox, or start one.',
    cause,
  });
}
