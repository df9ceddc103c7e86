import { chmod, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Blueprint } from './blueprints';
import { clearFile, makeFolder } from './diskPaths';
import { codeOf } from './errors';
import type { DevboxTools } from './hostTools';
import { loginFile } from './hostTools';
import { prepareLayers } from './layers';
import { loginScript, mapShim, micromambaShim, poetryShim, pythonShim, sudoShim } from './shims';

/** Folders every devbox has, besides the host's system folders; what it has made of them stays. */
const folders = ['workspace', 'home/user', 'root', 'run/lock', 'srv', 'mnt', 'media', 'var/cache', 'var/lib', 'var/log'];

/** Folders anybody may write to. */
const openFolders = ['tmp', 'var/tmp'];

/** Where the sandbox mounts the host's folders and its own. A link there would lead the mount out of the disk. */
const mountPoints = ['usr', 'etc', 'opt', 'sys', 'nix', 'gnu', 'proc', 'dev', 'var/lib/ca-certificates', 'run/devbox/bin'];

/** Links the sandbox makes anew at each start. */
const systemLinks = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/**
 * Fills a devbox's folder before a start: the folders of a small Linux, `sudo`, and what the blueprint provides. On a
 * disk that was used before, nothing is written through a link that a program in the devbox may have left.
 * @param root the devbox's folder on the host
 * @param prefix what stands in front of devbox paths inside (empty with a file system view)
 * @param systemFiles host files that the sandbox shows under the same path
 */
export async function furnish(root: string, prefix: string, blueprint: Blueprint | undefined, tools: DevboxTools, systemFiles: readonly string[] = []): Promise<void> {
  await rm(join(root, 'run/devbox'), { recursive: true, force: true });
  for (const name of systemLinks) {
    await clearFile(root, name, 'links');
  }
  for (const path of mountPoints) {
    await makeFolder(root, path, 'replace');
  }
  if (prefix === '') {
    await prepareLayers(root);
  }
  for (const path of systemFiles) {
    await clearFile(root, path);
  }
  for (const folder of folders) {
    await makeFolder(root, folder, 'keep');
  }
  for (const folder of openFolders) {
    if (await makeFolder(root, folder, 'keep')) {
      await chmod(join(root, folder), 0o1777);
    }
  }
  await program(root, 'run/devbox/bin/sudo', sudoShim);
  await program(root, loginFile.slice(1), loginScript);
  await program(root, 'run/devbox/bin/newuidmap', mapShim('uid_map'));
  await program(root, 'run/devbox/bin/newgidmap', mapShim('gid_map'));
  if (blueprint?.openhands === true) {
    for (const folder of ['openhands/code', 'openhands/poetry']) {
      await makeFolder(root, folder, 'keep');
    }
    await program(root, 'openhands/micromamba/bin/micromamba', micromambaShim(prefix));
    const environment = 'openhands/micromamba/envs/openhands/bin';
    await program(root, `${environment}/poetry`, poetryShim);
    for (const name of ['python', 'python3']) {
      await program(root, `${environment}/${name}`, pythonShim(prefix, tools));
    }
  }
}

/** Host files outside the system folders that the sandbox shows under their own path: the resolver's, if it is a link. */
export async function systemFiles(): Promise<readonly string[]> {
  try {
    const resolver = await realpath('/etc/resolv.conf');
    return /^\/(?:etc|usr)\//.test(resolver) ? [] : [resolver];
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

async function program(root: string, path: string, text: string): Promise<void> {
  await clearFile(root, path);
  const file = join(root, path);
  await writeFile(file, text, { flag: 'wx' });
  await chmod(file, 0o755);
}
