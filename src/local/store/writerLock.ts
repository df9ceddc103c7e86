import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, DevboxError } from '../errors';
import { fingerprint } from '../host/processFingerprint';

/**
 * Makes this process the only one that writes to a data folder. The lock names its owner by number and start time, so
 * that one left by a killed platform is recognised and taken over.
 * @returns gives the lock back
 * @throws DevboxError `failed` when another platform that still runs has it
 */
export function takeWriterLock(dataDir: string): () => void {
  const lock = join(dataDir, 'writer.lock');
  const own = fingerprint(process.pid) ?? String(process.pid);
  const mine = join(dataDir, `writer.${process.pid}`);
  writeFileSync(mine, own, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if (tryLink(mine, lock)) {
        return () => rmSync(lock, { force: true });
      }
      const owner = ownerOf(lock);
      const pid = Number(owner?.split(' ')[0]);
      if (owner !== undefined && fingerprint(pid) === owner) {
        throw new DevboxError(
          'failed',
          `The data folder ${dataDir} is in use by another local platform (process ${pid}). End that one, or give another folder with --data-dir.`,
        );
      }
      setAside(lock, `${mine}.old`);
    }
    throw new DevboxError('failed', `The data folder ${dataDir} could not be locked. Start the platform again.`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A link is made whole or not at all, unlike a file that is created and then filled. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function ownerOf(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function setAside(lock: string, aside: string): void {
  try {
    renameSync(lock, aside);
    rmSync(aside);
  } catch (error) {
    // Another starting platform was quicker.
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
}
