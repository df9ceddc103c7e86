import { problemsOf, type ProblemWords } from './problem';

/** What can go wrong with the ports of a devbox. */
export const portsWords = {
  port_devbox_not_running: {
    code: 'closed',
    message: 'The devbox is not running (its status is {status}), so its ports cannot be reached.',
    nextStep: 'Try again when it is running.',
  },
  port_taken: {
    code: 'conflict',
    message: 'Port {port} of this computer is already in use.',
    nextStep: 'Choose another port.',
  },
  port_forbidden: {
    code: 'permission',
    message: 'This computer does not allow the editor to use port {port}.',
    nextStep: 'Choose a port number above 1023.',
  },
  port_not_opened: {
    code: 'network',
    message: 'Port {port} of this computer could not be opened ({why}).',
    nextStep: 'Choose another port.',
  },
  port_shares_origin: {
    code: 'permission',
    message:
      'This editor would show the port under its own address, where programs in the devbox could take over the editor and this computer.',
    nextStep: 'Give forwarded ports their own host name (in code-server: --proxy-domain), then try again.',
  },
  tunnel_not_renewed: {
    code: 'api',
    message: 'The public tunnel was removed, but no tunnel with a token could be opened: {why}.',
    nextStep: 'Open a port of the devbox to try again.',
  },
} as const satisfies Record<string, ProblemWords>;

export const portsProblem = problemsOf(portsWords);
