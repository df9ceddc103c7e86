import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nestedScript, shellScript } from './shellScript';
import type { ShellOptions } from './spawnBash';

/** Only the shell's user can get into the folder. */
export const folderFileMode = 0o644;

/**
 * Writes what a bash is started with.
 *
 * @param folder the shell's own
 * @param nonce marks the shell's reports
 */
export async function writeShellFiles(folder: string, nonce: string, options: ShellOptions): Promise<void> {
  const parts = {
    nonce,
    commandFile: join(folder, 'command'),
    nestedFile: join(folder, 'nested'),
    jobsFile: join(folder, 'jobs'),
    isTerminal: options.program.script !== undefined,
    user: options.user.name,
  };
  await writeFile(join(folder, 'start'), shellScript(parts), { mode: folderFileMode });
  await writeFile(parts.nestedFile, nestedScript(parts), { mode: folderFileMode });
}
