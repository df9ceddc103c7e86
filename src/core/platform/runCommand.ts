import { deadline } from '../../ground/deadline';
import { RuntimeError, isTransient } from '../errors';
import { NotYet, retrying } from '../http/retry';
import { executionRule } from '../http/retryRules';
import { unexpected } from './answers';
import type { CallOptions } from './apiCalls';
import type { ExecutionId } from './executions';
import type { RunloopApi } from './runloopApi';
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
  const of = { devboxId, executionId: await api.executions.start(devboxId, command, options) };
  let told = '';
  try {
    return await retrying(
      async () => {
        const { status, exitStatus = -1, stdout, stderr } = await api.executions.retrieve(of, options);
        if (status === '') throw unexpected('an execution', devboxId);
        const last =
          `${stdout}\n${stderr}`
            .trimEnd()
            .split(/[\r\n]/)
            .at(-1) ?? '';
        if (last !== told) options.onOutput?.((told = last));
        if (status !== 'completed') throw new NotYet('the command runs');
        return { exitStatus, stdout, stderr };
      },
      { rule: executionRule, signal: options.signal, retryOn: isTransient },
    );
  } catch (error) {
    if (options.signal?.aborted === true) await endExecution(api, of);
    if (!(error instanceof NotYet)) throw error;
    throw new RuntimeError({ problem: platformProblem('command_too_long'), devboxId });
  }
}

/** Milliseconds that ending a command may take. */
const endMs = 10_000;

/** Ends an execution with all that it has started; harmless when it has ended. */
export async function endExecution(api: RunloopApi, of: ExecutionId): Promise<void> {
  try {
    await api.executions.kill(of, { signal: deadline(endMs) });
  } catch (error) {
    // Whoever ends it is told of the cancellation, which is what was asked for; a devbox that is gone has no command.
    if (!RuntimeError.is(error)) throw error;
  }
}
