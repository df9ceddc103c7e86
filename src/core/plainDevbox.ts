import { randomUUID } from 'node:crypto';
import { createDevboxSafely } from './createDevbox';
import { messageOf, RuntimeError } from './errors';
import type { Devbox } from './platform/devbox';
import type { CallOptions } from './platform/apiCalls';
import type { RunloopApi } from './platform/runloopApi';
import { choicesBody, type StartChoices } from './startChoices';
import { waitUntilRunning } from './waitForDevbox';

/** Milliseconds that removing a devbox after a failed start may take. */
const cleanUpMs = 60_000;

/**
 * Starts a devbox without an action server and waits until it runs. After a failure or a cancellation it is shut down
 * again.
 *
 * @throws RuntimeError as a runtime's connect does
 */
export async function startPlainDevbox(
  api: RunloopApi,
  name: string,
  choices: StartChoices,
  options: CallOptions & { readonly signal: AbortSignal; readonly onStatus?: (devbox: Devbox) => void },
): Promise<Devbox> {
  const requestId = randomUUID();
  const requestKey = 'runloop-devboxes-request';
  let created: Devbox | undefined;
  try {
    const body = { ...choicesBody(choices), name, metadata: { [requestKey]: requestId } };
    const devbox = await createDevboxSafely(api, body, {
      ...options,
      requestId,
      requestKey,
      onCreated: (made) => {
        created = made;
        options.onStatus?.(made);
      },
    });
    return await waitUntilRunning(api, devbox, options);
  } catch (error) {
    if (created === undefined) throw error;
    try {
      await api.shutdown(created.id, { signal: AbortSignal.timeout(cleanUpMs) });
    } catch (failure) {
      throw new RuntimeError({
        code: 'api',
        message: `${messageOf(error)} The devbox ${created.id} could not be shut down afterwards: ${messageOf(failure)}`,
        nextStep: 'Shut it down from the Runloop view, as it may still cost money.',
        devboxId: created.id,
        cause: error,
      });
    }
    throw error;
  }
}
