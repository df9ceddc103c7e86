import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How long processes get to end by themselves before they are killed. */
const graceMs = 500;

/**
 * Ends all processes of a terminal session: hang-up first, as when a terminal closes, then the hard way.
 *
 * @param session the session's id, which is the process id of its shell
 */
export async function endSession(session: number): Promise<void> {
  if (!signalAll(await members(session), 'SIGHUP')) return;
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline) {
    await delay(20);
    if ((await members(session)).length === 0) return;
  }
  signalAll(await members(session), 'SIGKILL');
}

/** Process ids in a session; where there is no `/proc`, the shell's process group stands for it. */
async function members(session: number): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir('/proc');
  } catch (error) {
    if (isMissing(error)) return [-session];
    throw error;
  }
  const found: number[] = [];
  for (const name of names) {
    if (/^\d+$/.test(name) && (await sessionOf(name)) === session) found.push(Number(name));
  }
  return found;
}

async function sessionOf(pid: string): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold anything; the fields behind it are plain numbers.
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(session);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): boolean {
  let reached = false;
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
      reached = true;
    } catch (error) {
      // It ended between being listed and being signalled, or it belongs to somebody else now.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) {
        throw error;
      }
    }
  }
  return reached;
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(error.code))
  );
}
