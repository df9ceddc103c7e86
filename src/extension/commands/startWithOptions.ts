import { l10n, type QuickPickItem } from 'vscode';
import { hourlyPrice, sizes } from '../../core/cost/prices';
import { blueprintChoices, networkPolicyChoices, secretChoices, snapshotChoices, type Choice } from '../../core/platform/choices';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/plainText';
import { parseRepository, parseVariables, type EndRule, type Repository, type StartChoices, type StartSource } from '../../core/startChoices';
import { readSettings } from '../account/settings';
import type { Services } from '../services';
import { endRuleText } from './endRuleText';
import { nameComplaint } from './nameComplaint';
import { plainLabel } from './pickDevbox';
import { startChosen, suggestedName } from './startDevbox';
import { optionalHint, pickStep, runSteps, textStep, type Step } from './steps';

interface Answers {
  readonly choices: StartChoices;
  readonly name: string;
}

interface Valued<T> extends QuickPickItem {
  readonly value: T;
}

/** Everything that can be chosen for a new devbox, in numbered steps with Back. */
export async function startWithOptions(services: Services): Promise<void> {
  const { api } = await services.account.require();
  const start: Answers = { choices: services.lastChoices.get(), name: suggestedName() };
  const steps = [sourceStep(api), sizeStep, endStep, repositoryStep, variablesStep, secretsStep(api), policyStep(api), nameStep];
  const answers = await runSteps(l10n.t('Start Devbox'), steps, start);
  if (answers === undefined) return;
  await services.lastChoices.set(answers.choices);
  await startChosen(services, answers.name.trim(), answers.choices);
}

function sourceStep(api: RunloopApi): Step<Answers> {
  return async (answers, place) => {
    const usual = readSettings().blueprint;
    const read = async (): Promise<Valued<StartSource | undefined>[]> => {
      const [blueprints, snapshots] = await Promise.all([blueprintChoices(api), orNone(snapshotChoices(api))]);
      return [
        ...[...blueprints]
          .sort((a, b) => Number(b.name === usual) - Number(a.name === usual))
          .map((blueprint): Valued<StartSource | undefined> => {
            const ready = blueprint.status === 'build_complete';
            return {
              label: `$(package) ${shown(blueprint.name)}`,
              description: ready ? l10n.t('blueprint') : l10n.t('blueprint, {0}: cannot be started', shown(blueprint.status ?? '')),
              value: ready ? { kind: 'blueprint', name: blueprint.name } : undefined,
            };
          }),
        ...snapshots.map((snapshot): Valued<StartSource> => ({
          label: `$(history) ${shown(snapshot.name === '' ? snapshot.id : snapshot.name)}`,
          description: l10n.t('snapshot'),
          value: { kind: 'snapshot', id: snapshot.id },
        })),
        {
          label: `$(vm) ${l10n.t('Plain devbox')}`,
          description: l10n.t('the default image, without an action server'),
          value: { kind: 'plain' },
        },
      ];
    };
    for (;;) {
      const result = await pickStep(place, {
        placeHolder: l10n.t('What to start from'),
        items: read(),
        isActive: ({ value }) => JSON.stringify(value) === JSON.stringify(answers.choices.source),
      });
      if (result.kind !== 'next') return result;
      const source = result.value[0]?.value;
      // A blueprint that is not built cannot be picked; the list says why.
      if (source !== undefined) return { kind: 'next', value: { ...answers, choices: { ...answers.choices, source } } };
    }
  };
}

const sizeStep: Step<Answers> = async (answers, place) => {
  const items = Object.entries(sizes).map(([size, capacity]): Valued<string> => {
    const price = hourlyPrice(size);
    return {
      label: size,
      description: l10n.t('{0} CPU, {1} GiB memory, {2} GiB disk', capacity.cpuCores, capacity.memoryGib, capacity.diskGib),
      ...(price === undefined ? {} : { detail: l10n.t('about ${0} an hour (estimate)', price.toFixed(2)) }),
      value: size,
    };
  });
  const isActive = ({ value }: Valued<string>): boolean => value === answers.choices.size;
  const result = await pickStep(place, { placeHolder: l10n.t('Size'), items, isActive });
  if (result.kind !== 'next') return result;
  const size = result.value[0]?.value ?? answers.choices.size;
  return { kind: 'next', value: { ...answers, choices: { ...answers.choices, size } } };
};

const endStep: Step<Answers> = async (answers, place) => {
  const rules: EndRule[] = [
    ...[60, 240, 720, 2880].map((minutes): EndRule => ({ kind: 'lifetime', seconds: minutes * 60 })),
    ...[15, 60].flatMap((minutes) =>
      (['suspend', 'shutdown'] as const).map((action): EndRule => ({ kind: 'idle', seconds: minutes * 60, action })),
    ),
  ];
  const kept = answers.choices.endRule;
  const known = rules.some((rule) => endRuleText(rule) === endRuleText(kept));
  const items = (known ? rules : [kept, ...rules]).map((rule): Valued<EndRule> => ({ label: endRuleText(rule), value: rule }));
  const isActive = ({ label }: Valued<EndRule>): boolean => label === endRuleText(kept);
  const result = await pickStep(place, { placeHolder: l10n.t('When it ends by itself'), items, isActive });
  if (result.kind !== 'next') return result;
  return { kind: 'next', value: { ...answers, choices: { ...answers.choices, endRule: result.value[0]?.value ?? kept } } };
};

const repositoryStep: Step<Answers> = async (answers, place) => {
  const before = answers.choices.repository;
  const result = await textStep(place, {
    prompt: optionalHint(l10n.t('GitHub repository to clone, as owner/name')),
    value: before === undefined ? '' : `${before.owner}/${before.name}`,
    problem: (value) =>
      value.trim() === '' || parseRepository(value) !== undefined ? undefined : l10n.t('Write owner/name or https://github.com/owner/name.'),
  });
  if (result.kind !== 'next') return result;
  const repository: Repository | undefined = parseRepository(result.value);
  return { kind: 'next', value: { ...answers, choices: { ...answers.choices, repository } } };
};

const variablesStep: Step<Answers> = async (answers, place) => {
  const result = await textStep(place, {
    prompt: optionalHint(l10n.t('Environment variables, as NAME=value; NAME=value')),
    value: Object.entries(answers.choices.environment ?? {}).map(([name, value]) => `${name}=${value}`).join('; '),
    problem: (value) => {
      const parsed = parseVariables(value);
      return 'wrong' in parsed ? l10n.t('Write NAME=value, with ; between several.') : undefined;
    },
  });
  if (result.kind !== 'next') return result;
  const parsed = parseVariables(result.value);
  const environment = 'wrong' in parsed ? {} : parsed.variables;
  return { kind: 'next', value: { ...answers, choices: { ...answers.choices, environment } } };
};

function secretsStep(api: RunloopApi): Step<Answers> {
  return async (answers, place) => {
    const items = orNone(secretChoices(api)).then((secrets) => secrets.map((secret): QuickPickItem => ({ label: shown(secret.name) })));
    const placeHolder = optionalHint(l10n.t('Account secrets to pass on, each as a variable of its own name'));
    const result = await pickStep(place, { placeHolder, items, canPickMany: true });
    if (result.kind !== 'next') return result;
    const secrets = Object.fromEntries(result.value.map(({ label }) => [label, label]));
    return { kind: 'next', value: { ...answers, choices: { ...answers.choices, secrets } } };
  };
}

function policyStep(api: RunloopApi): Step<Answers> {
  return async (answers, place) => {
    const items = orNone(networkPolicyChoices(api)).then((policies): Valued<string | undefined>[] => [
      { label: l10n.t('No network policy'), value: undefined },
      ...policies.map((policy) => ({ label: shown(policy.name), description: policy.id, value: policy.id })),
    ]);
    const isActive = ({ value }: Valued<string | undefined>): boolean => value === answers.choices.networkPolicyId;
    const result = await pickStep(place, { placeHolder: l10n.t('Network policy'), items, isActive });
    if (result.kind !== 'next') return result;
    return { kind: 'next', value: { ...answers, choices: { ...answers.choices, networkPolicyId: result.value[0]?.value } } };
  };
}

const nameStep: Step<Answers> = async (answers, place) => {
  const prompt = l10n.t('Name of the devbox');
  const result = await textStep(place, { prompt, value: answers.name, problem: nameComplaint });
  return result.kind === 'next' ? { kind: 'next', value: { ...answers, name: result.value } } : result;
};

/** Names from outside as one harmless line. */
function shown(text: string): string {
  return plainLabel(oneLine(text, 60));
}

/** What an account or platform does not offer (403, 404, 501) is no choice; other failures are told. */
async function orNone(list: Promise<readonly Choice[]>): Promise<readonly Choice[]> {
  try {
    return await list;
  } catch (error) {
    if (RuntimeError.is(error) && [403, 404, 501].includes(error.status ?? 0)) return [];
    throw error;
  }
}
