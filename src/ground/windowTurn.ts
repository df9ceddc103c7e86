import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for which a turn is waited for, and after which one is over whose process has gone meanwhile. */
const mostMs = 5_000;
const againMs = 20;

/**
 * Does something that begins with a look at what all windows share, and ends with a change of it, while no other window does.
 * Where that cannot be had, it is done all the same.
 *
 * @param file that stands for the turn; none else uses it
 */
export async function inWindowTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  const isMine = await takeTurn(file);
  try {
    return await work();
  } finally {
    if (isMine) await rm(file, { force: true });
  }
}

async function takeTurn(file: string): Promise<boolean> {
  for (const end = Date.now() + mostMs; Date.now() < end;) {
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, '', { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return false;
    }
    if (await isOver(file)) await rm(file, { force: true });
    else await sleep(againMs);
  }
  return false;
}

/** Whoever has made it has ended without removing it. */
async function isOver(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs > mostMs;
  } catch {
    return false; // It was removed just now.
  }
}
