import { commands, l10n, window } from 'vscode';
import { messageOf, RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import { problemText } from '../../core/problems/problem';
import { redactShapes } from '../../core/redactShapes';
import type { CommandId } from '../commandIds';
import { inEditorsLanguage } from './editorsLanguage';
import { escapeForEditor } from './escapeForEditor';
import { extensionProblem } from './extensionProblems';
import type { Log } from './log';
import { isMissingCode, missingCodeText, reloadWindow } from './missingCode';
import { remediesOf, type RemedyKind } from './remedies';

/** A button of a failure's message. */
export interface Remedy {
  readonly title: string;
  run(): Thenable<unknown>;
}

function command(title: string, id: CommandId | 'workbench.action.openSettings', ...args: unknown[]): Remedy {
  return { title, run: () => commands.executeCommand(id, ...args) };
}

type Begun = { readonly ended: AbortSignal } | undefined;

function remediesFor(error: RuntimeError, retry: (() => Promise<void>) | undefined, account: Begun): Remedy[] {
  /** The same on the devbox that failed, which no other account is asked for. */
  const onDevbox = (title: string, id: CommandId): Remedy => ({
    title,
    run: async () => {
      if (account?.ended.aborted === true) {
        const problem = extensionProblem('account_changed');
        throw new RuntimeError({ problem, devboxId: error.devboxId });
      }
      await commands.executeCommand(id, error.devboxId);
    },
  });
  const all: Readonly<Record<RemedyKind, Remedy>> = {
    signIn: command(l10n.t('Sign In'), 'runloop.signIn'),
    tryAgain: { title: l10n.t('Try Again'), run: () => retry?.() ?? Promise.resolve() },
    whyStopped: onDevbox(l10n.t('Why Did It Stop?'), 'runloop.whyDidItStop'),
    showOutput: onDevbox(l10n.t('Show Output'), 'runloop.showOutput'),
    chooseBlueprint: command(l10n.t('Choose Blueprint'), 'workbench.action.openSettings', 'runloop.blueprint'),
    shutDown: onDevbox(l10n.t('Shut Down'), 'runloop.shutDownDevbox'),
    resume: onDevbox(l10n.t('Resume'), 'runloop.resumeDevbox'),
    refresh: command(l10n.t('Refresh Devboxes'), 'runloop.refreshDevboxes'),
    openSettings: command(l10n.t('Open Settings'), 'workbench.action.openSettings', settingOf(error)),
  };
  return remediesOf(error, retry !== undefined).map((kind) => all[kind]);
}

/** Where what is wrong is set. */
function settingOf({ problem: { id } }: RuntimeError): string {
  return id === 'agent_no_command' || id === 'agent_no_program' ? 'runloop.agents' : 'runloop.';
}

/** What a failure means and what to do about it, in the editor's language. Safe to show anywhere. */
export function failureText(error: unknown): string {
  if (isMissingCode(error)) return missingCodeText();
  return escapeForEditor(
    RuntimeError.is(error)
      ? (briefText(error) ?? oneLine(redactShapes(problemText(error.problem, inEditorsLanguage)), 500))
      : oneLine(redactShapes(messageOf(error)), 300),
  );
}

/** Where fewer words say more than those of the problem, which the log has. */
function briefText(error: RuntimeError): string | undefined {
  switch (error.problem.id) {
    case 'api_authentication':
    case 'log_authentication':
      return l10n.t('Runloop does not accept this API key. Sign in again with a valid key.');
    case 'api_rate_limited':
    case 'log_rate_limited':
      return error.retryAfterSeconds === undefined
        ? l10n.t('Runloop is limiting requests (429). Wait a moment, then try again.')
        : l10n.t('Runloop is limiting requests (429). Try again in {0} s.', Math.ceil(error.retryAfterSeconds));
    case 'api_payment':
      return l10n.t(
        'Runloop requires payment for this (402). Check the payment method and credit of the account in the Runloop dashboard.',
      );
    case 'start_unknown':
    case 'start_unknown_not_found':
      return l10n.t(
        'It is not known whether Runloop created devbox {0}. This window keeps looking for it and asks what to do when it is found.',
        nameIn(error),
      );
    default:
      return undefined;
  }
}

/** The name of the devbox that a problem is about. */
function nameIn({ problem: { params } }: RuntimeError): string {
  const name = params['devbox'];
  return typeof name === 'string' ? oneLine(redactShapes(name), 60) : '';
}

/** What a caller knows better than the failure. */
export interface FailureOptions {
  /** Buttons that the caller has for this failure, before the usual ones. */
  readonly first?: readonly Remedy[];
  /** What the caller has to say of it instead of the usual words. */
  readonly text?: string | undefined;
  /** The account in which it failed: a button that is clicked later does nothing in another one. */
  readonly account?: { readonly ended: AbortSignal } | undefined;
}

/**
 * Shows one message for a failure, with a button that helps, and logs the details. Cancellations are the user's own
 * doing and are not shown.
 *
 */
export function showFailure(
  doing: string,
  error: unknown,
  log: Log,
  retry?: () => Promise<void>,
  { first = [], text, account }: FailureOptions = {},
): void {
  if (RuntimeError.is(error, 'cancelled')) return;
  log.failure(doing, error);
  const usual = RuntimeError.is(error) ? remediesFor(error, retry, account) : [];
  const remedies = isMissingCode(error) ? [reloadWindow()] : [...first, ...usual];
  const details: Remedy = { title: l10n.t('Show Log'), run: () => commands.executeCommand('runloop.showLog') };
  const offered = remedies.length === 0 ? [details] : remedies;
  window.showErrorMessage(text ?? failureText(error), ...offered.map(({ title }) => title)).then(
    (chosen) => {
      offered
        .find(({ title }) => title === chosen)
        ?.run()
        .then(undefined, (failure: unknown) =>
          RuntimeError.is(failure, 'account_changed')
            ? showFailure(chosen ?? doing, failure, log)
            : log.failure(chosen ?? doing, failure),
        );
    },
    (failure: unknown) => log.failure('Showing a message', failure),
  );
}
