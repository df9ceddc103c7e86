import { readdirSync, readFileSync } from 'node:fs';

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
