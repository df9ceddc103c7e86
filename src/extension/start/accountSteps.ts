import { l10n, type QuickPickItem } from 'vscode';
import { parseVariables, variablesForSecrets, variablesText } from '../../core/start/typedVariables';
import { shown, withChoices, type Offers, type StartStep, type Valued } from './answers';
import { optionalHint, pickStep, textStep } from './steps';

/** Variables of the devbox. Their values are never kept. */
export const variablesStep: StartStep = async (answers, place) => {
  const result = await textStep(place, {
    prompt: optionalHint(l10n.t('Environment variables, as NAME=value; NAME=value')),
    value: variablesText(answers.choices.environment ?? {}),
    problem: (value) =>
      'wrong' in parseVariables(value)
        ? l10n.t('Enter NAME=value. Separate several with ; and quote a value that contains ;.')
        : undefined,
  });
  if (result.kind !== 'next') return result;
  const parsed = parseVariables(result.value.text);
  return withChoices(answers, { environment: 'wrong' in parsed ? {} : parsed.variables });
};

/** Secrets of the account, by name; their values stay with Runloop. */
export function secretsStep({ secrets }: Pick<Offers, 'secrets'>): StartStep {
  return async (answers, place) => {
    const before = new Set(Object.values(answers.choices.secrets ?? {}));
    // Of all of them, so that what is said of one holds whichever are picked.
    const variables = new Map(
      Object.entries(variablesForSecrets(secrets.map(({ name }) => name))).map(([variable, name]) => [name, variable]),
    );
    const items = secrets.map(({ name }): Valued<string> => {
      const variable = variables.get(name);
      const description =
        variable === undefined || variable === name ? {} : { description: l10n.t('as {0}', variable) };
      return { label: shown(name), ...description, picked: before.has(name), value: name };
    });
    const placeHolder = optionalHint(l10n.t('Account secrets to pass as environment variables'));
    const result = await pickStep(place, { placeHolder, items, canPickMany: true });
    if (result.kind !== 'next') return result;
    const picked = result.value.map(({ value }) => [variables.get(value) ?? value, value] as const);
    return withChoices(answers, { secrets: Object.fromEntries(picked) });
  };
}

/** What the devbox may reach. */
export function policyStep({ policies }: Pick<Offers, 'policies'>): StartStep {
  return async (answers, place) => {
    const items: Valued<string | undefined>[] = [
      { label: l10n.t('No network policy'), value: undefined },
      ...policies.map(({ name, id }): QuickPickItem & { readonly value: string } => ({
        label: shown(name),
        description: shown(id),
        value: id,
      })),
    ];
    const isActive = ({ value }: Valued<string | undefined>): boolean => value === answers.choices.networkPolicyId;
    const result = await pickStep(place, { placeHolder: l10n.t('Network policy'), items, isActive });
    if (result.kind !== 'next') return result;
    return withChoices(answers, { networkPolicyId: result.value[0]?.value });
  };
}
