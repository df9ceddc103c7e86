import { problemsOf, type ProblemWords } from './problem';

const outputThenAgain = 'Show the output of the devbox, then try again.';
const waitReady = 'Wait until it is ready.';
const newRuntime = 'Create a new runtime for each connection.';
const attach = 'Attach to the devbox, then try again.';
const refreshAndChoose = 'Refresh the Runloop view and choose a running devbox, or start one.';
const serverRefused = 'The action server refused {path} ({status}): {said}.';

/** What goes wrong with a devbox that is there: the way to it, its action server, its VS Code, its files. */
export const devboxWords = {
  state_new: { code: 'closed', message: 'This runtime is not connected yet.', nextStep: 'Connect it first.' },
  state_connecting: { code: 'closed', message: 'This runtime is connecting.', nextStep: waitReady },
  state_ready: { code: 'closed', message: 'This runtime was connected before.', nextStep: newRuntime },
  state_disconnected: {
    code: 'disconnected',
    message: 'The connection to the devbox is lost.',
    nextStep: 'Reconnect, or attach to the devbox again.',
  },
  state_reconnecting: { code: 'closed', message: 'This runtime is reconnecting.', nextStep: waitReady },
  state_suspending: {
    code: 'closed',
    message: 'The devbox is being suspended.',
    nextStep: 'Wait until it is suspended, then resume it.',
  },
  state_suspended: { code: 'closed', message: 'The devbox is suspended.', nextStep: 'Resume it, then try again.' },
  state_resuming: { code: 'closed', message: 'The devbox is being resumed.', nextStep: waitReady },
  state_failed: { code: 'closed', message: 'This runtime was connected before, and failed.', nextStep: newRuntime },
  state_closing: { code: 'closed', message: 'This runtime is closing.', nextStep: attach },
  state_closed: { code: 'closed', message: 'This runtime is closed.', nextStep: attach },
  suspended: {
    code: 'devbox_suspended',
    message: 'Devbox {devbox} is suspended.',
    nextStep: 'Resume it first.',
  },
  not_in_account: {
    code: 'devbox_not_found',
    message: 'This account has no devbox {devbox}.',
    nextStep: refreshAndChoose,
  },
  none_of_session: {
    code: 'devbox_not_found',
    message: 'The session "{session}" has no running devbox.',
    nextStep: refreshAndChoose,
  },
  connecting_too_long: {
    code: 'deadline',
    message: 'Connecting took longer than {seconds} s.',
    nextStep: outputThenAgain,
  },
  connecting_failed: {
    code: 'unexpected_answer',
    message: 'Connecting failed: {why}.',
    nextStep: 'Please report this, with the output of the devbox.',
  },
  connection_closed: {
    code: 'closed',
    message: 'This connection to the devbox is closed.',
    nextStep: 'Attach to the devbox again.',
  },
  server_session_key: {
    code: 'session_key',
    message: serverRefused,
    nextStep: 'Attach again: the session key or tunnel of this devbox may have changed. Your API key is not affected.',
  },
  way_refused: {
    code: 'session_key',
    message:
      'The request {path} to the devbox was refused ({status}), by its action server, its tunnel or something in between, and not by the Runloop API.',
    nextStep: 'Attach again: the session key or tunnel of this devbox may have changed. Your API key is not affected.',
  },
  server_rate_limited: { code: 'rate_limited', message: serverRefused, nextStep: 'Wait a moment, then try again.' },
  server_refused: {
    code: 'action_server',
    message: serverRefused,
    nextStep: 'Show the output of the devbox to see why.',
  },
  no_observation: {
    code: 'unexpected_answer',
    message: 'The action server responded to an action with something that is not an observation.',
    nextStep: 'Show the output of the devbox: another program may be listening on its port.',
  },
  command_not_run: {
    code: 'action_server',
    message: 'The command was not run: {said}.',
    nextStep: 'Send one command at a time, joined with && or ;.',
  },
  shell_busy: {
    code: 'shell_busy',
    message: 'The shell of the devbox is busy with an earlier action that timed out or was cancelled.',
    nextStep: 'Wait until it ends, or interrupt it from a terminal of the devbox.',
  },
  action_too_long: {
    code: 'action_timeout',
    message:
      'The action did not respond within {seconds} s. It is still running in the devbox and keeps its shell busy.',
    nextStep: 'Wait for it, or interrupt it from a terminal of the devbox.',
  },
  environment_not_set: {
    code: 'environment',
    message: 'The environment of the devbox could not be set: {why}.',
    nextStep: outputThenAgain,
  },
  tool_unknown: {
    code: 'mcp',
    message: 'No MCP server has a tool named "{name}".',
    nextStep: 'Check the name, or add the server that has it to the MCP configuration.',
  },
  mcp_not_started: {
    code: 'mcp',
    message: 'The devbox could not start its MCP servers: {said}.',
    nextStep: 'Check their commands, and show the output of the devbox.',
  },
  workspace_unreadable: {
    code: 'transfer',
    message: 'The workspace folder cannot be read: {why}.',
    nextStep: 'Check workspace_base.',
  },
  workspace_not_uploaded: {
    code: 'transfer',
    message: 'The workspace could not be uploaded: {why}.',
    nextStep: 'Check workspace_base, then try again.',
  },
  folder_not_uploaded: {
    code: 'transfer',
    message: 'The folder could not be uploaded: {why}.',
    nextStep: 'Check the folder, then try again.',
  },
  download_not_zip: {
    code: 'transfer',
    message: 'The download is not a complete zip file: {why}.',
    nextStep: 'Try again. If the problem persists, show the output of the devbox.',
  },
  archive_address: {
    code: 'invalid_option',
    message: 'The address of the code-server archive must begin with https://.',
    nextStep: 'Correct the setting runloop.codeServerDownload, or reset it.',
  },
  vscode_not_started: {
    code: 'action_server',
    message: 'The VS Code server could not be started: {said}.',
    nextStep: outputThenAgain,
  },
  vscode_no_token: {
    code: 'action_server',
    message: 'The VS Code server in the devbox did not provide a token.',
    nextStep: outputThenAgain,
  },
  vscode_silent: {
    code: 'action_server',
    message: 'The VS Code server is not responding: {said}.',
    nextStep: outputThenAgain,
  },
  tunnel_gone: {
    code: 'action_server',
    message: 'The devbox no longer has a tunnel.',
    nextStep: outputThenAgain,
  },
} as const satisfies Record<string, ProblemWords>;

export const devboxProblem = problemsOf(devboxWords);
