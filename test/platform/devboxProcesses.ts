import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from '../eventually';

/** Process ids of this computer that name a devbox in their environment or arguments: what runs of it. */
export function processesOf(devboxId: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return ['environ', 'cmdline'].some((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(devboxId));
      } catch (error) {
        // It ended between the two looks, or belongs to another user.
        if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES'].includes(String(error.code))) {
          return false;
        }
        throw error;
      }
    });
}

/** The numbers of running processes whose arguments or environment contain `mark`, the test's own process excepted. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        // Zombies have no arguments any more.
        return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${name}/${file}`, 'utf8').includes(mark));
      } catch {
        // Gone between being listed and being read.
        return false;
      }
    })
    .map(Number);
}

/** Waits until there is no such process: a killed one is seen until the kernel has cleared it away. */
export async function processesEnd(mark: string): Promise<void> {
  await eventually(
    () => Promise.resolve(processesWith(mark)),
    (left) => left.length === 0,
  );
}
