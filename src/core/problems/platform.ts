import { problemsOf, type ProblemWords } from './problem';

const refused = 'The Runloop API refused the request while {task} ({status}): {said}.';
const removedMeanwhile = 'Refresh: it may have been removed.';
const logRefused = 'The Runloop API refused to give the log ({status}).';
const signInForLog = 'Sign in again with an API key that is allowed to read this devbox.';
const logLater = 'Try again in a moment.';
const noLog = 'The Runloop API has no log of this devbox ({status}).';

/** What Runloop's API refuses, fails at or answers wrongly. */
export const platformWords = {
  api_authentication: {
    code: 'authentication',
    message: refused,
    nextStep: 'Sign in again with a valid API key of this account.',
  },
  api_payment: {
    code: 'payment',
    message: refused,
    nextStep: 'Check the payment method and credit of the account in the Runloop dashboard.',
  },
  api_permission: {
    code: 'permission',
    message: refused,
    nextStep: 'Use an API key that is allowed to do this, or ask the owner of the account.',
  },
  api_not_found: { code: 'not_found', message: refused, nextStep: removedMeanwhile },
  api_conflict: {
    code: 'conflict',
    message: refused,
    nextStep: 'Wait for the running operation to end, then try again.',
  },
  api_rate_limited: { code: 'rate_limited', message: refused, nextStep: 'Wait a moment, then try again.' },
  api_server: {
    code: 'api',
    message: refused,
    nextStep: 'Try again in a moment; the problem is on the server.',
  },
  api_refused: { code: 'api', message: refused, nextStep: 'Check the request, then try again.' },
  api_unreachable: {
    code: 'network',
    message: 'Could not reach the Runloop API while {task}: {why}.',
    nextStep: 'Check the network connection, proxy settings and base URL, then try again.',
  },
  api_answer_unfinished: {
    code: 'deadline',
    message: 'The Runloop API did not complete its response within {seconds} s while {task}.',
    nextStep: 'Check the network connection, then try again.',
  },
  list_endless: {
    code: 'unexpected_answer',
    message: 'The list of {what} {fault}, so it could not be read completely.',
    nextStep: 'Try again. If the problem persists, contact Runloop.',
  },
  tunnel_template: {
    code: 'invalid_option',
    message: 'The template for tunnel addresses (runloop.tunnelUrlTemplate) {fault}.',
    nextStep: 'Use the form {form}, or leave it empty.',
  },
  tunnel_nameless: {
    code: 'unexpected_answer',
    message: 'The Runloop API opened a tunnel but did not return its key.',
    nextStep: 'Try again. If the problem persists, the platform is not compatible.',
  },
  devbox_id: {
    code: 'invalid_option',
    message: '"{devbox}" is not the ID of a devbox.',
    nextStep: 'Select the devbox in the Runloop view.',
  },
  devbox_unknown: {
    code: 'not_found',
    message: 'The Runloop API has no devbox {devbox} (404).',
    nextStep: removedMeanwhile,
  },
  still_there: {
    code: 'conflict',
    message: 'Runloop was asked to shut down the devbox, but it is still "{status}".',
    nextStep: 'Check it in the Runloop view, and shut it down again if it is still there.',
  },
  command_too_long: {
    code: 'deadline',
    message: 'A command in the devbox did not finish in time.',
    nextStep: 'Show the output of the devbox: it shows what the command was doing.',
  },
  snapshot_failed: {
    code: 'api',
    message: 'The snapshot failed: {said}.',
    nextStep: 'Try again; the devbox has not changed.',
  },
  snapshot_too_long: {
    code: 'deadline',
    message: 'The snapshot did not finish in time.',
    nextStep: 'It continues in the background; try again later.',
  },
  image_tag: {
    code: 'invalid_option',
    message: 'The setting runloop.openhandsImageTag is not a valid image tag.',
    nextStep: 'Use a tag such as {usual}, or reset the setting.',
  },
  build_failed: {
    code: 'api',
    message: 'The blueprint build failed ({said}).',
    nextStep: 'See its log for the reason.',
  },
  build_too_long: {
    code: 'deadline',
    message: 'The blueprint build is taking longer than two hours.',
    nextStep: 'It continues; start the devbox when the build is complete.',
  },
  log_authentication: { code: 'authentication', message: logRefused, nextStep: signInForLog },
  log_permission: { code: 'permission', message: logRefused, nextStep: signInForLog },
  log_rate_limited: { code: 'rate_limited', message: logRefused, nextStep: logLater },
  log_refused: { code: 'api', message: logRefused, nextStep: logLater },
  log_not_found: { code: 'not_found', message: noLog, nextStep: removedMeanwhile },
  log_unexpected: { code: 'unexpected_answer', message: noLog, nextStep: removedMeanwhile },
  log_entry_too_large: {
    code: 'unexpected_answer',
    message: 'The log has an entry larger than {size}, which was not read.',
    nextStep: 'Use another tool to view the log.',
  },
  log_stream_ended: {
    code: 'network',
    message: 'The server ended the log stream: {said}.',
    nextStep: 'It is reopened automatically.',
  },
  log_cut: {
    code: 'network',
    message: 'The connection was cut while reading the log: {why}.',
    nextStep: 'Try again.',
  },
  log_too_long: {
    code: 'deadline',
    message: 'The log did not arrive within {minutes} minutes.',
    nextStep: 'Search fewer devboxes at once, or try again later.',
  },
  search_ended: { code: 'closed', message: 'The search ended unexpectedly: {why}.', nextStep: 'Search again.' },
} as const satisfies Record<string, ProblemWords>;

export const platformProblem = problemsOf(platformWords);
