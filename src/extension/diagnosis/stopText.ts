import { l10n } from 'vscode';
import {
  diagnose,
  diagnosisDocument,
  gatherEvidence,
  type DiagnosisDocument,
  type Evidence,
} from '../../core/diagnosis';
import { RuntimeError } from '../../core/errors';
import { linkSignals } from '../../ground/deadline';
import { accountChanged } from '../account/accountChanged';
import type { Account } from '../account/account';
import type { Ender } from '../devboxes/endReason';
import type { Log } from '../messages/log';
import { failureText } from '../messages/showFailure';
import type { KnownSecrets } from '../session/knownSecrets';

/** What the evidence is read with. */
export interface StopSources {
  readonly account: Account;
  readonly knownSecrets: KnownSecrets;
  readonly endedHere: { by(devboxId: string): Ender | undefined };
  readonly log: Log;
}

/** Reads what is known of why a devbox stopped. Nothing is changed or woken. @throws RuntimeError */
export async function evidenceOf(
  { account, knownSecrets, endedHere }: Pick<StopSources, 'account' | 'knownSecrets' | 'endedHere'>,
  devboxId: string,
  signal?: AbortSignal,
): Promise<Evidence> {
  // What is shown is meant: one that is being looked up now would be asked for another one's devbox.
  const { api, ended } = account.shown ?? (await account.require());
  const linked = linkSignals(ended, signal);
  try {
    const secrets = await knownSecrets.of(devboxId);
    const evidence = await gatherEvidence(api, devboxId, { signal: linked.signal, secrets });
    return { ...evidence, ender: endedHere.by(devboxId) };
  } catch (error) {
    throw ended.aborted ? accountChanged(devboxId) : error;
  } finally {
    linked.dispose();
  }
}

/** The text that says why a devbox stopped; where that cannot be found out, the text says so. */
export async function stopText(
  { account, knownSecrets, endedHere, log }: StopSources,
  devboxId: string,
  signal: AbortSignal,
): Promise<DiagnosisDocument> {
  try {
    return diagnosisDocument(
      diagnose(await evidenceOf({ account, knownSecrets, endedHere }, devboxId, signal), l10n),
      l10n,
    );
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    log.failure('Finding out why a devbox stopped', error);
    return {
      text: `${[l10n.t('Could not find out why this devbox stopped.'), failureText(error)].join('\n')}\n`,
      steps: [],
    };
  }
}
