import { deadline } from '../../ground/deadline';
import { RuntimeError, isTransient } from '../errors';
import { asNumber, asString } from '../parse';
import { NotYet, retrying } from '../http/retry';
import { executionRule } from '../http/retryRules';
import { objectOf, textIn } from './answers';
import type { CallOptions } from './apiCalls';
import { devboxPath, type RunloopApi } from './runloopApi';
import { platformProblem } from '../problems/platform';

/** How a command ended. Its texts are what the devbox says: hostile. */
export interface Executed {
  readonly exitStatus: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command in a devbox and waits for its end; cancelled, the command is ended as well.
 *
 * @param options.onOutput told of the last line of what was printed so far, whenever it changed
 * @throws RuntimeError `deadline` if it does not end within ten minutes; what the API said
 */
export async function runCommand(
  api: RunloopApi,
  devboxId: string,
  command: string,
  options: CallOptions & { readonly onOutput?: (lastLine: string) => void } = {},
): Promise<Executed> {
  const id = await api.start(devboxId, command, options);
  const path = `${devboxPath(devboxId)}/executions/${encodeURIComponent(id)}`;
  let told = '';
  try {
    return await retrying(
      async () => {
        const view = objectOf(await api.read(path, 'waiting for a command', options), 'an execution', devboxId);
        const status = textIn(view, 'status', 'an execution', devboxId);
        const stdout = asString(view['stdout']) ?? '';
        const stderr = asString(view['stderr']) ?? '';
        const last =
          `${stdout}\n${stderr}`
            .trimEnd()
            .split(/[\r\n]/)
            .at(-1) ?? '';
        if (last !== told) options.onOutput?.((told = last));
        if (status !== 'completed') throw new NotYet('the command runs');
        return { exitStatus: asNumber(view['exit_status']) ?? -1, stdout, stderr };
      },
      { rule: executionRule, signal: options.signal, retryOn: isTransient },
    );
  } catch (error) {
    if (options.signal?.aborted === true) await end(api, devboxId, path);
    if (!(error instanceof NotYet)) throw error;
    throw new RuntimeError({ problem: platformProblem('command_too_long'), devboxId });
  }
}

/** Milliseconds that ending a command may take. */
const endMs = 10_000;

async function end(api: RunloopApi, devboxId: string, path: string): Promise<void> {
  const call = { signal: deadline(endMs) };
  try {
    await api.change(`${path}/kill`, 'ending a command', { kill_process_group: true }, call, devboxId);
  } catch (error) {
    // The caller is told of the cancellation, which is what was asked for; a devbox that is gone has no command.
    if (!RuntimeError.is(error)) throw error;
  }
}
