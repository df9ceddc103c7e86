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
  patch_large: {
    code: 'file',
    message: 'The changes in "{name}" are too large for a patch.',
    nextStep: 'Commit them in the devbox and bring the commits home, or download the files.',
  },
  home_no_commit: {
    code: 'file',
    message: 'The repository "{name}" has no commit that could be brought home.',
    nextStep: 'Commit in the devbox, or save a patch.',
  },
  home_incomplete: {
    code: 'file',
    message: 'The repository "{name}" lacks objects of its own history, so its commits cannot be bundled.',
    nextStep: 'Fetch them in the devbox, or save a patch.',
  },
  home_no_git: {
    code: 'file',
    message: 'git was not found on this computer.',
    nextStep: 'Install git, or add it to the PATH, then reload the window.',
  },
  home_not_repository: {
    code: 'file',
    message: 'The folder "{name}" is not in a git repository.',
    nextStep: 'Choose a clone of the repository.',
  },
  home_other_format: {
    code: 'file',
    message: 'The clone names its objects by {local}, the repository in the devbox by {remote}.',
    nextStep: 'Choose a clone of the same repository, or save a patch.',
  },
  home_refused: {
    code: 'file',
    message: 'The commits were refused, and nothing was changed: {why}.',
    nextStep: 'Look at them in the devbox before taking anything over.',
  },
  home_git_failed: {
    code: 'file',
    message: 'git failed on this computer, and nothing was changed: {why}.',
    nextStep: 'Check the clone with git in a terminal.',
  },
} as const satisfies Record<string, ProblemWords>;

export const changesProblem = problemsOf(changesWords);
