import { deadline } from '../../ground/deadline';
import { endedBy, RuntimeError } from '../errors';
import { pipeLines, type LineSecrets } from '../logs/linePipeline';
import type { LineGroup } from '../logs/lineGroups';
import { asNumber } from '../parse';
import { objectOf } from '../platform/answers';
import { devboxPath, type RunloopApi } from '../platform/runloopApi';
import { runOutput, type LessOutput } from './runOutput';

export interface CommandRunOptions {
  /** Ends the command too. */
  readonly signal: AbortSignal;
  readonly secrets: LineSecrets;
  /** Shows lines: redacted, harmless, grouped. */
  readonly show: (groups: readonly LineGroup[]) => void;
  /** Told where less than all of the output can be shown while the command runs. */
  readonly onLess: (less: LessOutput) => void;
}

/** Milliseconds that ending a command may take. */
const endMs = 10_000;

/**
 * Runs a command in a devbox and shows what it prints while it prints it.
 *
 * @returns its exit status; undefined if Runloop does not tell one
 * @throws RuntimeError: what the API said; `cancelled` after the command was ended, or what ending it failed with
 */
export async function runCommandShown(
  api: RunloopApi,
  devboxId: string,
  command: string,
  { signal, secrets, show, onLess }: CommandRunOptions,
): Promise<number | undefined> {
  // Not cancelled half-way: nobody could tell then whether it runs.
  const id = await api.start(devboxId, command, { signal: deadline(30_000) });
  const path = `${devboxPath(devboxId)}/executions/${encodeURIComponent(id)}`;
  try {
    await pipeLines(runOutput(api, { devboxId, executionId: id, signal, onLess }), { secrets, show });
    const view = objectOf(await api.read(path, 'waiting for a command', { signal }), 'an execution', devboxId);
    return asNumber(view['exit_status']);
  } catch (error) {
    if (!signal.aborted) throw error;
    await end(api, devboxId, path);
    throw endedBy(signal, devboxId);
  }
}

async function end(api: RunloopApi, devboxId: string, path: string): Promise<void> {
  const call = { signal: deadline(endMs) };
  try {
    await api.change(`${path}/kill`, 'ending a command', { kill_process_group: true }, call, devboxId);
  } catch (error) {
    // A devbox that is gone, or sleeps, runs no command.
    if (!RuntimeError.is(error) || (error.status !== 404 && error.status !== 400)) throw error;
  }
}
