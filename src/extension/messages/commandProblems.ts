import { problemsOf, type ProblemWords } from '../../core/problems/problem';

/** Problems of commands, which are read when the first of them runs. */
export const commandWords = {
  several_failed: {
    code: 'api',
    message: 'This failed for {failed} of {all} devboxes. First reason: {why}.',
    nextStep: 'Try again with the remaining ones.',
  },
  several_may_run: {
    code: 'may_still_run',
    message: 'This failed for {failed} of {all} devboxes. First reason: {why}.',
    nextStep: 'Try again with the remaining ones.',
  },
  ended_already: { code: 'devbox_ended', message: '{devbox} has already ended.', nextStep: 'Start another one.' },
  argument_text: {
    code: 'invalid_option',
    message: 'An extension made a call with an unusable argument: "{argument}" must be text of 1 to {most} characters.',
    nextStep: 'Report this to the author of that extension.',
  },
  presets_unreadable: { code: 'invalid_option', message: 'The presets file cannot be read.', nextStep: '' },
  no_vscode: {
    code: 'action_server',
    message: 'The devbox {devbox} has no VS Code.',
    nextStep: 'Its output shows why the VS Code server did not start.',
  },
  no_vscode_locally: {
    code: 'action_server',
    message: 'The devbox {devbox} has no VS Code.',
    nextStep:
      'The local platform found no VS Code server on this computer. Install code-server or openvscode-server, or specify one in the settings, then restart the platform and start a devbox.',
  },
  no_dashboard: {
    code: 'invalid_option',
    message: 'This extension does not know a dashboard for the account at {host}.',
    nextStep: 'Only runloop.ai accounts have one.',
  },
} as const satisfies Record<string, ProblemWords>;

export const commandProblem = problemsOf(commandWords);
