import { problemsOf, type ProblemWords } from './problem';

const checkConnection = 'Check the network connection and try again.';

/** How any call may end. */
export const callWords = {
  cancelled: { code: 'cancelled', message: 'Cancelled.', nextStep: 'Start again when you are ready.' },
  no_answer_in_time: { code: 'deadline', message: 'No response arrived in time.', nextStep: checkConnection },
  no_answer_about_devbox_in_time: {
    code: 'deadline',
    message: 'No response about devbox {devbox} arrived in time.',
    nextStep: checkConnection,
  },
  variable_not_settable: {
    code: 'invalid_option',
    message: 'The environment variable "{name}" cannot be set: {why}.',
    nextStep: 'Correct or remove it.',
  },
} as const satisfies Record<string, ProblemWords>;

export const callProblem = problemsOf(callWords);
