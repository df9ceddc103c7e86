import { problemsOf, type ProblemWords } from './problem';

/** What can go wrong with a terminal of a devbox. */
export const terminalWords = {
  terminal_refused: {
    code: 'api',
    message: 'The devbox refused to open a terminal ({status}): {said}.',
    nextStep: 'Try again, or run a command in it instead.',
  },
  terminal_not_offered: {
    code: 'not_found',
    message: 'Runloop does not offer a terminal in this devbox ({status}).',
    nextStep: 'Open its VS Code and use a terminal there.',
  },
  terminal_answer: {
    code: 'unexpected_answer',
    message: 'The response about the terminal was not understood.',
    nextStep: 'Try again. If the problem persists, report it with the log of this extension.',
  },
  terminal_devbox_unknown: {
    code: 'not_found',
    message: 'This devbox is not in the account that this window is signed in to, or Runloop no longer has it.',
    nextStep: 'Sign in to the account of the devbox, or close this terminal.',
  },
  terminal_ended_at_once: {
    code: 'api',
    message: 'The shell ended before it could be used.',
    nextStep: 'See whether a start-up file such as ~/.bashrc ends it.',
  },
} as const satisfies Record<string, ProblemWords>;

export const terminalProblem = problemsOf(terminalWords);
