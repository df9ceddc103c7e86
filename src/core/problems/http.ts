import { problemsOf, type ProblemWords } from './problem';

const checkConnection = 'Check the network connection and try again.';
const checkWay = 'Check the network connection, proxy settings and base URL, then try again.';
const signInToNetwork =
  'Check the base URL, and whether this network wants you to sign in first: open any page in a browser to find out.';
const checkBaseUrlAndProxy = 'Check the base URL and the proxy.';

/** What stands between us and a server, and what is wrong with an answer whoever gave it. */
export const httpWords = {
  no_answer_within: {
    code: 'deadline',
    message: 'No answer from {whom} within {seconds} s.',
    nextStep: checkConnection,
  },
  unreachable: { code: 'network', message: 'Could not reach {whom}: {why}.', nextStep: checkWay },
  answer_stopped: {
    code: 'deadline',
    message: 'The answer stopped in the middle: nothing more came for {seconds} s.',
    nextStep: checkConnection,
  },
  answer_too_large: {
    code: 'unexpected_answer',
    message: 'The answer is larger than {size} and was not read.',
    nextStep: 'Check the base URL; ask for less at once.',
  },
  answer_packed: {
    code: 'unexpected_answer',
    message: 'The answer is packed in a way that was not asked for.',
    nextStep: checkBaseUrlAndProxy,
  },
  status_does_not_exist: {
    code: 'unexpected_answer',
    message: 'The answer has the status {status}, which does not exist.',
    nextStep: checkBaseUrlAndProxy,
  },
  no_web_socket: {
    code: 'unexpected_answer',
    message: '{whom} agreed to a connection and did not keep to what was agreed.',
    nextStep: checkBaseUrlAndProxy,
  },
  redirect: {
    code: 'unexpected_answer',
    message: '{host} answered with a redirect {where} ({status}), which is not followed.',
    nextStep: signInToNetwork,
  },
  web_page: {
    code: 'unexpected_answer',
    message: 'The answer is not from the Runloop API: it is a web page ({status}).',
    nextStep: signInToNetwork,
  },
  proxy_password: {
    code: 'network',
    message: 'The proxy asks for a user name and a password, or does not accept those that it was given (407).',
    nextStep: 'Put them into the proxy setting (http://user:password@proxy:port), or ask whoever runs the proxy.',
  },
  proxy_refusal: {
    code: 'network',
    message: 'The proxy does not let this connection through ({status}).',
    nextStep: 'Ask whoever runs the proxy to allow it, or except the address from the proxy.',
  },
  network_sign_in: {
    code: 'network',
    message: 'This network asks you to sign in before it lets anything through (511).',
    nextStep: 'Open any page in a browser, sign in to the network there, then try again.',
  },
  proxy_variable: {
    code: 'invalid_option',
    message: 'The environment variable {variable} is not the address of a proxy.',
    nextStep: 'Use an address such as http://proxy.example.com:3128.',
  },
  proxy_kind: {
    code: 'invalid_option',
    message: 'The environment variable {variable} names a proxy of the kind {kind}, which cannot be used here.',
    nextStep: 'Use an address such as http://proxy.example.com:3128.',
  },
} as const satisfies Record<string, ProblemWords>;

export const httpProblem = problemsOf(httpWords);
