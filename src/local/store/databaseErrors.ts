import { statfsSync } from 'node:fs';
import { DevboxError, messageOf } from '../errors';
import { shortageOf } from '../host/shortage';

/** Free bytes below which a failing write is taken for one that found no room. */
const nothing = 2 ** 20;

/** A database's error as it is told: SQLite says it in words of its own, without a code, and not always in these. */
export function databaseError(error: unknown, dataDir: string): unknown {
  const said = messageOf(error);
  const isFull =
    /database or disk is full/i.test(said) || (/disk I\/O error/i.test(said) && freeBytes(dataDir) < nothing);
  const shortage = isFull ? shortageOf({ code: 'ENOSPC' }) : shortageOf(error);
  return shortage === undefined || error instanceof DevboxError
    ? error
    : new DevboxError(shortage.kind, shortage.sentence, { cause: error });
}

/** Does one write, and tells what prevents it. */
export function written<T>(dataDir: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw databaseError(error, dataDir);
  }
}

/** Bytes that are free on a folder's disk. */
export function freeBytes(folder: string): number {
  const disk = statfsSync(folder);
  return disk.bavail * disk.bsize;
}

/** Says that a database is not what a platform has written. */
export class DatabaseDamage extends Error {}

/** True for what SQLite says of a file that is not, or not any more, one of its own. */
export function isDamage(error: unknown): boolean {
  return (
    error instanceof DatabaseDamage ||
    /malformed|not a database|disk I\/O error|unsupported file format|unable to open database|corrupt/i.test(
      messageOf(error),
    )
  );
}
