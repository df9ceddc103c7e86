import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lchown, lstat, mkdir, readdir, readlink, realpath, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeAccounts } from './accountFiles';
import { clearFile, look, makeFolder } from './diskPaths';
import { codeOf } from '../../errors';
import { removeFolder } from '../../host/removeFolder';
import { requireProgram } from '../../host/hostPrograms';
import { type DevboxTools, loginFile } from '../devboxTools';
import { languageShims, profileScript } from './languageShims';
import { hasOwnOpt, layerFolder, prepareLayers } from './layers';
import { writeNames } from './ownNames';
import { loginScript, mapShim, micromambaShim, poetryShim, pythonShim, sudoShim, suShim } from './shims';
import { type DevboxUser, type UserRequest, homeOf, openhandsUser, root as rootUser } from '../users';

/** Folders every devbox has, besides the host's system folders; what it has made of them stays. */
const folders = ['root', 'run/lock', 'srv', 'mnt', 'media', 'var/cache', 'var/lib', 'var/log'];

/** Folders of devboxes that no other Linux has: what is built as another image finds none of them in its way. */
const ownFolders = ['workspace', 'home/user'];

/** Folders anybody may write to. */
const openFolders = ['tmp', 'var/tmp'];

/** Where the sandbox mounts the host's folders and its own. A link there would lead the mount out of the disk. */
const mountPoints = [
  'usr',
  'etc',
  'opt',
  'sys',
  'nix',
  'gnu',
  'proc',
  'dev',
  'var/lib/ca-certificates',
  'run/devbox/bin',
  'run/devbox/rights',
];

/** Folders of the platform's in which processes of the devbox's user leave things. */
const userFolders = ['run/devbox/commands', 'run/devbox/shells', 'run/devbox/terminals'];

/** System folders that are links on most computers, into /usr: made anew at each start as they are on this one. */
const systemLinks = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** What a system's /dev has beside the devices; the sandbox copies them from `run/devbox/dev`. */
const deviceLinks: readonly (readonly [string, string])[] = [
  ['ptmx', 'pts/ptmx'],
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
];

/** What a devbox's folder is filled with. */
export interface Furnishing {
  /** Whose disk it is: names it to itself. */
  readonly id: string;
  /** What stands in front of devbox paths inside (empty with a file system view). */
  readonly prefix: string;
  /** The user that its commands are to run as; undefined where there is one user only. */
  readonly user: UserRequest | undefined;
  readonly blueprint: { readonly openhands: boolean } | undefined;
  readonly tools: DevboxTools;
  /** No user and no folder of devboxes is made, as an image of a Dockerfile has none: what is there already stays. */
  readonly asFound?: boolean;
  /** Host files that the sandbox shows under the same path. */
  readonly systemFiles?: readonly string[];
}

/**
 * Fills a devbox's folder before a start: the folders of a small Linux, its users, `sudo`, and what the blueprint provides.
 * On a disk that was used before, nothing is written through a link that a program in the devbox may have left.
 * @param root the devbox's folder on the host
 * @returns the user that its commands run as
 */
export async function prepareRootfs(
  root: string,
  { id, prefix, user, blueprint, tools, asFound = false, systemFiles = [] }: Furnishing,
): Promise<DevboxUser> {
  const shims = languageShims();
  await makeFolder(root, 'run', 'replace');
  await removeFolder(join(root, 'run/devbox'));
  await mkdir(join(root, 'root'), { mode: 0o700 }).catch(passExisting);
  for (const name of systemLinks) {
    await clearFile(root, name, 'links');
  }
  const isPrepared = existsSync(join(root, layerFolder));
  for (const path of mountPoints) {
    // What the devbox has made of its own one stays.
    if (path === 'opt' && prefix === '' && isPrepared && hasOwnOpt(root)) continue;
    await makeFolder(root, path, 'replace');
  }
  if (prefix === '') {
    await prepareLayers(root);
    // Login shells have a search path of the computer's own.
    await makeFolder(root, `${layerFolder}/usr/upper/local/bin`, 'keep');
    // Where there is sudo, as there is here, others are let in by files in this folder.
    await makeFolder(root, `${layerFolder}/etc/upper/sudoers.d`, 'keep');
    // What an image has under such a name it makes itself, and what this computer has there stays.
    const linked = asFound ? [] : Object.keys(shims).filter((name) => !existsSync(`/usr/local/bin/${name}`));
    for (const name of ['sudo', 'su', ...linked]) {
      await symlink(`/run/devbox/bin/${name}`, join(root, layerFolder, 'usr/upper/local/bin', name)).catch(
        passExisting,
      );
    }
    await prepareLinks(root);
    await makeFolder(root, 'run/devbox/layers', 'replace');
  }
  for (const path of systemFiles) {
    await clearFile(root, path);
  }
  for (const folder of asFound ? ['home', ...folders] : [...ownFolders, ...folders]) {
    await makeFolder(root, folder, 'keep');
  }
  for (const folder of openFolders) {
    if (await makeFolder(root, folder, 'keep')) {
      await chmod(join(root, folder), 0o1777);
    }
  }
  for (const folder of userFolders) {
    await makeFolder(root, folder, 'replace');
  }
  await program(root, 'run/devbox/bin/sudo', sudoShim);
  await program(root, 'run/devbox/bin/su', suShim);
  for (const [name, text] of Object.entries(shims)) {
    await program(root, `run/devbox/bin/${name}`, text);
  }
  await program(root, loginFile.slice(1), loginScript);
  await program(root, 'run/devbox/profile', profileScript);
  await program(root, 'run/devbox/bin/newuidmap', mapShim('uid_map'));
  await program(root, 'run/devbox/bin/newgidmap', mapShim('gid_map'));
  if (blueprint?.openhands === true) {
    await prepareOpenhands(root, prefix, tools);
  }
  const owner = await (user === undefined
    ? createRootUser(root, prefix)
    : createUsers(root, user, { blueprint, asFound }));
  if (prefix === '') {
    await writeNames(root, id);
  }
  return owner;
}

/** The links of the devbox's file system view. They are made here, where each is not a program to be run. */
async function prepareLinks(root: string): Promise<void> {
  for (const name of systemLinks) {
    if ((await look(`/${name}`))?.isSymbolicLink() !== true) {
      continue;
    }
    if ((await look(join(root, name)))?.isDirectory() === true) {
      // What loads every program would be in it, and in the last steps of a start be run with more rights than the devbox
      // has. The folder is the devbox's own all the same, and stays beside.
      const aside = `${name}.replaced`;
      await removeFolder(join(root, aside));
      await rename(join(root, name), join(root, aside));
    }
    await clearFile(root, name);
    await symlink(await readlink(`/${name}`), join(root, name));
  }
  await makeFolder(root, 'run/devbox/dev', 'replace');
  for (const [name, target] of deviceLinks) {
    await symlink(target, join(root, 'run/devbox/dev', name));
  }
}

/** Where there is one user only, a devbox knows nobody of this computer's all the same. */
async function createRootUser(root: string, prefix: string): Promise<DevboxUser> {
  return prefix === '' ? writeAccounts(root, []) : rootUser;
}

/** Gives users their places. */
async function createUsers(
  root: string,
  wanted: UserRequest,
  { blueprint, asFound }: Pick<Furnishing, 'blueprint'> & { readonly asFound: boolean },
): Promise<DevboxUser> {
  const more = blueprint?.openhands === true ? [openhandsUser] : [];
  const user = await writeAccounts(root, [wanted, ...more], asFound);
  // Whatever the platform's own umask is, everybody may look around.
  await chmod(root, 0o755);
  const own = asFound ? [] : [homeOf(user), ...more.map((other) => homeOf(other))];
  for (const [at, home] of own.entries()) {
    if (await makeFolder(root, home, 'keep')) {
      await chownTree(root, home, [user, ...more][at] ?? user);
    }
  }
  // Once it belongs to somebody, it is what the devbox has made of it.
  if (!asFound && (await lstat(join(root, 'workspace'))).uid === 0) {
    await chownTree(root, 'workspace', user);
  }
  for (const folder of userFolders) {
    await lchown(join(root, folder), user.uid, user.gid);
    await chmod(join(root, folder), 0o700);
  }
  return user;
}

/** Makes a folder a user's, with all in it that belongs to whom the folder belonged. */
async function chownTree(root: string, path: string, user: DevboxUser): Promise<void> {
  const folder = join(root, path);
  const found = await lstat(folder);
  const { uid } = found;
  if (uid !== user.uid && found.isDirectory() && (await readdir(folder)).length === 0) {
    await lchown(folder, user.uid, user.gid);
  } else if (uid !== user.uid) {
    // Links are not followed.
    await promisify(execFile)(requireProgram('chown'), [
      '-hR',
      `--from=${uid}`,
      `${user.uid}:${user.gid}`,
      '--',
      folder,
    ]);
  }
}

async function prepareOpenhands(root: string, prefix: string, tools: DevboxTools): Promise<void> {
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

function passExisting(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') {
    throw error;
  }
}
