import { problemsOf, type ProblemWords } from './problem';

const lookAgain = 'Refresh the folder, then try again.';
const seeLink = 'Look at the link in a terminal.';
const otherPlace = 'Choose another place, or change its permissions in a terminal.';

/** What can go wrong with the files of a devbox. */
export const filesWords = {
  file_missing: { code: 'file', message: '"{name}" does not exist in the devbox.', nextStep: lookAgain },
  file_exists: { code: 'file', message: '"{name}" already exists in the devbox.', nextStep: 'Choose another name.' },
  file_is_folder: { code: 'file', message: '"{name}" is a folder.', nextStep: lookAgain },
  file_not_folder: { code: 'file', message: '"{name}" is not in a folder.', nextStep: lookAgain },
  file_not_empty: { code: 'file', message: 'The folder "{name}" is not empty.', nextStep: lookAgain },
  file_special: {
    code: 'file',
    message: '"{name}" is a device, pipe or socket, which cannot be opened as a file.',
    nextStep: 'Use a terminal for it.',
  },
  file_denied: {
    code: 'file',
    message: 'The user of the devbox has no permission for "{name}".',
    nextStep: otherPlace,
  },
  file_read_only: {
    code: 'file',
    message: '"{name}" is in a read-only file system.',
    nextStep: 'Choose another place.',
  },
  file_no_space: {
    code: 'file',
    message: 'The disk of the devbox is full: "{name}" was not written.',
    nextStep: 'Free some space, then try again.',
  },
  file_link_broken: {
    code: 'file',
    message: '"{name}" is a link to something that does not exist.',
    nextStep: seeLink,
  },
  file_link_loop: {
    code: 'file',
    message: '"{name}" cannot be reached: the links to it lead in a circle.',
    nextStep: seeLink,
  },
  file_changed: {
    code: 'file',
    message: '"{name}" was changed in the devbox meanwhile, so it was not overwritten.',
    nextStep: 'Look at what is there now before you save again.',
  },
  file_maybe_saved: {
    code: 'file',
    message: '"{name}" may have been saved, or not: {why}.',
    nextStep: 'Save again when the devbox can be reached: what differs is shown before it is overwritten.',
  },
  file_maybe_done: {
    code: 'file',
    message: 'It is not known whether this was done with "{name}": {why}.',
    nextStep: lookAgain,
  },
  file_devbox_killed: {
    code: 'unexpected_answer',
    message: 'The command for "{name}" was killed in the devbox.',
    nextStep: 'Check that the devbox has enough memory, then try again.',
  },
  file_too_large: {
    code: 'file',
    message: '"{name}" is larger than {size}, which is too large for an editor.',
    nextStep: 'Download it instead.',
  },
  file_name_refused: {
    code: 'file',
    message: '"{name}" is not a valid file name.',
    nextStep: 'Choose another name.',
  },
  file_name_too_long: {
    code: 'file',
    message: 'The name or path of "{name}" is too long.',
    nextStep: 'Choose a shorter one.',
  },
  file_failed: { code: 'file', message: 'The devbox could not do this with "{name}": {why}.', nextStep: lookAgain },
  file_search_refused: {
    code: 'file',
    message: 'The search text is too long or contains a NUL character.',
    nextStep: 'Enter a shorter text.',
  },
  file_devbox_not_running: {
    code: 'closed',
    message: 'The devbox is not running (its status is {status}), so its files cannot be reached.',
    nextStep: 'Try again when it is running.',
  },
  file_devbox_ended: {
    code: 'devbox_ended',
    message: 'The devbox has ended (its status is {status}), and its files with it.',
    nextStep: 'Save open files elsewhere.',
  },
} as const satisfies Record<string, ProblemWords>;

export const filesProblem = problemsOf(filesWords);

/** What went wrong with a file, as code tells it apart. */
export type FileProblemId = Exclude<keyof typeof filesWords, `file_devbox_${string}`>;
