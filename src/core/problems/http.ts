import { problemsOf, type ProblemWords } from './problem';

const checkConnection = 'Check the network connection and try again.';
const checkWay = 'Check the network connection, proxy settings and base URL, then try again.';
const signInToNetwork =
  'Check the base URL, and whether this network requires you to sign in first. To find out, open any page in a browser.';
const checkBaseUrlAndProxy = 'Check the base URL and the proxy.';

/** What stands between us and a server, and what is wrong with an answer whoever gave it. */
export const httpWords = {
  no_answer_within: {
    code: 'deadline',
    message: 'No response from {whom} within {seconds} s.',
    nextStep: checkConnection,
  },
  unreachable: { code: 'network', message: 'Could not reach {whom}: {why}.', nextStep: checkWay },
  answer_stopped: {
    code: 'deadline',
    message: 'The response stopped partway: nothing more arrived for {seconds} s.',
    nextStep: checkConnection,
  },
  answer_too_slow: {
    code: 'deadline',
    message: 'The response came too slowly: {bytes} bytes in {minutes} minutes.',
    nextStep: checkConnection,
  },
  answer_too_large: {
    code: 'unexpected_answer',
    message: 'The response is larger than {size} and was not read.',
    nextStep: 'Check the base URL, or request less at once.',
  },
  answer_packed: {
    code: 'unexpected_answer',
    message: 'The response uses a compression that was not requested.',
    nextStep: checkBaseUrlAndProxy,
  },
  answer_damaged: {
    code: 'unexpected_answer',
    message: 'The response says that it is compressed, but it cannot be decompressed.',
    nextStep: checkBaseUrlAndProxy,
  },
  protocol_not_requested: {
    code: 'unexpected_answer',
    message: 'The response switches to another protocol, which was not requested.',
    nextStep: checkBaseUrlAndProxy,
  },
  status_does_not_exist: {
    code: 'unexpected_answer',
    message: 'The response has the invalid status {status}.',
    nextStep: checkBaseUrlAndProxy,
  },
  no_web_socket: {
    code: 'unexpected_answer',
    message: '{whom} accepted the connection but did not follow the agreed protocol.',
    nextStep: checkBaseUrlAndProxy,
  },
  redirect: {
    code: 'unexpected_answer',
    message: '{host} responded with a redirect {where} ({status}), which was not followed.',
    nextStep: signInToNetwork,
  },
  redirected_refusal: {
    code: 'unexpected_answer',
    message:
      'The request was redirected, and refused at the new address ({status}). Whether the first address carried it out is not known.',
    nextStep: checkBaseUrlAndProxy,
  },
  web_page: {
    code: 'unexpected_answer',
    message: 'The response is not from the Runloop API: it is a web page ({status}).',
    nextStep: signInToNetwork,
  },
  foreign_refusal: {
    code: 'unexpected_answer',
    message:
      'The request was refused ({status}), but not by the Runloop API: something in between, such as a proxy or firewall, responded instead.',
    nextStep:
      'Check the base URL, proxy, VPN and firewall, and whether this network requires you to sign in first. To find out, open any page in a browser.',
  },
  proxy_password: {
    code: 'network',
    message: 'The proxy requires a user name and a password, or did not accept those it was given (407).',
    nextStep: "Add them to the proxy setting (http://user:password@proxy:port), or ask the proxy's administrator.",
  },
  proxy_refusal: {
    code: 'network',
    message: 'The proxy does not allow this connection ({status}).',
    nextStep: "Ask the proxy's administrator to allow it, or exclude the address from the proxy.",
  },
  network_sign_in: {
    code: 'network',
    message: 'This network requires you to sign in first (511).',
    nextStep: 'Open any page in a browser, sign in to the network there, then try again.',
  },
  proxy_variable: {
    code: 'invalid_option',
    message: 'The environment variable {variable} is not the address of a proxy.',
    nextStep: 'Use an address such as http://proxy.example.com:3128.',
  },
  proxy_kind: {
    code: 'invalid_option',
    message: 'The environment variable {variable} specifies a {kind} proxy, which is not supported here.',
    nextStep: 'Use an address such as http://proxy.example.com:3128.',
  },
} as const satisfies Record<string, ProblemWords>;

export const httpProblem = problemsOf(httpWords);
