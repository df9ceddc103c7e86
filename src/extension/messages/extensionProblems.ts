import { problemsOf, type ProblemWords } from '../../core/problems/problem';

/** Problems of the extension itself, beside those of the core, as activation reads them: see commandProblems.ts. */
export const extensionWords = {
  not_signed_in: {
    code: 'missing_api_key',
    message: 'You are not signed in to Runloop.',
    nextStep: 'Sign in with an API key.',
  },
  account_changed: {
    code: 'account_changed',
    message: 'The window turned to another account meanwhile.',
    nextStep: 'Go back to that account and try again.',
  },
  keyring: {
    code: 'keyring',
    message: 'The keyring of this computer refused to give or keep the key: {why}.',
    nextStep: 'Unlock it, or set RUNLOOP_API_KEY in the environment in which the editor starts.',
  },
  look_up_too_long: {
    code: 'deadline',
    message: 'No answer came within {seconds} s.',
    nextStep: 'Check the network connection, then try again.',
  },
  not_attached: {
    code: 'closed',
    message: 'This window is not attached to that devbox.',
    nextStep: 'Attach to it first.',
  },
  extension_unknown: {
    code: 'invalid_option',
    message: 'There is no extension "{id}" in this window.',
    nextStep: 'Give the id of the extension that asks.',
  },
  link_without_devbox: {
    code: 'invalid_option',
    message: 'The link does not name a devbox to open.',
    nextStep: 'Links look like this: …/open?devbox=dbx_….',
  },
  local_platform_needs_linux: {
    code: 'invalid_option',
    message: 'The local platform needs Linux, and the extension runs on {platform} here.',
    nextStep: 'Use it in a WSL or SSH window, or sign in with a Runloop API key.',
  },
  local_platform_elsewhere: {
    code: 'conflict',
    message:
      'A local platform runs already (process {pid}), but this window does not have its key: another window or editor has.',
    nextStep: 'Reload this window and try again, or use the platform where it was started.',
  },
  local_platform_late: {
    code: 'no_action_server',
    message: 'The local platform could not be started: it was not ready within {seconds} s.',
    nextStep: 'Its log is in the support bundle.',
  },
  local_platform_failed: {
    code: 'no_action_server',
    message: 'The local platform could not be started: {why}.',
    nextStep: 'Its log is in the support bundle.',
  },
  local_platform_ended_at_once: {
    code: 'no_action_server',
    message: 'The local platform could not be started: it ended at once.',
    nextStep: 'Its log is in the support bundle.',
  },
  local_platform_not_ended: {
    code: 'deadline',
    message: 'The local platform (process {pid}) has not ended within {seconds} s.',
    nextStep: 'Look at what its devboxes do, or end the process yourself.',
  },
} as const satisfies Record<string, ProblemWords>;

export const extensionProblem = problemsOf(extensionWords);
