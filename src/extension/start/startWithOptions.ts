import { l10n } from 'vscode';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { deadline } from '../../ground/deadline';
import { mustStillBe } from '../account/accountChanged';
import { listLimitMs } from '../messages/whenSlow';
import type { KnownSecrets } from '../session/knownSecrets';
import { policyStep, secretsStep } from './accountSteps';
import { readOffers, type Answers, type Offers, type StartStep } from './answers';
import { answersFor } from './answersAgain';
import { buildBlueprint } from './buildBlueprint';
import { contentStep } from './contentStep';
import { endStep } from './endStep';
import type { LastChoices } from './lastChoices';
import { nameStep } from './nameStep';
import { sizeStep } from './sizeStep';
import { sourceStep } from './sourceStep';
import { runSteps } from './steps';
import { startChosen, suggestedName, type StartServices } from './startDevbox';
import { variablesStep } from './variablesStep';

/**
 * Everything that can be chosen for a new devbox, in numbered steps with Back.
 *
 * @param like the id of a devbox whose choices are the first answers, with a snapshot in place of what it was made from where
 *   one is named: `{ like, snapshotId }`
 * @param need what that one had too little of
 */
export async function startWithOptions(
  services: StartServices & { readonly lastChoices: LastChoices; readonly knownSecrets: KnownSecrets },
  like?: unknown,
  need?: unknown,
): Promise<void> {
  const { account, lastChoices } = services;
  const signedIn = await account.require();
  const { api } = signedIn;
  const last = await lastChoices.get();
  let known: Offers | undefined;
  const left = new AbortController();
  const reading = { signal: deadline(listLimitMs, left.signal), rule };
  const offers = readOffers(api, reading).then((read) => (known = read));
  // Shown by the step that waits for it, if there still is one.
  offers.catch(() => undefined);
  const first = sourceStep(offers);
  const stepsFor = ({ preset, choices }: Answers): readonly StartStep[] => {
    if (preset !== undefined) return [first, nameStep];
    return [
      first,
      sizeStep,
      endStep,
      contentStep,
      variablesStep,
      // What the account does not have is not asked about.
      ...(known !== undefined && known.secrets.length > 0 ? [secretsStep(known)] : []),
      ...(known !== undefined && (known.policies.length > 0 || choices.networkPolicyId !== undefined)
        ? [policyStep(known)]
        : []),
      nameStep,
    ];
  };
  const start: Answers = {
    choices: last,
    name: suggestedName(),
    prices: account.prices,
    ...(await answersFor(services.knownSecrets, api, like, need)),
  };
  const answers = await runSteps(l10n.t('Start Devbox'), stepsFor, start).finally(() => left.abort());
  if (answers === undefined) return;
  mustStillBe(signedIn);
  const { choices, buildFirst, preset } = answers;
  const name = answers.name.trim();
  if (preset === undefined) await lastChoices.set(choices);
  if (
    buildFirst === true &&
    choices.source.kind === 'blueprint' &&
    !(await buildBlueprint(services, signedIn, choices.source.name))
  ) {
    return;
  }
  await startChosen(services, signedIn, name, choices);
}
