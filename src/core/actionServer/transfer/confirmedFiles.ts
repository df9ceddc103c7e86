import { workspaceFiles } from './workspaceFiles';

export interface WorkspaceUpload {
  /** Local folder. */
  readonly folder: string;
  /** Absolute folder in the devbox. */
  readonly destination: string;
  readonly confirmSecrets?: ((paths: readonly string[]) => Promise<boolean>) | undefined;
  /** Told of the bytes of the archive sent so far, and of the number of files in it. */
  readonly onProgress?: ((sent: number, files: number) => void) | undefined;
  /** Told of files, links and folders that cannot be uploaded. */
  readonly onLeftOut?: ((paths: readonly string[]) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What of a folder is uploaded, whichever way it goes: what looks like a secret only after a yes.
 *
 * @returns relative paths; `withheld` are those that were held back because they look like secrets
 * @throws RuntimeError `transfer` if the folder cannot be read
 */
export async function confirmedFiles(
  options: Pick<WorkspaceUpload, 'folder' | 'confirmSecrets' | 'onLeftOut' | 'signal'>,
): Promise<{
  readonly files: readonly string[];
  readonly withheld: readonly string[];
  readonly emptyFolders: readonly string[];
}> {
  const { files, secrets, emptyFolders, leftOut } = await workspaceFiles(options.folder, options.signal);
  if (leftOut.length > 0) options.onLeftOut?.(leftOut);
  const isConfirmed = secrets.length > 0 && (await options.confirmSecrets?.(secrets)) === true;
  return isConfirmed
    ? { files: [...files, ...secrets], withheld: [], emptyFolders }
    : { files, withheld: secrets, emptyFolders };
}
