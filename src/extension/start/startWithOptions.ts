import { l10n } from 'vscode';
import type { Services } from '../services';
import { policyStep, secretsStep, variablesStep } from './accountSteps';
import { readOffers, type Answers, type Offers, type StartStep } from './answers';
import { buildBlueprint } from './buildBlueprint';
import { contentStep } from './contentStep';
import { endStep } from './endStep';
import { nameStep } from './nameStep';
import { sizeStep } from './sizeStep';
import { sourceStep } from './sourceStep';
import { runSteps } from './steps';
import { startChosen, suggestedName } from './startDevbox';

/** Everything that can be chosen for a new devbox, in numbered steps with Back. */
export async function startWithOptions(services: Services): Promise<void> {
  const { api } = await services.account.require();
  let known: Offers | undefined;
  const offers = readOffers(api).then((read) => (known = read));
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
    choices: services.lastChoices.get(),
    name: suggestedName(),
    prices: services.account.prices,
  };
  const answers = await runSteps(l10n.t('Start Devbox'), stepsFor, start);
  if (answers === undefined) return;
  const { choices, buildFirst, preset } = answers;
  const name = answers.name.trim();
  if (preset === undefined) await services.lastChoices.set(choices);
  if (
    buildFirst === true &&
    choices.source.kind === 'blueprint' &&
    !(await buildBlueprint(services, choices.source.name))
  ) {
    return;
  }
  await startChosen(services, name, choices);
}
