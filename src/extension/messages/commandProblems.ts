import { problemsOf, type ProblemWords } from '../../core/problems/problem';

/** Problems of commands, which are read when the first of them runs. */
export const commandWords = {
  several_failed: {
    code: 'api',
    message: 'It did not work for {failed} of {all} devboxes. The first reason: {why}.',
    nextStep: 'Try again with those that are left.',
  },
  several_may_run: {
    code: 'may_still_run',
    message: 'It did not work for {failed} of {all} devboxes. The first reason: {why}.',
    nextStep: 'Try again with those that are left.',
  },
  ended_already: { code: 'devbox_ended', message: '{devbox} has ended already.', nextStep: 'Start another one.' },
  presets_unreadable: { code: 'invalid_option', message: 'The file of presets cannot be read.', nextStep: '' },
  no_vscode: {
    code: 'action_server',
    message: 'The devbox {devbox} has no VS Code.',
    nextStep: 'Its output tells why the VS Code server did not start.',
  },
  no_vscode_locally: {
    code: 'action_server',
    message: 'The devbox {devbox} has no VS Code.',
    nextStep:
      'The local platform found no VS Code server on this computer: install code-server or openvscode-server, or name one in the settings, and start the platform and a devbox anew.',
  },
  no_dashboard: {
    code: 'invalid_option',
    message: 'The account at {host} has no dashboard that this extension knows.',
    nextStep: 'Only the accounts of runloop.ai have one.',
  },
} as const satisfies Record<string, ProblemWords>;

export const commandProblem = problemsOf(commandWords);
