import { randomUUID } from 'node:crypto';
import { deadline } from '../../ground/deadline';
import { ExecutionCommands } from '../channel/executionCommands';
import { endedBy, RuntimeError } from '../errors';
import { pipeLines, type LineSecrets } from '../logs/linePipeline';
import type { LineGroup } from '../logs/lineGroups';
import type { ExecutionId } from '../platform/executions';
import type { RunloopApi } from '../platform/runloopApi';
import { asRun, runVariable } from '../platform/runMark';
import { runOutput, type LessOutput } from './runOutput';

export interface CommandRunOptions {
  /** Ends the command too. */
  readonly signal: AbortSignal;
  readonly secrets: LineSecrets;
  /** Shows lines: redacted, made safe, grouped. */
  readonly show: (groups: readonly LineGroup[]) => void;
  /** Told where less than all of the output can be shown while the command runs. */
  readonly onLess: (less: LessOutput) => void;
  /** It is known that the command has started. */
  readonly onStarted?: (() => void) | undefined;
  /** Told why the command could not be ended, and may go on. @returns once it is to be tried again; false where it is not */
  readonly onNotEnded?: ((error: unknown) => Promise<boolean>) | undefined;
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
  { signal, secrets, show, onLess, onStarted, onNotEnded }: CommandRunOptions,
): Promise<number | undefined> {
  // Not cancelled half-way: nobody could tell then whether it runs.
  const word = randomUUID();
  const executionId = await api.executions.start(devboxId, asRun(command, word), { signal: deadline(30_000) });
  onStarted?.();
  const of = { devboxId, executionId };
  // A shell tells the line that it does not understand: as the person has written it.
  const mark = asRun('', word);
  const showOwn = (groups: readonly LineGroup[]): void =>
    show(groups.map((group) => ({ ...group, text: group.text.replaceAll(mark, '') })));
  try {
    await pipeLines(runOutput(api, { ...of, signal, onLess }), { secrets, show: showOwn });
    return (await api.executions.retrieve(of, { signal })).exitStatus;
  } catch (error) {
    if (!signal.aborted) throw error;
    for (let isEnded = false; !isEnded;) {
      try {
        await end(api, of, word);
        isEnded = true;
      } catch (failure) {
        if ((await onNotEnded?.(failure)) !== true) throw failure;
      }
    }
    throw endedBy(signal, devboxId);
  }
}

/**
 * Ends a command with all that it has started: its process group, then what has left that (`setsid`, daemons), which is told by its
 * environment. What hides that, or is another user's, goes on.
 */
async function end(api: RunloopApi, of: ExecutionId, word: string): Promise<void> {
  try {
    await api.executions.kill(of, { signal: deadline(endMs) });
    const { signal } = new AbortController();
    const stdin = Buffer.from(`${runVariable}=${word}`);
    await new ExecutionCommands(api, of.devboxId).run(endScript, { stdin, signal, deadlineMs: endMs });
  } catch (error) {
    // A devbox that is gone, or suspended, runs no command.
    if (!RuntimeError.is(error) || (error.status !== 404 && error.status !== 400)) throw error;
  }
}

/** Ends processes until there is none in whose environment the variable of its input is. */
const endScript = `word=$(cat); LC_ALL=C; export LC_ALL
while all=$(grep -lzxF -- "$word" /proc/[0-9]*/environ 2>/dev/null); [ -n "$all" ]; do
  for one in $all; do one=\${one#/proc/}; kill -9 "\${one%/environ}" 2>/dev/null; done
  sleep 0.05
done
exit 0`;
