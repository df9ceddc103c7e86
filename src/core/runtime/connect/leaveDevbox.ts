import { deadline } from '../../../ground/deadline';
import type { RuntimeError } from '../../errors';
import type { Devbox } from '../../platform/devbox';
import { suspendDevbox } from '../../platform/lifeCycle';
import type { RunloopApi } from '../../platform/runloopApi';
import type { RuntimeConfig } from '../../options/runtimeConfig';
import type { CloseMode } from '../../options/runtimeOptions';
import { notCleanedUp } from './connectFailure';

/** Milliseconds that leaving a devbox may take. */
const leaveMs = 60_000;

/** Leaves a devbox as the mode says. @throws RuntimeError if it could not be shut down or suspended */
export async function leaveDevbox(
  api: RunloopApi,
  config: RuntimeConfig,
  devbox: Devbox,
  mode: CloseMode,
): Promise<void> {
  const call = { signal: deadline(leaveMs) };
  if (mode === 'shutdown') {
    await api.shutdown(devbox.id, call);
    await config.sessionKeys?.delete(devbox.id);
  }
  if (mode === 'suspend' && devbox.status !== 'suspended') await suspendDevbox(api, devbox.id, call);
}

/**
 * Shuts down what a failed connect has created.
 *
 * @returns the failure to tell: it says so if the devbox is still there
 */
export async function cleanUpAfter(
  failure: RuntimeError,
  api: RunloopApi,
  config: RuntimeConfig,
  devbox: Devbox,
): Promise<RuntimeError> {
  try {
    await leaveDevbox(api, config, devbox, 'shutdown');
    return failure;
  } catch (error) {
    return notCleanedUp(failure, devbox.id, error);
  }
}
