import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { look, makeFolder, put } from './diskPaths';
import { codeOf } from '../../errors';
import { layerFolder } from './layers';
import { type DevboxUser, type UserRequest, root as rootUser, usualUser } from '../users';

/** Where the files are that a devbox sees in `/etc` when that is no layer of its own. */
export const accountFolder = 'run/devbox/etc';

/** Users and groups below this number belong to the system. */
const firstPerson = 1_000;
const nobody = 65_534;

/** A file larger than this is no list of users. */
const largestFile = 4 * 1024 * 1024;

/** Members of this group may use sudo. */
const sudoGroup = { name: 'sudo', gid: 27 };

/** The files with their permissions; what is secret in the host's shadow files stays there. */
const files = { passwd: 0o644, group: 0o644, shadow: 0o600, gshadow: 0o600 } as const;

type FileName = keyof typeof files;
type Line = readonly string[];

/**
 * Makes a devbox know its users: the host's system users without their passwords, what the devbox made of them, and those
 * that are asked for, who may use sudo.
 * @param root the disk, seen from the host
 * @param wanted the first one is the devbox's own user; nobody where there is one user only
 * @param asFound nobody is added: the first one has the numbers that the disk knows, or those it would have
 * @returns the devbox's own user with its numbers
 */
export async function writeAccounts(
  root: string,
  wanted: readonly [UserRequest, ...DevboxUser[]] | readonly [],
  asFound = false,
): Promise<DevboxUser> {
  const layer = `${layerFolder}/etc/upper`;
  const read = (name: FileName): Promise<Line[]> => readLines(root, layer, name);
  const [passwd, group, shadow, gshadow] = await Promise.all([
    read('passwd'),
    read('group'),
    read('shadow'),
    read('gshadow'),
  ]);
  const [own, ...others] = wanted;
  addGroup(group, sudoGroup.name, sudoGroup.gid);
  let user: DevboxUser = rootUser;
  if (own !== undefined) {
    user = asFound ? foundUser(passwd, own) : addUser(passwd, group, own, 'first');
  }
  if (!asFound) {
    others.forEach((other) => addUser(passwd, group, other, 'last'));
  }
  await makeFolder(root, accountFolder, 'replace');
  const folders = (await look(join(root, layer)))?.isDirectory() === true ? [accountFolder, layer] : [accountFolder];
  const all = Object.entries({ passwd, group, shadow, gshadow }) as [FileName, Line[]][];
  await Promise.all(
    all.flatMap(([name, lines]) => {
      const text = lines.map((line) => `${line.join(':')}\n`).join('');
      return folders.map((folder) => put(join(root, folder, name), text, files[name]));
    }),
  );
  return user;
}

/** The devbox's own file, or the host's without its people and their passwords. Nothing is read through a link. */
async function readLines(root: string, layer: string, name: FileName): Promise<Line[]> {
  const own = join(root, layer, name);
  const found = await look(own);
  if (found?.isFile() === true && found.size <= largestFile) {
    return linesOf(await readFile(own, 'utf8'));
  }
  let text: string;
  try {
    text = await readFile(join('/etc', name), 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EACCES') {
      throw error;
    }
    text = '';
  }
  const lines = linesOf(text).filter((line) => line.length > 2 && /^[a-z_]/i.test(line[0] ?? ''));
  if (name === 'shadow' || name === 'gshadow') {
    return lines.map(([user = '', , ...rest]) => [user, '*', ...(name === 'gshadow' ? ['', ''] : rest)]);
  }
  const system = lines.filter(([, , number]) => Number(number) < firstPerson || Number(number) >= nobody);
  return name === 'group' ? system.map(([group = '', password = '', gid = '']) => [group, password, gid, '']) : system;
}

function foundUser(passwd: readonly Line[], { name, uid }: UserRequest): DevboxUser {
  const [, , number, primary] = passwd.find(([other]) => other === name) ?? [];
  const expected = uid ?? usualUser.uid ?? 0;
  return { name, uid: Number(number ?? expected), gid: Number(primary ?? expected) };
}

/** @param place among those of the same number: the first one is the one that is meant by it */
function addUser(
  passwd: Line[],
  group: Line[],
  { name, uid, gid }: UserRequest & { readonly gid?: number },
  place: 'first' | 'last',
): DevboxUser {
  const at = passwd.findIndex(([other]) => other === name);
  const known = passwd[at];
  if (name === 'root' || uid === 0) {
    return { name, uid: 0, gid: 0 };
  }
  const number = uid ?? (known === undefined ? (usualUser.uid ?? 0) : Number(known[2]));
  let primary = gid ?? number;
  if (known !== undefined) {
    primary = Number(known[3]);
    passwd[at] = [name, known[1] ?? '*', String(number), ...known.slice(3)];
  } else {
    addGroup(group, name, primary);
    const same = place === 'last' ? -1 : passwd.findIndex(([, , other]) => other === String(number));
    passwd.splice(same < 0 ? passwd.length : same, 0, [
      name,
      '*',
      String(number),
      String(primary),
      '',
      `/home/${name}`,
      '/bin/bash',
    ]);
  }
  const sudoers = group.findIndex(([other]) => other === sudoGroup.name);
  const [title = '', password = '', number2 = '', members = ''] = group[sudoers] ?? [];
  if (!members.split(',').includes(name)) {
    group[sudoers] = [
      title,
      password,
      number2,
      [...members.split(',').filter((member) => member !== ''), name].join(','),
    ];
  }
  return { name, uid: number, gid: primary };
}

function addGroup(group: Line[], name: string, gid: number): void {
  if (!group.some(([other, , number]) => other === name || (number === String(gid) && name !== sudoGroup.name))) {
    group.push([name, 'x', String(gid), '']);
  }
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}
