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
    message: 'This window has switched to another account.',
    nextStep: 'Switch back to that account, then try again.',
  },
  keyring: {
    code: 'keyring',
    message: 'The keyring of this computer could not provide or store the key: {why}.',
    nextStep: 'Unlock it, or set RUNLOOP_API_KEY in the environment in which the editor starts.',
  },
  look_up_too_long: {
    code: 'deadline',
    message: 'No response within {seconds} s.',
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
    nextStep: 'Specify the ID of the calling extension.',
  },
  link_without_devbox: {
    code: 'invalid_option',
    message: 'The link does not specify a devbox to open.',
    nextStep: 'Use the form …/open?devbox=dbx_….',
  },
  local_platform_needs_linux: {
    code: 'invalid_option',
    message: 'The local platform requires Linux, but the extension is running on {platform}.',
    nextStep: 'Use it in a WSL or SSH window, or sign in with a Runloop API key.',
  },
  local_platform_elsewhere: {
    code: 'conflict',
    message:
      'A local platform is already running (process {pid}), but this window does not have its key. Another window or editor has it.',
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
    message: 'The local platform could not be started: it ended immediately.',
    nextStep: 'Its log is in the support bundle.',
  },
  local_platform_not_ended: {
    code: 'deadline',
    message: 'The local platform (process {pid}) did not end within {seconds} s.',
    nextStep: 'Check what its devboxes are doing, or end the process yourself.',
  },
} as const satisfies Record<string, ProblemWords>;

export const extensionProblem = problemsOf(extensionWords);
