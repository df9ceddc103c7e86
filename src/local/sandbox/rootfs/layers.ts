import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './diskPaths';
import { removeFolder } from '../../host/removeFolder';

/**
 * Folder of the disk that holds what a devbox has changed in the host's system folders. It is part of the disk, so
 * snapshots and blueprints have it, and covered while the devbox runs.
 */
export const layerFolder = '.layers';

/** The host folders that a devbox may change for itself, each with a plain name. */
const layered: readonly (readonly [string, string])[] = [
  ['usr', 'usr'],
  ['etc', 'etc'],
  ['opt', 'opt'],
  ['var/lib/dpkg', 'dpkg'],
];

/** Folders the package manager expects and does not make itself. */
const packageFolders = ['var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'var/log/apt'];

/**
 * Makes room on a disk for what will be changed in system folders; what was changed before stays.
 * @param root the disk, seen from the host
 */
export async function prepareLayers(root: string): Promise<void> {
  for (const [path, name] of layered) {
    if (!existsSync(join('/', path)) || (path === 'opt' && hasOwnOpt(root))) {
      continue;
    }
    await makeFolder(root, path, 'replace');
    await makeFolder(root, `${layerFolder}/${name}/upper`, 'replace');
    // The kernel's own workshop; what a killed devbox has left in it is of no use.
    const work = join(root, layerFolder, name, 'work');
    await removeFolder(work);
    await mkdir(work);
  }
  if (existsSync('/var/lib/dpkg')) {
    for (const folder of packageFolders) {
      await makeFolder(root, folder, 'keep');
    }
  }
}

/**
 * Whether a disk has an /opt of its own, which can be removed and moved too, as one that lies on a mount cannot: where there
 * is nothing to show in the host's, and as long as something is in it.
 * @param root the disk, seen from the host
 * @param host the host's folder
 */
export function hasOwnOpt(root: string, host = '/opt'): boolean {
  return !existsSync(join(root, layerFolder, 'opt')) && (!hasSomething(host) || hasSomething(join(root, 'opt')));
}

function hasSomething(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (!found.isDirectory() || readdirSync(path).length > 0);
}

/** The folders that can be emptied, but neither removed nor moved, as something is mounted there, among the words of a command. */
export function mountedFoldersIn(command: string): readonly string[] {
  return layered
    .map(([path]) => `/${path}`)
    .filter((path) => new RegExp(`(?:^|[\\s'"])${path}/?(?:[\\s'";&|)]|$)`).test(command));
}

/** Words for the sandbox's script: `path:name` pairs of the folders that become layers. */
export function layerWords(): string {
  return layered.map(([path, name]) => `${path}:${name}`).join(' ');
}
