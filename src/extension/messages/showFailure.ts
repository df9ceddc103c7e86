import { commands, l10n, window } from 'vscode';
import { messageOf, RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/plainText';
import { redact } from '../../core/redact';
import type { CommandId } from '../commandIds';
import { inertText } from './inertText';
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

function remediesFor(error: RuntimeError, retry: (() => Promise<void>) | undefined): Remedy[] {
  const all: Readonly<Record<RemedyKind, Remedy>> = {
    signIn: command(l10n.t('Sign In'), 'runloop.signIn'),
    tryAgain: { title: l10n.t('Try Again'), run: () => retry?.() ?? Promise.resolve() },
    showOutput: command(l10n.t('Show Output'), 'runloop.showOutput', error.devboxId),
    chooseBlueprint: command(l10n.t('Choose Blueprint'), 'workbench.action.openSettings', 'runloop.blueprint'),
    shutDown: command(l10n.t('Shut Down'), 'runloop.shutDownDevbox', error.devboxId),
    resume: command(l10n.t('Resume'), 'runloop.resumeDevbox', error.devboxId),
    refresh: command(l10n.t('Refresh Devboxes'), 'runloop.refreshDevboxes'),
    openSettings: command(l10n.t('Open Settings'), 'workbench.action.openSettings', 'runloop.'),
  };
  return remediesOf(error, retry !== undefined).map((kind) => all[kind]);
}

/** What a failure means and what to do about it, in the editor's language where we know the case. Safe to show anywhere. */
export function failureText(error: unknown): string {
  if (isMissingCode(error)) return missingCodeText();
  return inertText(
    RuntimeError.is(error)
      ? (knownText(error) ?? oneLine(redact(`${error.message} ${error.nextStep}`), 500))
      : oneLine(redact(messageOf(error)), 300),
  );
}

function knownText(error: RuntimeError): string | undefined {
  switch (error.code) {
    case 'authentication':
      return l10n.t('Runloop does not accept this API key. Sign in again with a valid key.');
    case 'missing_api_key':
      return l10n.t('You are not signed in to Runloop. Sign in with an API key.');
    case 'keyring':
      return l10n.t('The keyring of this computer refused to give or keep the key. Unlock it, or set RUNLOOP_API_KEY.');
    case 'account_changed':
      return l10n.t('The window turned to another account meanwhile.');
    case 'rate_limited':
      return error.retryAfterSeconds === undefined
        ? l10n.t('Runloop is limiting requests (429). Wait a little, then try again.')
        : l10n.t('Runloop is limiting requests (429). Try again in {0} s.', Math.ceil(error.retryAfterSeconds));
    case 'payment':
      return l10n.t(
        'Runloop wants to be paid before it does this (402). Check the payment method and the credit of the account in the Runloop dashboard.',
      );
    case 'network':
      return l10n.t('{0} Check the network connection, proxy and base URL.', oneLine(redact(error.message), 300));
    case 'may_still_run':
      return error.devboxId === undefined
        ? undefined
        : l10n.t(
            'The devbox {0} may still run, and cost money: it could not be shut down. {1}',
            oneLine(error.devboxId, 40),
            oneLine(redact(messageOf(error.cause)), 300),
          );
    case 'start_unknown':
      return l10n.t(
        'It is not known whether Runloop made the devbox. This window goes on looking for it, and asks what is to become of it.',
      );
    case 'not_noted':
      return l10n.t(
        'Nothing was started, as this computer could not note the start: {0}',
        oneLine(redact(messageOf(error.cause)), 300),
      );
    case 'devbox_suspended':
      return l10n.t('The devbox is suspended. Resume it first.');
    default:
      return undefined;
  }
}

/**
 * Shows one message for a failure, with a button that helps, and logs the details. Cancellations are the user's own
 * doing and are not shown.
 *
 * @param first buttons that the caller has for this failure, before the usual ones
 */
export function showFailure(
  doing: string,
  error: unknown,
  log: Log,
  retry?: () => Promise<void>,
  first: readonly Remedy[] = [],
): void {
  if (RuntimeError.is(error, 'cancelled')) return;
  log.failure(doing, error);
  const usual = RuntimeError.is(error) ? remediesFor(error, retry) : [];
  const remedies = isMissingCode(error) ? [reloadWindow()] : [...first, ...usual];
  const details: Remedy = { title: l10n.t('Show Log'), run: () => commands.executeCommand('runloop.showLog') };
  const offered = remedies.length === 0 ? [details] : remedies;
  window.showErrorMessage(failureText(error), ...offered.map(({ title }) => title)).then(
    (chosen) => {
      offered
        .find(({ title }) => title === chosen)
        ?.run()
        .then(undefined, (failure: unknown) => log.failure(chosen ?? doing, failure));
    },
    (failure: unknown) => log.failure('Showing a message', failure),
  );
}
