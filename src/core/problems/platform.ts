import { problemsOf, type ProblemWords } from './problem';

const refused = 'The Runloop API refused while {task} ({status}): {said}.';
const removedMeanwhile = 'Refresh: it may have been removed meanwhile.';
const logRefused = 'The Runloop API refused to give the log ({status}).';
const signInForLog = 'Sign in again with a key that may read this devbox.';
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
    nextStep: 'Check the payment and the credit of the account in the Runloop dashboard.',
  },
  api_permission: {
    code: 'permission',
    message: refused,
    nextStep: 'Use an API key that may do this, or ask the owner of the account.',
  },
  api_not_found: { code: 'not_found', message: refused, nextStep: removedMeanwhile },
  api_conflict: {
    code: 'conflict',
    message: refused,
    nextStep: 'Wait for the running operation to end, then try again.',
  },
  api_rate_limited: { code: 'rate_limited', message: refused, nextStep: 'Wait a little, then try again.' },
  api_server: {
    code: 'api',
    message: refused,
    nextStep: 'Try again in a moment; the trouble is on the server.',
  },
  api_refused: { code: 'api', message: refused, nextStep: 'Check what was asked for, then try again.' },
  api_unreachable: {
    code: 'network',
    message: 'Could not reach the Runloop API while {task}: {why}.',
    nextStep: 'Check the network connection, proxy settings and base URL, then try again.',
  },
  api_answer_unfinished: {
    code: 'deadline',
    message: 'The Runloop API did not finish its answer within {seconds} s while {task}.',
    nextStep: 'Check the network connection, then try again.',
  },
  list_endless: {
    code: 'unexpected_answer',
    message: 'The list of {what} {fault}: it could not be read to its end.',
    nextStep: 'Try again; if it stays so, ask Runloop.',
  },
  tunnel_template: {
    code: 'invalid_option',
    message: 'The template for tunnel addresses (runloop.tunnelUrlTemplate) {fault}.',
    nextStep: 'Use the form {form}, or leave it empty.',
  },
  tunnel_nameless: {
    code: 'unexpected_answer',
    message: 'The Runloop API opened a tunnel without naming it.',
    nextStep: 'Try again; if it stays so, the platform is not compatible.',
  },
  devbox_unknown: {
    code: 'not_found',
    message: 'The Runloop API knows no devbox {devbox} (404).',
    nextStep: removedMeanwhile,
  },
  still_there: {
    code: 'conflict',
    message: 'Runloop was told to shut the devbox down, and it is still "{status}".',
    nextStep: 'Look at it in the Runloop view, and shut it down again if it stays.',
  },
  command_too_long: {
    code: 'deadline',
    message: 'A command in the devbox did not end in time.',
    nextStep: 'Show the output of the devbox: it tells what the command was doing.',
  },
  snapshot_failed: {
    code: 'api',
    message: 'The snapshot failed: {said}.',
    nextStep: 'Try again; the devbox is as it was.',
  },
  snapshot_too_long: {
    code: 'deadline',
    message: 'The snapshot was not complete in time.',
    nextStep: 'It goes on in the background; try again later.',
  },
  image_tag: {
    code: 'invalid_option',
    message: 'The setting runloop.openhandsImageTag is not the tag of an image.',
    nextStep: 'Use a tag such as {usual}, or reset the setting.',
  },
  build_failed: {
    code: 'api',
    message: 'The build of the blueprint failed ({said}).',
    nextStep: 'Its log tells why.',
  },
  build_too_long: {
    code: 'deadline',
    message: 'The build of the blueprint takes longer than two hours.',
    nextStep: 'It goes on; start the devbox when the blueprint is built.',
  },
  log_authentication: { code: 'authentication', message: logRefused, nextStep: signInForLog },
  log_permission: { code: 'permission', message: logRefused, nextStep: signInForLog },
  log_rate_limited: { code: 'rate_limited', message: logRefused, nextStep: logLater },
  log_refused: { code: 'api', message: logRefused, nextStep: logLater },
  log_not_found: { code: 'not_found', message: noLog, nextStep: removedMeanwhile },
  log_unexpected: { code: 'unexpected_answer', message: noLog, nextStep: removedMeanwhile },
  log_entry_too_large: {
    code: 'unexpected_answer',
    message: 'The log has an entry of more than {size}, which is not read.',
    nextStep: 'Look at the log with another tool.',
  },
  log_stream_ended: {
    code: 'network',
    message: 'The server ended the log stream: {said}.',
    nextStep: 'It is opened again by itself.',
  },
  log_cut: {
    code: 'network',
    message: 'The connection was cut while reading the log: {why}.',
    nextStep: 'Try again.',
  },
  log_too_long: {
    code: 'deadline',
    message: 'The log did not come within {minutes} minutes.',
    nextStep: 'Search fewer devboxes at once, or try again later.',
  },
  search_ended: { code: 'closed', message: 'The search has ended by itself: {why}.', nextStep: 'Search again.' },
} as const satisfies Record<string, ProblemWords>;

export const platformProblem = problemsOf(platformWords);
