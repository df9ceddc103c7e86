import { problemsOf, type ProblemWords } from './problem';

/** What is refused before a start, and what may cost money after one; small, as activation reads it. */
export const moneyWords = {
  time_out_of_range: {
    code: 'invalid_option',
    message: 'The time must be between 1 minute and 48 hours.',
    nextStep: 'Choose another time.',
  },
  size_not_offered: {
    code: 'invalid_option',
    message: 'Runloop does not offer this size.',
    nextStep:
      'Choose 0.5, 1 or an even number of CPUs up to 16, with 2 to 8 GiB of memory each, and an even number of GiB of disk up to 64.',
  },
  start_not_noted: {
    code: 'not_noted',
    message: 'Nothing was started, because the start could not be recorded first: {why}.',
    nextStep: 'Free up disk space or make the folder writable, then try again.',
  },
  may_still_run: {
    code: 'may_still_run',
    message: 'Devbox {devbox} may still be running, because it could not be shut down: {why}.',
    nextStep: 'Shut it down in the Runloop view, because it may cost money.',
  },
  may_still_run_after: {
    code: 'may_still_run',
    message: '{before} Devbox {devbox} may still be running, because it could not be shut down: {why}.',
    nextStep: 'Shut it down in the Runloop view, because it may cost money.',
  },
} as const satisfies Record<string, ProblemWords>;

export const moneyProblem = problemsOf(moneyWords);
