import { l10n } from 'vscode';
import { gatherEvidence, type Evidence } from '../../core/diagnosis';
import { RuntimeError } from '../../core/errors';
import { deadline } from '../../ground/deadline';
import type { SignedIn } from '../account/account';
import { devboxLabel } from '../devboxes/devboxText';
import { reasonText } from '../devboxes/endReason';
import { escapeForEditor } from '../messages/escapeForEditor';
import type { Log } from '../messages/log';
import type { KnownSecrets } from '../session/knownSecrets';

/** Milliseconds that finding the cause may keep the message about a failed start waiting. */
const causeMs = 10_000;
/** The last lines that a message has room for, and how long each may be. */
const shownLines = 2;
const longestLine = 120;

/**
 * What a message says of a start whose devbox ended: its name, the cause in words, and the last lines of its log. undefined
 * if it failed otherwise, or if nobody can tell.
 */
export async function failedStartText(
  { knownSecrets, log }: { readonly knownSecrets: KnownSecrets; readonly log: Log },
  { api, ended }: SignedIn,
  error: unknown,
): Promise<string | undefined> {
  if (!RuntimeError.is(error, 'devbox_ended') || error.devboxId === undefined) return undefined;
  const { devboxId } = error;
  try {
    const secrets = await knownSecrets.of(devboxId);
    const evidence = await gatherEvidence(api, devboxId, { signal: deadline(causeMs, ended), secrets });
    return textOf(evidence);
  } catch (failure) {
    // The failure itself is shown all the same.
    log.failure('Finding out why a start failed', failure);
    return undefined;
  }
}

function textOf({ devbox, setup, entrypoint, platform }: Evidence): string {
  const cause = escapeForEditor(reasonText(devbox) ?? l10n.t('Runloop gives no reason'));
  const lines = [entrypoint, setup, platform].find((some) => some.length > 0) ?? [];
  const last = lines
    .slice(-shownLines)
    .map(({ text }) => escapeForEditor(text.length > longestLine ? `${text.slice(0, longestLine - 1)}…` : text));
  const said = l10n.t('Devbox {0} failed to start: {1}.', devboxLabel(devbox), cause);
  return last.length === 0 ? said : l10n.t('{0} Last output: {1}', said, last.join(' ⏎ '));
}
