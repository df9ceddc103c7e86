import { l10n } from 'vscode';
import {
  diagnose,
  diagnosisDocument,
  gatherEvidence,
  type DiagnosisDocument,
  type Evidence,
} from '../../core/diagnosis';
import { RuntimeError } from '../../core/errors';
import type { Services } from '../services';

/** What the evidence is read with. */
export type StopSources = Pick<Services, 'account' | 'knownSecrets' | 'log'>;

/** Reads what is known of why a devbox stopped. Nothing is changed or woken. @throws RuntimeError */
export async function evidenceOf(services: StopSources, devboxId: string, signal?: AbortSignal): Promise<Evidence> {
  const { api } = await services.account.require();
  return gatherEvidence(api, devboxId, { signal, secrets: await services.knownSecrets.of(devboxId) });
}

/** The text that says why a devbox stopped; where that cannot be found out, the text says so. */
export async function stopText(
  services: StopSources,
  devboxId: string,
  signal: AbortSignal,
): Promise<DiagnosisDocument> {
  try {
    return diagnosisDocument(diagnose(await evidenceOf(services, devboxId, signal), l10n), l10n);
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    services.log.failure('Finding out why a devbox stopped', error);
    return {
      text: `${[l10n.t('Why this devbox stopped cannot be found out now.'), error.message, error.nextStep].join('\n')}\n`,
      steps: [],
    };
  }
}
