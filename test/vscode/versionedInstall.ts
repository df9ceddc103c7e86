import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeFolderLock } from './folderLock';
import { InstallError } from './npm';
import { vscodeTestDir } from './projectPaths';

/** Something that is installed once per version, in a folder of its own below `.vscode-test/`. */
export interface Installable {
  /** For messages: "VS Code 1.139.1". */
  readonly title: string;
  /** For messages: what it takes on the disk, "about 600 MB". */
  readonly size: string;
  /** The folder's name without a version: installs of other versions are removed. */
  readonly family: string;
  /** Changes whenever what {@link build} makes changes. */
  readonly version: string;
  /** Fills the empty folder `staging`. It is renamed afterwards, so no absolute path of it may be written down. */
  build(staging: string, report: (step: string) => void, signal: AbortSignal): Promise<void>;
}

const marker = 'complete.json';

/** Where `installable` is or will be. */
export function installedFolder(installable: Installable): string {
  return join(vscodeTestDir, `${installable.family}-${installable.version}`);
}

/** True if `installable` was installed to its end. */
export async function isInstalled(installable: Installable): Promise<boolean> {
  return exists(join(installedFolder(installable), marker));
}

/**
 * Makes sure that `installable` is there. An interrupted install leaves only a staging folder, which the next install
 * removes; two processes never install at once.
 * @param report gets one line per step
 * @returns its folder
 * @throws InstallError if it cannot be installed; the signal's reason if it aborts
 */
export async function ensureInstalled(
  installable: Installable,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const folder = installedFolder(installable);
  if (await isInstalled(installable)) {
    return folder;
  }
  try {
    await mkdir(vscodeTestDir, { recursive: true });
    const waiting = (): void => report(`Another process is installing into ${vscodeTestDir}; waiting for it …`);
    const lock = await takeFolderLock(vscodeTestDir, waiting, signal);
    try {
      if (!(await isInstalled(installable))) {
        await install(installable, folder, report, signal);
      }
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : explained(error, installable);
  }
  return folder;
}

async function install(
  installable: Installable,
  folder: string,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const started = Date.now();
  await removeOthers(installable.family);
  const staging = join(vscodeTestDir, `${installable.family}-staging-${randomBytes(6).toString('hex')}`);
  await mkdir(staging);
  try {
    report(`Installing ${installable.title} into .vscode-test/ (${installable.size}, needed once) …`);
    await installable.build(staging, (step) => report(`  ${step} …`), signal);
    signal.throwIfAborted();
    const seconds = Math.round((Date.now() - started) / 1000);
    await writeFile(join(staging, marker), JSON.stringify({ installed: new Date().toISOString(), seconds }));
    await rename(staging, folder);
    report(`Installed ${installable.title} in ${seconds} s.`);
  } finally {
    await rm(staging, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function removeOthers(family: string): Promise<void> {
  for (const name of await readdir(vscodeTestDir)) {
    if (name.startsWith(`${family}-`)) {
      await rm(join(vscodeTestDir, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

function explained(error: unknown, installable: Installable): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return error;
  }
  const hint = /ENOSPC|EDQUOT/.test(error.code)
    ? 'The disk is full: free some space (about 2 GB are needed) and try again.'
    : 'Check that you may write to that folder.';
  return new InstallError(
    `${installable.title} could not be installed into ${vscodeTestDir}: ${error.message}. ${hint}`,
    {
      cause: error,
    },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return false;
    }
    throw error;
  }
}
