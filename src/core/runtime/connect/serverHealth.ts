import { RuntimeError } from '../../errors';
import type { Devbox } from '../../platform/devbox';
import type { LogEntry } from '../../platform/logEntry';
import type { RunloopApi } from '../../platform/runloopApi';
import type { Connection } from './bringUp';

/** Entries of the log that are looked at. */
const lastEntries = 200;
/** What starts an action server, also by `restartCommand`. */
const serverModule = 'openhands.runtime.action_execution_server';

/** What is known of an action server: it has answered, or the devbox runs and nothing says that the server has ended. */
export type ServerHealth = 'answers' | 'runs';

/**
 * How the action server of a connection is, found out without its devbox counting as used: where its tunnel counts
 * requests as use, the devbox's status and log tell, as far as they can.
 *
 * @returns undefined if it does not answer, or has ended
 * @throws RuntimeError if the API does not answer
 */
export async function serverHealth(
  api: RunloopApi,
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<ServerHealth | undefined> {
  const { tunnel, devbox } = connection;
  if (!tunnel.httpKeepAlive) return (await answers(connection, signal)) ? 'answers' : undefined;
  const { status } = await api.devboxes.retrieve(devbox.id, { signal });
  if (status !== 'running') return undefined;
  return hasServerEnded(await api.logs.newest(devbox.id, { signal, last: lastEntries })) ? undefined : 'runs';
}

/** Whether a connection that was thought to be lost still leads to a server that answers. */
export async function stillLeads(
  connection: Connection,
  current: Devbox,
  { signal, isUnasked }: { readonly signal: AbortSignal; readonly isUnasked: boolean },
): Promise<boolean> {
  const { tunnel } = connection;
  const { status, tunnel: now } = current;
  if (status !== 'running' || now?.key !== tunnel.key || now.authToken !== tunnel.authToken) return false;
  return (isUnasked && tunnel.httpKeepAlive) || answers(connection, signal);
}

/** Whether the log says that the server which was started last has ended. Of one that is the entrypoint, the status tells. */
export function hasServerEnded(entries: readonly LogEntry[]): boolean {
  let hasEnded = false;
  const starts = new Set<string>();
  for (const { command, executionId, exitCode, source, text } of entries) {
    if (command?.includes(serverModule) === true && executionId !== undefined) {
      starts.add(executionId);
      hasEnded = false;
      continue;
    }
    const isServers = executionId === undefined ? source === 'entrypoint' : starts.has(executionId);
    // What uvicorn, which carries OpenHands' server, says at its start and its end.
    if (!isServers) continue;
    if (exitCode !== undefined || /^INFO: +Finished server process \[\d+\]/.test(text)) hasEnded = true;
    else if (/^INFO: +Started server process \[\d+\]/.test(text)) hasEnded = false;
  }
  return hasEnded;
}

async function answers({ client }: Connection, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return await client.alive(signal);
  } catch (error) {
    if (RuntimeError.is(error)) return false;
    throw error;
  }
}
