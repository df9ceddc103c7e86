import { problemsOf, type ProblemWords } from './problem';

/** What is wrong with an account's address or key, or with what its API answers; small, as activation reads it. */
export const accountWords = {
  base_url: {
    code: 'invalid_option',
    message: 'The Runloop base URL {fault}.',
    nextStep: 'Use {usual}, or the address of a local platform, such as http://127.0.0.1:8080.',
  },
  api_key_missing: {
    code: 'missing_api_key',
    message: 'There is no Runloop API key.',
    nextStep: 'Sign in with an API key, or set RUNLOOP_API_KEY in the environment.',
  },
  api_key_malformed: {
    code: 'authentication',
    message: 'The API key contains spaces or invalid characters.',
    nextStep: 'Copy the key again from the Runloop dashboard.',
  },
  api_answer_unexpected: {
    code: 'unexpected_answer',
    message: 'The Runloop API answered with something that is not {what}.',
    nextStep:
      'Check the base URL: it may not be a Runloop API. If the network requires you to sign in first, open any page in a browser.',
  },
} as const satisfies Record<string, ProblemWords>;

export const accountProblem = problemsOf(accountWords);
