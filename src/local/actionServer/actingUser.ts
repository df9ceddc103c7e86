import { execFile } from 'node:child_process';
import { chown, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { programOn } from '../../ground/programOn';
import type { Logger } from './logging';

const run = promisify(execFile);

/** The user that commands, cells and the editor run as, and whose the files are that actions make. */
export interface ActingUser {
  /** Its name where it is another one than the server's. */
  readonly name: string | undefined;
  /** Words in front of a program that make it this user's. */
  readonly words: readonly string[];
  /** Variables that are the user's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes a file or folder the user's. */
  chown(path: string): Promise<void>;
}

/** The server's own user: nothing changes hands. */
export const serverUser: ActingUser = { name: undefined, words: [], environment: {}, chown: () => Promise.resolve() };

/** A program with its arguments, as the user runs it. */
export function commandOf(
  { words }: ActingUser,
  program: string,
  args: readonly string[],
): { file: string; args: readonly string[] } {
  const [file, ...before] = words;
  return file === undefined ? { file: program, args } : { file, args: [...before, program, ...args] };
}

/** What the user is found by. */
export interface UserOptions {
  readonly username: string;
  readonly userId: number;
  /** The devbox has several users, and the server may act for them. */
  readonly several: boolean;
  /** The server's own user by name. */
  readonly serverUser: string | undefined;
  /** False: commands stay the server's own user's. */
  readonly suToUser: boolean;
  /** A further name, besides root and openhands, that commands may run as. */
  readonly furtherName: string | undefined;
  /** Group that owns the working folder. */
  readonly group: string;
  readonly workingDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Logger;
}

/**
 * Sets up the user and the working folder as OpenHands does: makes the user if it is not there, and gives it the folder.
 * Where there is one user only, everything stays that one's.
 */
export async function settleUser(options: UserOptions): Promise<ActingUser> {
  const { username, userId, several, log } = options;
  const isKnown = ['root', 'openhands', options.furtherName].includes(username);
  const uid = process.getuid?.() ?? -1;
  if (!several || uid !== 0 || (username === options.serverUser && !['root', 'openhands'].includes(username))) {
    if (uid !== userId && !(uid === 0 && username === 'root')) {
      log.info(`Commands run as the server's own user (uid ${uid}), not as ${username}: there is no other user here.`);
    }
    return serverUser;
  }
  let user = await lookUp(username);
  if (user === undefined) {
    try {
      // The number may be the one of the devbox's own user, which then goes by two names.
      await run(
        'useradd',
        [
          '-rmo',
          '-d',
          `/home/${username}`,
          '-s',
          '/bin/bash',
          '-g',
          'root',
          '-G',
          'sudo',
          '-u',
          String(userId),
          username,
        ],
        { env: options.environment },
      );
      user = await lookUp(username);
    } catch (error) {
      log.warn(`The user ${username} could not be made (${reason(error)}), so commands run as root.`);
    }
  }
  if (user === undefined) return serverUser;
  if (user.uid !== userId) log.warn(`The user ${username} is there with the number ${user.uid}, not ${userId}.`);
  try {
    await run('chown', ['-R', `${user.uid}:${options.group}`, '--', options.workingDir], { env: options.environment });
    await run('chmod', ['g+rw', '--', options.workingDir], { env: options.environment });
  } catch (error) {
    log.warn(`The working folder could not be given to ${username}: ${reason(error)}`);
  }
  if (user.uid === 0) return serverUser;
  const { uid: owner, gid, home } = user;
  const chownToUser = (path: string): Promise<void> => chown(path, owner, owner);
  const setpriv = programOn('setpriv', options.environment['PATH'] ?? '');
  if (!options.suToUser || !isKnown || setpriv === undefined) return { ...serverUser, chown: chownToUser };
  return {
    name: username,
    words: [
      setpriv,
      '--reuid',
      String(owner),
      '--regid',
      String(gid),
      '--groups',
      [gid, ...(await groupsOf(username))].join(','),
      '--',
    ],
    environment: { HOME: home, USER: username, LOGNAME: username },
    chown: chownToUser,
  };
}

async function lookUp(username: string): Promise<{ uid: number; gid: number; home: string } | undefined> {
  const fields = (await lines('/etc/passwd')).find(([name]) => name === username);
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]), home: fields[5] ?? '/' };
}

async function groupsOf(username: string): Promise<readonly number[]> {
  return (await lines('/etc/group'))
    .filter(([, , , members = '']) => members.split(',').includes(username))
    .map(([, , gid]) => Number(gid));
}

async function lines(file: string): Promise<readonly (readonly string[])[]> {
  return (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));
}

function reason(error: unknown): string {
  const said =
    error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said === '' ? (error instanceof Error ? error.message : String(error)) : said;
}
