import { problemsOf, type ProblemWords } from './problem';

/** What can go wrong with a terminal of a devbox. */
export const terminalWords = {
  terminal_refused: {
    code: 'api',
    message: 'The devbox refused a terminal ({status}): {said}.',
    nextStep: 'Try again, or run a command in it instead.',
  },
  terminal_not_offered: {
    code: 'not_found',
    message: 'Runloop offers no terminal in this devbox ({status}).',
    nextStep: 'Open its VS Code, which has terminals.',
  },
  terminal_answer: {
    code: 'unexpected_answer',
    message: 'The answer about a terminal is not understood.',
    nextStep: 'Try again; if it stays so, report it with the log of this extension.',
  },
} as const satisfies Record<string, ProblemWords>;

export const terminalProblem = problemsOf(terminalWords);
