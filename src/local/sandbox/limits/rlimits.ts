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

/** The same for who asks the kernel itself: RLIMIT_DATA, RLIMIT_FSIZE and RLIMIT_CORE. */
export function limitNumbers(limits: Limits): readonly (readonly [kind: number, most: number])[] {
  return [
    [2, 2 * limits.memory],
    [1, limits.disk],
    [4, 0],
  ];
}
