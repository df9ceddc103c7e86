import { randomUUID } from 'node:crypto';
import { deadline } from '../../ground/deadline';
import { createDevboxSafely } from './createDevbox';
import { messageOf, RuntimeError } from '../errors';
import type { Devbox } from '../platform/devbox';
import type { CallOptions } from '../platform/apiCalls';
import type { RunloopApi } from '../platform/runloopApi';
import { choicesBody, type StartChoices } from './startChoices';
import type { WorkspaceUpload } from '../actionServer/transfer/uploadWorkspace';
import { waitUntilRunning } from './waitForDevbox';

/** Milliseconds that removing a devbox after a failed start may take. */
const cleanUpMs = 60_000;

export interface PlainStartOptions extends CallOptions, Pick<WorkspaceUpload, 'confirmSecrets'> {
  readonly signal: AbortSignal;
  readonly onStatus?: (devbox: Devbox) => void;
  /** Told of the bytes of a chosen folder sent so far, and of the number of files in it. */
  readonly onUpload?: (sent: number, files: number) => void;
}

/**
 * Starts a devbox without an action server, waits until it runs, and uploads the chosen folder. After a failure or a cancellation it is shut down
 * again.
 *
 * @throws RuntimeError as a runtime's connect does
 */
export async function startPlainDevbox(
  api: RunloopApi,
  name: string,
  choices: StartChoices,
  options: PlainStartOptions,
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
    const running = await waitUntilRunning(api, devbox, options);
    if (choices.folder !== undefined) {
      const { uploadToPlain } = await import('../actionServer/transfer/uploadToPlain');
      const { confirmSecrets, onUpload: onProgress, signal } = options;
      await uploadToPlain(api, running.id, { folder: choices.folder, confirmSecrets, onProgress, signal });
    }
    return running;
  } catch (error) {
    if (created === undefined) throw error;
    try {
      await api.shutdown(created.id, { signal: deadline(cleanUpMs) });
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
