import { createHash } from 'node:crypto';
import { hostname, uptime } from 'node:os';

/** The process that looks after a note: which one, of which computer, since which start of that computer. */
export interface NoteOwner {
  /** A short hash of the computer's name, which may hold anything. */
  readonly host: string;
  readonly pid: number;
  /** Minutes of Unix time at which the computer started: process ids begin anew with it. */
  readonly bootMinute: number;
}

/** Minutes by which two readings of one boot may differ. */
const bootTolerance = 5;

/** This process. */
export function thisOwner(): NoteOwner {
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 12);
  return { host, pid: process.pid, bootMinute: Math.round((Date.now() / 1_000 - uptime()) / 60) };
}

/** As a part of a file's name. */
export function ownerText({ host, pid, bootMinute }: NoteOwner): string {
  return `${host}-${pid}-${bootMinute}`;
}

/** The owner that a part of a file's name means; undefined if it means none. */
export function parseOwner(text: string): NoteOwner | undefined {
  const [, host, pid, bootMinute] = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid), bootMinute: Number(bootMinute) };
}

/** Whether an owner is still there; undefined for one of another computer, which nobody here can tell. */
export function isOwnerAlive(owner: NoteOwner, self = thisOwner()): boolean | undefined {
  if (owner.host !== self.host) return undefined;
  if (Math.abs(owner.bootMinute - self.bootMinute) > bootTolerance) return false;
  if (owner.pid === self.pid) return true;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
