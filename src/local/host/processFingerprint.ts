import { readFileSync } from 'node:fs';
import { codeOf } from '../errors';

/**
 * Identifies a process beyond the reuse of its number: the number and the time it was started; undefined without one, and for
 * one that has ended and only waits for somebody to ask how.
 */
export function fingerprint(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in parentheses, may contain blanks; the start time is field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZXx]/.test(fields[0] ?? '') ? undefined : `${pid} ${fields[19] ?? ''}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') {
      return undefined;
    }
    throw error;
  }
}
