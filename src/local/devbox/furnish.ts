import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Blueprint } from './blueprints';
import type { DevboxTools } from './hostTools';
import { micromambaShim, poetryShim, pythonShim, sudoShim } from './shims';

/** Folders every devbox has, besides the host's system folders. */
const folders = ['workspace', 'home/user', 'root', 'run/lock', 'srv', 'mnt', 'media', 'var/cache', 'var/lib', 'var/log', 'run/devbox/bin'];

/** Folders anybody may write to. */
const openFolders = ['tmp', 'var/tmp'];

/**
 * Fills a new devbox's folder: the folders of a small Linux, `sudo`, and what the blueprint provides.
 * @param root the devbox's folder on the host
 * @param prefix what stands in front of devbox paths inside (empty with a file system view)
 */
export async function furnish(root: string, prefix: string, blueprint: Blueprint | undefined, tools: DevboxTools): Promise<void> {
  for (const folder of [...folders, ...openFolders]) {
    await mkdir(join(root, folder), { recursive: true, mode: 0o755 });
  }
  for (const folder of openFolders) {
    await chmod(join(root, folder), 0o1777);
  }
  await program(join(root, 'run/devbox/bin/sudo'), sudoShim);
  if (blueprint?.openhands === true) {
    await mkdir(join(root, 'openhands/code'), { recursive: true });
    await mkdir(join(root, 'openhands/poetry'), { recursive: true });
    const micromamba = join(root, 'openhands/micromamba');
    await program(join(micromamba, 'bin/micromamba'), micromambaShim(prefix));
    await program(join(micromamba, 'envs/openhands/bin/poetry'), poetryShim);
    for (const name of ['python', 'python3']) {
      await program(join(micromamba, 'envs/openhands/bin', name), pythonShim(prefix, tools));
    }
  }
}

async function program(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
}
