import { RuntimeError, saidBy } from '../errors';
import { tell } from '../events';
import type { Devbox } from '../platform/devbox';
import type { CallOptions } from '../platform/apiCalls';
import type { RunloopApi } from '../platform/runloopApi';
import { choicesBody, type StartChoices } from './startChoices';
import type { WorkspaceUpload } from '../actionServer/transfer/confirmedFiles';
import { NotedStart } from './notedStart';
import type { StartNotes } from './notes/startNotes';
import { waitUntilRunning } from './waitForDevbox';
import { startProblem } from '../problems/start';

export interface PlainStartOptions extends CallOptions, Pick<WorkspaceUpload, 'confirmSecrets' | 'onLeftOut'> {
  readonly signal: AbortSignal;
  /** Where the start is noted before it is sent; not at all without it. */
  readonly startNotes?: StartNotes | undefined;
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
  const { startNotes } = options;
  const onStatus = (devbox: Devbox): void => {
    if (options.onStatus !== undefined) tell(options.onStatus, devbox);
  };
  const start = await NotedStart.begin(api, name, startNotes);
  let running: Devbox;
  try {
    const devbox = await start.create({ ...choicesBody(choices), name }, options, onStatus);
    running = await waitUntilRunning(api, devbox, { ...options, onStatus });
    if (choices.folder !== undefined) {
      const { uploadToPlain } = await import('../actionServer/transfer/uploadToPlain');
      const { confirmSecrets, onLeftOut, onUpload, signal } = options;
      const onProgress = (sent: number, files: number): void => {
        if (onUpload !== undefined) tell(() => onUpload(sent, files), undefined);
      };
      await uploadToPlain(api, running.id, { folder: choices.folder, confirmSecrets, onLeftOut, onProgress, signal });
    }
  } catch (error) {
    throw RuntimeError.is(error) ? await start.fail(error) : await start.fail(unexpected(error));
  }
  await start.complete(running);
  return running;
}

function unexpected(error: unknown): RuntimeError {
  return new RuntimeError({ problem: startProblem('start_failed', { why: saidBy(error) }), cause: error });
}
