import type { RuntimeErrorCode } from '../../core/errors';

/** What a message about a failure can offer. */
export type RemedyKind =
  | 'signIn'
  | 'tryAgain'
  | 'whyStopped'
  | 'showOutput'
  | 'chooseBlueprint'
  | 'openSettings'
  | 'shutDown'
  | 'resume'
  | 'refresh';

/** What helps after each kind of failure, the most helpful first. */
const remedies: Readonly<Record<RuntimeErrorCode, readonly RemedyKind[]>> = {
  authentication: ['signIn'],
  missing_api_key: ['signIn'],
  keyring: ['tryAgain'],
  account_changed: [],
  permission: ['signIn'],
  // The same works once it is paid for.
  payment: ['tryAgain'],
  blueprint_missing: ['chooseBlueprint'],
  invalid_option: ['openSettings'],
  devbox_ended: ['whyStopped', 'tryAgain', 'showOutput'],
  // The output tells why, before anything is tried again.
  no_action_server: ['showOutput', 'tryAgain'],
  action_server: ['showOutput', 'tryAgain'],
  action_timeout: ['showOutput', 'tryAgain'],
  shell_busy: ['showOutput', 'tryAgain'],
  environment: ['showOutput', 'tryAgain'],
  transfer: ['showOutput', 'tryAgain'],
  mcp: ['showOutput', 'tryAgain'],
  file: ['tryAgain'],
  unexpected_answer: ['showOutput', 'tryAgain'],
  // Passing trouble: mostly the next attempt works; where not, the output tells why.
  deadline: ['tryAgain', 'showOutput'],
  disconnected: ['tryAgain', 'showOutput'],
  session_key: ['tryAgain', 'showOutput'],
  network: ['tryAgain'],
  api: ['tryAgain'],
  rate_limited: ['tryAgain'],
  conflict: ['tryAgain'],
  // The same again would fail again.
  devbox_not_found: ['showOutput'],
  not_found: ['showOutput'],
  closed: ['showOutput'],
  // It may cost money, so that comes before everything else.
  may_still_run: ['shutDown', 'showOutput'],
  start_unknown: ['refresh'],
  not_noted: ['tryAgain'],
  devbox_suspended: ['resume'],
  // The user's own doing: nothing is shown.
  cancelled: [],
};

/** What can be offered only where it is known which devbox is meant. */
const needsDevbox: ReadonlySet<RemedyKind> = new Set(['whyStopped', 'showOutput', 'shutDown', 'resume']);

/**
 * What a message about this failure offers: the remedies of its kind that can be had.
 *
 * @param failure.devboxId the devbox that it is about, if one is
 * @param canTryAgain whether there is something to try again
 */
export function remediesOf(
  failure: {
    readonly code: RuntimeErrorCode;
    readonly devboxId: string | undefined;
    readonly problem?: { readonly id: string };
  },
  canTryAgain: boolean,
): readonly RemedyKind[] {
  // What an agent or its installer has said is not in the output of the devbox.
  const isAgents = failure.problem?.id.startsWith('agent_') === true;
  return remedies[failure.code].filter(
    (remedy) =>
      !(isAgents && remedy === 'showOutput') &&
      (remedy !== 'tryAgain' || canTryAgain) &&
      (!needsDevbox.has(remedy) || failure.devboxId !== undefined),
  );
}
