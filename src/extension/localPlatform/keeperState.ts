import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asNumber, asObject, asString, parseJson } from '../../core/parse';

/*
 * What the windows and the keeper of the local platform tell each other, as small files in the extension's storage.
 * No secret is in them.
 */

/** The local platform that runs now. */
export interface RunningPlatform {
  /** Process id of its keeper. */
  readonly pid: number;
  /** When the keeper was started, as the system tells it: tells a reused process id from the keeper. */
  readonly started: string;
  readonly baseUrl: string;
  /** Under which name its key lies in the editor's secret storage; the name is no secret. */
  readonly keyName: string;
}

/** Milliseconds that writing a mark may take. */
const markLimitMs = 2_000;

/** The line that the keeper prints once the platform is ready. */
export const readyWord = 'ready';

const runningFile = (folder: string): string => join(folder, 'running.json');
const startingFile = (folder: string): string => join(folder, 'starting.json');
const windowsFolder = (folder: string): string => join(folder, 'windows');

/** File that receives what the platform says on stderr. */
export function platformLogFile(folder: string): string {
  return join(folder, 'platform.log');
}

/** When a process was started, in the system's own words; undefined if there is no such process. */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in parentheses, may contain blanks; behind it the state is field 3, the start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}

/** The platform that runs now; undefined if none does, also when its keeper was killed. */
export async function readRunning(folder: string): Promise<RunningPlatform | undefined> {
  let text: string;
  try {
    text = await readFile(runningFile(folder), 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const value = asObject(parseJson(text));
  const pid = asNumber(value?.['pid']);
  const started = asString(value?.['started']);
  const baseUrl = asString(value?.['baseUrl']);
  const keyName = asString(value?.['keyName']);
  if (pid === undefined || started === undefined || baseUrl === undefined || keyName === undefined) return undefined;
  return (await processStart(pid)) === started ? { pid, started, baseUrl, keyName } : undefined;
}

/** Tells all windows which platform runs. */
export async function writeRunning(folder: string, running: RunningPlatform): Promise<void> {
  // Renamed into place: a window never reads half of it.
  const file = `${runningFile(folder)}.${running.pid}`;
  await writeFile(file, JSON.stringify(running), { mode: 0o600 });
  await rename(file, runningFile(folder));
}

/** Tells all windows that no platform runs any more, unless it is another one by now. */
export async function removeRunning(folder: string, pid: number): Promise<void> {
  const running = await readRunning(folder);
  if (running === undefined || running.pid === pid) await rm(runningFile(folder), { force: true });
}

/**
 * Makes this window the one that starts a platform, until it says otherwise or its process ends.
 *
 * @returns false if another window is about to start one
 */
export async function claimStart(folder: string, pid: number): Promise<boolean> {
  const file = startingFile(folder);
  try {
    // Only one of several can make it.
    await writeFile(file, JSON.stringify({ pid, started: await processStart(pid) }), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  const holder = asObject(parseJson((await readIfThere(file)) ?? ''));
  const started = asString(holder?.['started']);
  if ((await processStart(asNumber(holder?.['pid']) ?? 0)) !== started || started === undefined) {
    await releaseLeftStart(file);
  }
  return false;
}

/** Removes the mark of a window that is gone, but not one that is just being written. */
async function releaseLeftStart(file: string): Promise<void> {
  try {
    if (Date.now() - (await stat(file)).mtimeMs > markLimitMs) await rm(file, { force: true });
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

/** Lets other windows start a platform again. */
export async function releaseStart(folder: string): Promise<void> {
  await rm(startingFile(folder), { force: true });
}

/**
 * Notes under which name the key of the platform that is being started lies in the editor's secret storage.
 *
 * @returns the name of the platform before, whose key is of no use any more
 */
export async function exchangeKeyName(folder: string, keyName: string): Promise<string | undefined> {
  const file = join(folder, 'keyName');
  const earlier = await readIfThere(file);
  await writeFile(file, keyName, { mode: 0o600 });
  return earlier;
}

/** Notes that the window whose extension host this is uses the platform, for as long as the process lives. */
export async function joinWindow(folder: string, pid: number): Promise<void> {
  await mkdir(windowsFolder(folder), { recursive: true, mode: 0o700 });
  await writeFile(join(windowsFolder(folder), String(pid)), (await processStart(pid)) ?? '', { mode: 0o600 });
}

/** Notes that the window does not use the platform any more. */
export async function leaveWindow(folder: string, pid: number): Promise<void> {
  await rm(join(windowsFolder(folder), String(pid)), { force: true });
}

/** How many windows use the platform; forgets those that are gone. */
export async function countWindows(folder: string): Promise<number> {
  let names: string[];
  try {
    names = await readdir(windowsFolder(folder));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  }
  const alive = await Promise.all(
    names.map(async (name) => {
      const file = join(windowsFolder(folder), name);
      const started = await processStart(Number(name));
      if (started !== undefined && (await readIfThere(file)) === started) return true;
      await rm(file, { force: true });
      return false;
    }),
  );
  return alive.filter(Boolean).length;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
