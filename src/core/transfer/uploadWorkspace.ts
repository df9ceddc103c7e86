import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ActionExecutionClient } from '../actionExecutionClient';
import { workspaceFiles } from './workspaceFiles';

export interface WorkspaceUpload {
  /** Local folder. */
  readonly folder: string;
  /** Absolute folder in the devbox. */
  readonly destination: string;
  readonly confirmSecrets?: ((paths: readonly string[]) => Promise<boolean>) | undefined;
  /** Told of the bytes of the archive sent so far, and of the number of files in it. */
  readonly onProgress?: ((sent: number, files: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Uploads what is in a folder into a folder of the devbox, packed while it is sent.
 *
 * @returns the number of files, and the relative paths of those that were held back because they look like secrets
 */
export async function uploadWorkspace(
  client: ActionExecutionClient,
  options: WorkspaceUpload,
): Promise<{ readonly files: number; readonly withheld: readonly string[] }> {
  const found = await workspaceFiles(options.folder, options.signal);
  const yes = found.secrets.length > 0 && (await options.confirmSecrets?.(found.secrets)) === true;
  const files = yes ? [...found.files, ...found.secrets] : found.files;
  const withheld = yes ? [] : found.secrets;
  if (files.length === 0 && found.emptyFolders.length === 0) return { files: 0, withheld };
  const { default: yazl } = await import('yazl');
  const zip = new yazl.ZipFile();
  const content = new PassThrough();
  zip.on('error', (error: unknown) => content.destroy(error instanceof Error ? error : new Error(String(error))));
  zip.outputStream.pipe(content);
  for (const path of found.emptyFolders) zip.addEmptyDirectory(path);
  for (const path of files) zip.addFile(join(options.folder, path), path, { mode: (await stat(join(options.folder, path))).mode });
  zip.end();
  const { onProgress } = options;
  await client.upload({
    name: 'workspace.zip',
    content,
    destination: options.destination,
    unpack: true,
    ...(onProgress === undefined ? {} : { onProgress: (sent: number) => onProgress(sent, files.length) }),
    signal: options.signal,
  });
  return { files: files.length, withheld };
}
