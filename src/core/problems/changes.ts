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
    message: 'git could not read the repository "{name}": its index or its last commit may be damaged.',
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
  patch_folder_large: {
    code: 'file',
    message: 'The changes in "{name}" are too large for a patch.',
    nextStep: 'Download the files instead.',
  },
  patch_names: {
    code: 'file',
    message: 'The changes in "{name}" have names that a patch cannot hold.',
    nextStep: 'Download the files instead.',
  },
  patch_incomplete: {
    code: 'file',
    message: 'The repository "{name}" lacks objects of its own that a patch needs.',
    nextStep:
      'Fetch them in the devbox, by "git fetch --refetch --no-filter" in a partial clone. Or download the files.',
  },
  patch_denied: {
    code: 'file',
    message: 'The patch was not saved: you have no permission to write "{name}" there.',
    nextStep: 'Choose another place.',
  },
  patch_not_written: {
    code: 'file',
    message: 'The patch was not saved as "{name}": {why}.',
    nextStep: 'Choose another place.',
  },
  changes_folder_many: {
    code: 'file',
    message: 'The folder "{name}" has no git and more than {count} files, so changes in it cannot be shown.',
    nextStep: 'Run "git init" in it, or in a folder below it, then refresh.',
  },
  review_not_written: {
    code: 'file',
    message: 'The review could not be written into the home folder of the devbox.',
    nextStep: 'Check in a terminal that it can be written to, or copy the review instead.',
  },
  home_no_commit: {
    code: 'file',
    message: 'The repository "{name}" has no commit that could be brought home.',
    nextStep: 'Commit in the devbox, or save a patch.',
  },
  home_incomplete: {
    code: 'file',
    message: 'The repository "{name}" lacks objects of its own history, so its commits cannot be bundled.',
    nextStep:
      'Fetch them in the devbox, by "git fetch --unshallow" in a shallow repository or "git fetch --refetch --no-filter" in a partial one. Or save a patch.',
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
    message: 'The clone uses {local} object names, but the repository in the devbox uses {remote}.',
    nextStep: 'Choose a clone of the same repository, or save a patch.',
  },
  home_large: {
    code: 'file',
    message: 'The commits of "{name}" take more than {size} GB, which is more than is brought home at once.',
    nextStep: 'Push them from the devbox, or bring them home in parts, from an older commit on.',
  },
  home_inflated: {
    code: 'file',
    message:
      'What the devbox sent takes more than {size} GB once it is unpacked, which is more than is brought home at once, and nothing was changed.',
    nextStep: 'Check in the devbox what is so large before you use any of it.',
  },
  home_many: {
    code: 'file',
    message:
      'git listed more than {size} MB of files and changes, which is more than is checked at once, and nothing was changed.',
    nextStep: 'Review the commits in the devbox, or bring them home in parts, from an older commit on.',
  },
  home_dirty: {
    code: 'file',
    message: 'The clone has uncommitted changes of its own, so none were brought into it.',
    nextStep: 'Commit or stash them, then try again. Or save a patch.',
  },
  home_no_fit: {
    code: 'file',
    message: 'The changes do not fit what is checked out in the clone, and nothing was changed: {why}.',
    nextStep: 'Bring the commits home first and check out their branch, or save a patch.',
  },
  home_moved: {
    code: 'file',
    message: 'The clone changed meanwhile, and nothing was brought into it.',
    nextStep: 'Try again.',
  },
  home_refused: {
    code: 'file',
    message: 'What the devbox sent was refused, and nothing was changed: {why}.',
    nextStep: 'Review them in the devbox before you use any of them.',
  },
  home_shallow: {
    code: 'file',
    message: 'The clone is shallow and does not have the commits that these are based on, so nothing was changed.',
    nextStep: 'Run "git fetch --unshallow" in the clone, then try again.',
  },
  home_partial: {
    code: 'file',
    message: 'The clone on this computer is a partial one and lacks objects that are needed, so nothing was changed.',
    nextStep: 'Run "git fetch --refetch --no-filter" in it, then try again. Or choose a full clone.',
  },
  home_git_failed: {
    code: 'file',
    message: 'git failed on this computer, and nothing was changed: {why}.',
    nextStep: 'Check the clone with git in a terminal.',
  },
  home_locked: {
    code: 'file',
    message: 'Another git is at work in the clone, or left its "index.lock" behind, and nothing was changed.',
    nextStep: 'Try again when it is done. If no git is at work there any more, delete that file.',
  },
  home_no_space: {
    code: 'file',
    message: 'This computer has no space left, and nothing was changed.',
    nextStep: 'Free some space, then try again.',
  },
  home_partly: {
    code: 'file',
    message: 'The changes could not be written to the clone, and not all of its files could be put back.',
    nextStep: 'Its commit has all of them: "git status" tells which are different, and "git checkout" restores them.',
  },
  discard_busy: {
    code: 'file',
    message: 'A merge, rebase or the like is under way in "{name}", or it has conflicts, so nothing was discarded.',
    nextStep: 'Finish or abort it in a terminal, then try again.',
  },
  discard_locked: {
    code: 'file',
    message: 'Another git is at work in "{name}", or left its "index.lock" behind, so nothing was discarded.',
    nextStep: 'Try again when it is done. If no git is at work there any more, delete that file.',
  },
  discard_denied: {
    code: 'file',
    message: 'The repository "{name}" belongs to another user of the devbox, so nothing was discarded.',
    nextStep: 'Discard the changes in a terminal, as that user.',
  },
  discard_no_commit: {
    code: 'file',
    message: 'The repository "{name}" has no commit yet to go back to, so nothing was discarded.',
    nextStep: 'Delete the files instead, or commit them.',
  },
  discard_moved: {
    code: 'file',
    message: 'The changes in "{name}" are not those that you were asked about any more, so nothing was discarded.',
    nextStep: 'Look at them, then try again.',
  },
  discard_not_kept: {
    code: 'file',
    message: 'The changes in "{name}" could not be kept in a stash, so nothing was discarded.',
    nextStep: 'Check in a terminal that the devbox has space left and that ".git" can be written to.',
  },
  discard_lost: {
    code: 'file',
    message: 'The repository "{name}" lacks files of its last commit, so nothing was discarded.',
    nextStep: 'Fetch them in the devbox first.',
  },
  discard_in_the_way: {
    code: 'file',
    message: 'Other files in "{name}" are in the way of what would come back, so nothing was discarded.',
    nextStep: 'Discard them together, or move them away.',
  },
  turn_unknown: {
    code: 'file',
    message: 'How "{name}" was before this turn is not known any more, so nothing was changed.',
    nextStep: 'Look at the changes again, and discard what is not wanted.',
  },
  discard_partly: {
    code: 'file',
    message: 'Not everything in "{name}" could be discarded. All of it is kept in its newest stash.',
    nextStep: 'Check its state and its stashes with git in a terminal.',
  },
  discard_maybe: {
    code: 'file',
    message: 'It is not known whether the changes in "{name}" were discarded, or all of them: {why}.',
    nextStep: 'Look at them again when the devbox can be reached. What was discarded is kept in the newest stash.',
  },
  send_unrelated: {
    code: 'file',
    message: 'The clone and the repository in the devbox have no commit in common.',
    nextStep: 'Choose a clone of the same repository, or fetch its commits first.',
  },
  send_conflicts: {
    code: 'file',
    message: 'The clone has unresolved conflicts, so nothing was sent.',
    nextStep: 'Resolve them, then try again.',
  },
  send_large: {
    code: 'file',
    message: 'The changes in the clone take more than {size} MB, which is more than is sent at once.',
    nextStep: 'Add large files to ".gitignore", or push your commits and pull them in the devbox.',
  },
  send_no_fit: {
    code: 'file',
    message: 'Files were changed in the same places in "{name}", so nothing was sent to it: {files}.',
    nextStep: 'Bring those of the devbox home and merge them, or discard them, then try again.',
  },
  send_blocked: {
    code: 'file',
    message:
      'Something else is in the place of files in "{name}" or of their folders, so nothing was sent to it: {files}.',
    nextStep: 'Move or delete in the devbox what is there under these names, then try again.',
  },
  send_unborn: {
    code: 'file',
    message: 'The repository "{name}" inside the clone has no commit yet, so nothing was sent.',
    nextStep: 'Commit something in it or add it to ".gitignore", then try again.',
  },
  send_busy: {
    code: 'file',
    message: 'A merge, rebase or the like is under way in "{name}", or it has conflicts, so nothing was sent to it.',
    nextStep: 'Finish or abort it in a terminal, then try again.',
  },
  send_denied: {
    code: 'file',
    message: 'The repository "{name}" belongs to another user of the devbox, so nothing was sent to it.',
    nextStep: 'Push your commits and pull them in a terminal, as that user.',
  },
  send_broken: {
    code: 'file',
    message: 'What was sent to "{name}" could not be read in the devbox, and nothing was changed.',
    nextStep: 'Check in a terminal that the devbox has space left, then try again.',
  },
  send_moved: {
    code: 'file',
    message: 'Files of "{name}" have changed since you were asked, and nothing was sent to it.',
    nextStep: 'Try again.',
  },
  send_unwritten: {
    code: 'file',
    message: 'The changes could not be written to "{name}" in the devbox, so its files were put back.',
    nextStep: 'Check in a terminal that it can be written to and has space left, then try again.',
  },
  send_maybe: {
    code: 'file',
    message: 'It is not known whether the changes were written to "{name}" in the devbox, or all of them: {why}.',
    nextStep: 'Look at them again when the devbox can be reached, and send what is missing again.',
  },
  send_partly: {
    code: 'file',
    message: 'Not all of the changes could be written to "{name}" in the devbox.',
    nextStep: 'Check in a terminal that it can be written to and has space left, then try again.',
  },
} as const satisfies Record<string, ProblemWords>;

export const changesProblem = problemsOf(changesWords);
