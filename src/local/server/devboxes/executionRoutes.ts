import * as z from 'zod';
import { deadline } from '../../../ground/deadline';
import type { Devbox } from '../../devbox/devbox';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import type { KnownExecution, Output } from '../../devbox/run/executions/knownExecution';
import { ApiError, badRequest } from '../../http/apiError';
import { optional, parseBody } from '../../http/bodies';
import type { Exchange } from '../../http/exchange';
import { Repeats } from '../../http/repeats';
import type { Call, Router } from '../../http/router';

/** Lines of output in an execution's view when the caller does not say how many. */
const usualLines = 100;
/** Longest hold of a request, in seconds: the SDK gives up after 30. */
const longestHold = 25;
/** How long a kill waits for the end that it has brought about, in ms. */
const killHold = 2_000;
/** Lines that `execute_sync`, which has no way to ask for more, gives at most. */
const syncLines = 1_000_000;

const commandField = z
  .string()
  .min(1, 'A command must not be empty')
  .refine((command) => !command.includes('\0'), 'A command must not contain a NUL character');
const shellField = optional(z.string().min(1).max(256));
const executeFields = z.object({
  command: commandField,
  command_id: optional(z.string().min(1).max(256)),
  shell_name: shellField,
  optimistic_timeout: optional(z.number().min(0).max(longestHold)),
});
const asyncFields = z.object({ command: commandField, attach_stdin: optional(z.boolean()), shell_name: shellField });
const syncFields = z.object({ command: commandField, shell_name: shellField });
const waitFields = z.object({
  statuses: z.array(z.enum(['completed'])).min(1, 'Name the status "completed"'),
  timeout_seconds: optional(z.number().min(0).max(longestHold)),
});
const killFields = z.object({ kill_process_group: optional(z.boolean()) });
const inputFields = z.object({
  text: optional(z.string().min(1, 'Text must not be empty')),
  signal: optional(z.enum(['EOF', 'INTERRUPT'])),
});

/** Adds the executions: starting commands, waiting for them, feeding, ending and reading them. */
export function addExecutionRoutes(router: Router, devboxes: DevboxRegistry): void {
  const starts = new Repeats<KnownExecution>();
  const inputs = new Repeats<boolean>();
  const find = ({ params }: Call<'id' | 'execution'>): { devbox: Devbox; execution: KnownExecution } => {
    const devbox = devboxes.get(params.id);
    return { devbox, execution: devbox.executions.get(params.execution) };
  };

  router.add('POST', '/v1/devboxes/{id}/execute', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const fields = parseBody(executeFields, await exchange.readObject());
    devbox.requireRunning();
    const request = { command: fields.command, shellName: fields.shell_name, attachStdin: false };
    const execution = devbox.executions.start(request, fields.command_id);
    await heldUntilCompleted(execution, fields.optimistic_timeout ?? longestHold, exchange.signal);
    exchange.sendJson(200, await executionView(devbox, execution, exchange));
  });

  router.add('POST', '/v1/devboxes/{id}/execute_async', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const body = await exchange.readObject();
    const fields = parseBody(asyncFields, body);
    devbox.requireRunning();
    const request = {
      command: fields.command,
      shellName: fields.shell_name,
      attachStdin: fields.attach_stdin ?? false,
    };
    const execution = await starts.once(repeatKey(exchange), body, () =>
      Promise.resolve(devbox.executions.start(request)),
    );
    exchange.sendJson(200, await executionView(devbox, execution, exchange));
  });

  router.add('POST', '/v1/devboxes/{id}/execute_sync', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const body = await exchange.readObject();
    const fields = parseBody(syncFields, body);
    devbox.requireRunning();
    const request = { command: fields.command, shellName: fields.shell_name, attachStdin: false };
    // The SDK gives up on long ones and asks again with the same request id: that must not run them twice.
    const execution = await starts.once(repeatKey(exchange), body, () =>
      Promise.resolve(devbox.executions.start(request)),
    );
    await heldUntilCompleted(execution, undefined, exchange.signal);
    const [stdout, stderr] = await Promise.all([execution.stdout.tail(syncLines), execution.stderr.tail(syncLines)]);
    exchange.sendJson(200, {
      devbox_id: devbox.id,
      exit_status: execution.exitStatus ?? null,
      stdout: stdout.text,
      stderr: stderr.text,
      ...shellView(execution),
    });
  });

  router.add('GET', '/v1/devboxes/{id}/executions/{execution}', async (call) => {
    const { devbox, execution } = find(call);
    call.exchange.sendJson(200, await executionView(devbox, execution, call.exchange));
  });

  router.add('POST', '/v1/devboxes/{id}/executions/{execution}/wait_for_status', async (call) => {
    const { devbox, execution } = find(call);
    const { timeout_seconds: seconds } = parseBody(waitFields, await call.exchange.readObject());
    if (!(await heldUntilCompleted(execution, seconds ?? longestHold, call.exchange.signal))) {
      throw new ApiError(
        408,
        'timeout',
        `The execution ${execution.id} is ${execution.status} and was not completed in time. Ask again to go on waiting.`,
        true,
      );
    }
    call.exchange.sendJson(200, await executionView(devbox, execution, call.exchange));
  });

  router.add('POST', '/v1/devboxes/{id}/executions/{execution}/kill', async (call) => {
    const { devbox, execution } = find(call);
    const { kill_process_group: group } = parseBody(killFields, await call.exchange.readObject());
    execution.kill(group === true ? 'group' : 'process');
    await heldUntilCompleted(execution, killHold / 1_000, call.exchange.signal);
    call.exchange.sendJson(200, await executionView(devbox, execution, call.exchange));
  });

  router.add('POST', '/v1/devboxes/{id}/executions/{execution}/send_std_in', async (call) => {
    const { devbox, execution } = find(call);
    const body = await call.exchange.readObject();
    const { text, signal } = parseBody(inputFields, body);
    if ((text === undefined) === (signal === undefined)) {
      throw badRequest('Give either text or signal.');
    }
    const success = await inputs.once(repeatKey(call.exchange), body, async () => {
      if (signal === 'INTERRUPT') {
        return execution.interrupt();
      }
      return text === undefined ? execution.endInput() : execution.sendText(text);
    });
    call.exchange.sendJson(200, { devbox_id: devbox.id, execution_id: execution.id, success });
  });

  for (const name of ['stdout', 'stderr'] as const) {
    router.add('GET', `/v1/devboxes/{id}/executions/{execution}/stream_${name}_updates`, (call) => {
      const spool: Output = find(call).execution[name];
      const offset = Number(call.exchange.query.get('offset') ?? 0);
      if (!Number.isSafeInteger(offset) || offset < 0) {
        throw badRequest('The offset must be a whole number of bytes, 0 or more.');
      }
      return call.exchange.sendEvents(spool.follow(offset, call.exchange.signal));
    });
  }
}

function repeatKey(exchange: Exchange): string | undefined {
  const id = exchange.headers['x-request-id'];
  return typeof id === 'string' ? `${exchange.path} ${id}` : undefined;
}

/** Waits for an execution's end; false when the time was up or the client has gone. */
async function heldUntilCompleted(
  execution: KnownExecution,
  seconds: number | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (execution.status !== 'completed') {
    const limit = seconds === undefined ? signal : deadline(Math.ceil(seconds * 1_000), signal);
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        limit.removeEventListener('abort', settle);
        resolve();
      };
      limit.addEventListener('abort', settle);
      void execution.completed.then(settle);
      if (limit.aborted) {
        settle();
      }
    });
  }
  return (execution.status as string) === 'completed';
}

function shellView(execution: KnownExecution): Record<string, unknown> {
  return execution.request.shellName === undefined ? {} : { shell_name: execution.request.shellName };
}

async function executionView(
  devbox: Devbox,
  execution: KnownExecution,
  exchange: Exchange,
): Promise<Record<string, unknown>> {
  const view = { devbox_id: devbox.id, execution_id: execution.id, status: execution.status, ...shellView(execution) };
  if (execution.status !== 'completed') {
    return view;
  }
  const lines = readLastN(exchange.query);
  const [stdout, stderr] = await Promise.all([execution.stdout.tail(lines), execution.stderr.tail(lines)]);
  return {
    ...view,
    exit_status: execution.exitStatus,
    stdout: stdout.text,
    stderr: stderr.text,
    stdout_truncated: stdout.truncated,
    stderr_truncated: stderr.truncated,
  };
}

function readLastN(query: URLSearchParams): number {
  const text = query.get('last_n') ?? '';
  if (text === '') {
    return usualLines;
  }
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 1) {
    throw badRequest('last_n must be a whole number of lines, 1 or more.');
  }
  return lines;
}
