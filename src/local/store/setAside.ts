import { accessSync, constants, lstatSync, mkdirSync, renameSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { DevboxError } from '../errors';

/** What belongs into a data folder, and what each thing is. */
const layout: Readonly<Record<string, 'folder' | 'file'>> = {
  'writer.lock': 'file',
  'platform.db': 'file',
  'platform.db-wal': 'file',
  'secrets.key': 'file',
  'tls.crt': 'file',
  'tls.key': 'file',
  ssh_host_key: 'file',
  reserve: 'file',
  devboxes: 'folder',
  logs: 'folder',
  snapshots: 'folder',
  blueprints: 'folder',
  builds: 'folder',
  objects: 'folder',
  net: 'folder',
  programs: 'folder',
  mask: 'folder',
  trash: 'folder',
};

/** What the database knows of: without it nobody could say what these are. */
const withDatabase = ['platform.db', 'platform.db-wal', 'devboxes', 'logs', 'snapshots', 'blueprints', 'objects'];

/**
 * Puts things of a data folder aside that cannot be used, into a folder of that data folder where nobody changes them.
 * @returns that folder; undefined when none of them was there
 */
export function setAside(dataDir: string, names: readonly string[]): string | undefined {
  const there = names.filter((name) => look(join(dataDir, name)) !== undefined);
  if (there.length === 0) {
    return undefined;
  }
  let aside = '';
  for (let attempt = 1; aside === ''; attempt += 1) {
    const name = join(dataDir, `damaged-${new Date().toISOString().slice(0, 10)}-${attempt}`);
    if (look(name) === undefined) {
      aside = name;
    }
  }
  mkdirSync(aside, { mode: 0o700 });
  for (const name of there) {
    renameSync(join(dataDir, name), join(aside, name));
  }
  return aside;
}

/** Puts the database aside with everything that only it knows what to do with. */
export function setDatabaseAside(dataDir: string, why: string, logLine: (line: string) => void): void {
  const aside = setAside(dataDir, withDatabase);
  logLine(
    `The database of the data folder is damaged (${why}). It was set aside as ${aside ?? dataDir}, with the disks and logs that belong to it, and the platform starts without any: devboxes, snapshots, blueprints, objects, network policies and secrets of before are not known any more.`,
  );
}

/** Puts aside what is of another kind than it must be: a folder in the place of a file, a link, and the like. */
export function setOddThingsAside(dataDir: string, logLine: (line: string) => void): void {
  const odd = Object.entries(layout).flatMap(([name, kind]) => {
    const found = look(join(dataDir, name));
    const fits = found === undefined || (kind === 'folder' ? found.isDirectory() : found.isFile());
    return fits ? [] : [name];
  });
  if (odd.length > 0) {
    const aside = setAside(dataDir, odd);
    logLine(
      `In the data folder ${odd.join(', ')} cannot be what it is. It was set aside in ${aside ?? dataDir}; what it held is lost to this platform.`,
    );
  }
}

/**
 * What belongs to another user, as after a start with sudo, is not damaged: whoever may can give it back.
 * @throws DevboxError `failed` that names it
 */
export function refuseForeignThings(dataDir: string): void {
  const foreign = Object.entries(layout).flatMap(([name, kind]) => {
    const path = join(dataDir, name);
    return look(path) === undefined || isUsable(path, kind) ? [] : [name];
  });
  if (foreign.length > 0) {
    throw new DevboxError(
      'failed',
      `In the data folder ${dataDir} ${foreign.join(', ')} cannot be used by this user, as after a start with sudo. Give the folder back to it (sudo chown -R "$USER" and the folder), or give another one with --data-dir.`,
    );
  }
}

function isUsable(path: string, kind: 'folder' | 'file'): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | (kind === 'folder' ? constants.X_OK : 0));
    return true;
  } catch {
    return false;
  }
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
