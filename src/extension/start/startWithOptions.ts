import { l10n } from 'vscode';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { choicesOf, oneSizeUp } from '../../core/start/choicesAgain';
import { nameProblem } from '../../core/start/startChoices';
import { whenSlow } from '../messages/whenSlow';
import type { KnownSecrets } from '../session/knownSecrets';
import { policyStep, secretsStep, variablesStep } from './accountSteps';
import { readOffers, type Answers, type Offers, type StartStep } from './answers';
import { buildBlueprint } from './buildBlueprint';
import { contentStep } from './contentStep';
import { endStep } from './endStep';
import type { LastChoices } from './lastChoices';
import { nameStep } from './nameStep';
import { sizeStep } from './sizeStep';
import { sourceStep } from './sourceStep';
import { runSteps } from './steps';
import { startChosen, suggestedName, type StartServices } from './startDevbox';

/**
 * Everything that can be chosen for a new devbox, in numbered steps with Back.
 *
 * @param like the id of a devbox whose choices are the first answers
 * @param need what that one had too little of
 */
export async function startWithOptions(
  services: StartServices & { readonly lastChoices: LastChoices; readonly knownSecrets: KnownSecrets },
  like?: unknown,
  need?: unknown,
): Promise<void> {
  const { account, lastChoices } = services;
  const { api } = await account.require();
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
    choices: lastChoices.get(),
    name: suggestedName(),
    prices: account.prices,
    ...(typeof like === 'string' ? await answersLike(services.knownSecrets, api, like, need) : {}),
  };
  const answers = await runSteps(l10n.t('Start Devbox'), stepsFor, start);
  if (answers === undefined) return;
  const { choices, buildFirst, preset } = answers;
  const name = answers.name.trim();
  if (preset === undefined) await lastChoices.set(choices);
  if (
    buildFirst === true &&
    choices.source.kind === 'blueprint' &&
    !(await buildBlueprint(services, choices.source.name))
  ) {
    return;
  }
  await startChosen(services, name, choices);
}

/** The answers that make another devbox like one that there was. */
async function answersLike(
  { startedChoices }: KnownSecrets,
  api: RunloopApi,
  devboxId: string,
  need: unknown,
): Promise<Pick<Answers, 'choices'> & Partial<Pick<Answers, 'name'>>> {
  const [devbox, kept] = await Promise.all([
    whenSlow((signal) => api.retrieve(devboxId, { signal })),
    startedChoices.of(devboxId),
  ]);
  const { blueprintId, name } = devbox;
  const blueprint = blueprintId === undefined || kept !== undefined ? undefined : await api.blueprintName(blueprintId);
  const choices = kept ?? choicesOf(devbox, blueprint);
  return {
    choices: need === 'memory' || need === 'disk' ? oneSizeUp(choices, need) : choices,
    ...(name === undefined || nameProblem(name) !== undefined ? {} : { name }),
  };
}
