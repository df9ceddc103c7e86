import { problemsOf, type ProblemWords } from './problem';

const lookInTerminal = 'Check it with git in a terminal.';

/** What can go wrong with reading the changes in a devbox. */
export const changesWords = {
  changes_no_git: {
    code: 'file',
    message: 'git is not installed in the devbox.',
    nextStep: 'Install it in a terminal, then refresh.',
  },
  changes_gone: { code: 'file', message: 'The folder "{name}" does not exist in the devbox.', nextStep: 'Refresh.' },
  changes_not_repository: {
    code: 'file',
    message: '"{name}" is not a repository that git can read.',
    nextStep: lookInTerminal,
  },
  changes_elsewhere: {
    code: 'file',
    message: 'The repository "{name}" is configured to show another folder, so it is not read.',
    nextStep: lookInTerminal,
  },
  changes_unreadable: {
    code: 'file',
    message: 'git could not read the repository "{name}": its index may be damaged.',
    nextStep: lookInTerminal,
  },
  changes_late: {
    code: 'file',
    message: 'git did not respond for "{name}" within {seconds} s.',
    nextStep: 'A pipe in the place of a file may be holding it up. Check it in a terminal.',
  },
  changes_no_folder: {
    code: 'file',
    message: 'No temporary folder of the devbox can be written to, so "{name}" cannot be read.',
    nextStep: 'Free some space, then try again.',
  },
  changes_again: {
    code: 'file',
    message: 'Files of "{name}" changed while they were being read.',
    nextStep: 'Refresh.',
  },
} as const satisfies Record<string, ProblemWords>;

export const changesProblem = problemsOf(changesWords);
