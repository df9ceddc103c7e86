import { deadline } from '../../../ground/deadline';
import { messageOf } from '../../errors';
import { oneLine } from '../../safeText';
import { redact } from '../../redact';
import type { Devbox } from '../../platform/devbox';
import { endDevbox } from '../../platform/endDevbox';
import type { RunloopApi } from '../../platform/runloopApi';
import type { RuntimeConfig } from '../../options/runtimeConfig';
import type { CloseMode } from '../../options/runtimeOptions';
import { mayStillRun } from '../../start/notedStart';
import type { RuntimeEvent } from '../runtimeStatus';

/** Milliseconds that a suspend may take. */
const suspendMs = 60_000;

/**
 * Leaves a devbox as the mode says.
 *
 * @throws RuntimeError `may_still_run` if it could not be shut down; what the API said if it could not be suspended
 */
export async function leaveDevbox(
  { api, config, fire }: { api: RunloopApi; config: RuntimeConfig; fire: (event: RuntimeEvent) => void },
  devbox: Devbox,
  mode: CloseMode,
): Promise<void> {
  if (mode === 'shutdown') {
    try {
      await endDevbox(api, devbox.id);
    } catch (error) {
      throw mayStillRun(devbox.id, error);
    }
    await forgetSessionKey({ config, fire }, devbox.id);
  }
  if (mode === 'suspend' && devbox.status !== 'suspended') {
    await api.devboxes.suspend(devbox.id, { signal: deadline(suspendMs) });
  }
}

/** Forgets the key of a devbox that has ended. That it ended is true all the same if the key cannot be removed. */
export async function forgetSessionKey(
  { config, fire }: { config: RuntimeConfig; fire: (event: RuntimeEvent) => void },
  devboxId: string,
): Promise<void> {
  try {
    await config.sessionKeys?.delete(devboxId);
  } catch (error) {
    fire({ type: 'note', message: `The session key could not be removed: ${oneLine(redact(messageOf(error)), 300)}` });
  }
}
