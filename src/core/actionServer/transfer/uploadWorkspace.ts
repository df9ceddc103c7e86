import { randomBytes } from 'node:crypto';
import { quoteIfNeeded } from '../../../ground/shellWords';
import type { ActionExecutionClient } from '../actionExecutionClient';
import { saidBy, RuntimeError } from '../../errors';
import { isRunObservation } from '../observation';
import { oneLine } from '../../safeText';
import { confirmedFiles, type WorkspaceUpload } from './confirmedFiles';
import { incomingFolder } from './incoming';
import { tarOf } from './tarOf';
import { devboxProblem } from '../../problems/devbox';
import { phrase } from '../../problems/phrases';
import type { Param } from '../../problems/problem';
import { redact } from '../../redact';

/** Seconds that unpacking in the devbox may take. */
const unpackSeconds = 600;

/**
 * Uploads what is in a folder into a folder of the devbox, packed while it is sent.
 *
 * The archive is a tar that the devbox's shell unpacks: a zip unpacked by the server would lose what may be executed,
 * belong to the server's user, and lack every file with two dots in its name.
 *
 * @returns the number of files, and the relative paths of those that were held back because they look like secrets
 * @throws RuntimeError `transfer` if a file cannot be read or the devbox cannot unpack the archive
 */
export async function uploadWorkspace(
  client: ActionExecutionClient,
  options: WorkspaceUpload,
): Promise<{ readonly files: number; readonly withheld: readonly string[] }> {
  const { folder, signal, onProgress } = options;
  const { files, withheld, emptyFolders } = await confirmedFiles(options);
  if (files.length === 0 && emptyFolders.length === 0) return { files: 0, withheld };
  const incoming = await incomingFolder((command) => inShell(client, command, signal));
  if (incoming === undefined) throw failed(client, phrase('its shell did not report a home folder'));
  // A name of its own: two windows may upload at the same time.
  const name = `${randomBytes(8).toString('hex')}.tgz`;
  const content = tarOf(folder, [...emptyFolders, ...files]);
  try {
    await client.upload({
      name,
      content,
      destination: incoming,
      ...(onProgress === undefined ? {} : { onProgress: (sent: number) => onProgress(sent, files.length) }),
      signal,
    });
  } catch (error) {
    // A file that cannot be read ends the request as well.
    if (content.errored === null || signal?.aborted === true) throw error;
    throw failed(client, phrase('a file cannot be read: {why}', { why: saidBy(content.errored) }), content.errored);
  } finally {
    // Also where nobody began to read it.
    content.destroy();
  }
  const archive = quoteIfNeeded(`${incoming}/${name}`);
  const destination = quoteIfNeeded(options.destination);
  // `-o`: the files are to belong to the shell's user, not to the one that they have here.
  const unpack = `(mkdir -p -- ${destination} && tar -xzof ${archive} -C ${destination}; code=$?; rm -f ${archive}; exit $code)`;
  await inShell(client, unpack, signal);
  return { files: files.length, withheld };
}

async function inShell(
  client: ActionExecutionClient,
  command: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const args = { command, hidden: true, blocking: true };
  const observation = await client.runAction({ action: 'run', args, timeout: unpackSeconds }, signal);
  if (isRunObservation(observation) && observation.exitCode === 0) return observation.content.trim();
  throw failed(client, oneLine(redact(observation.content), 200));
}

function failed(client: ActionExecutionClient, why: Param, cause?: unknown): RuntimeError {
  return new RuntimeError({
    problem: devboxProblem('workspace_not_uploaded', { why }),
    devboxId: client.devboxId,
    cause,
  });
}
