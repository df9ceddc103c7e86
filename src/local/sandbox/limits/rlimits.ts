import { findProgram } from '../../host/hostPrograms';
import type { Limits } from './limits';

/**
 * Words in front of a command that hold each single process of it: a backstop for the watch over all of them, which
 * looks only now and then. Twice the memory, so that the watch is the one that tells.
 */
export function rlimits(limits: Limits): readonly string[] {
  const prlimit = findProgram('prlimit');
  return prlimit === undefined
    ? []
    : [prlimit, `--data=${2 * limits.memory}`, `--fsize=${limits.disk}`, '--core=0', '--'];
}
