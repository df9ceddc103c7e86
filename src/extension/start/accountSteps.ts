import { l10n, type QuickPickItem } from 'vscode';
import { variablesForSecrets } from '../../core/start/typedVariables';
import { shown, withChoices, type Offers, type StartStep, type Valued } from './answers';
import { optionalHint, pickStep } from './steps';

/** Secrets of the account, by name; their values stay with Runloop. */
export function secretsStep({ secrets }: Pick<Offers, 'secrets'>): StartStep {
  return async (answers, header) => {
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
    const result = await pickStep(header, { placeHolder, items, canPickMany: true });
    if (result.kind !== 'next') return result;
    const picked = result.value.map(({ value }) => [variables.get(value) ?? value, value] as const);
    return withChoices(answers, { secrets: Object.fromEntries(picked) });
  };
}

/** What the devbox may reach. */
export function policyStep({ policies }: Pick<Offers, 'policies'>): StartStep {
  return async (answers, header) => {
    const items: Valued<string | undefined>[] = [
      { label: l10n.t('No network policy'), value: undefined },
      ...policies.map(({ name, id }): QuickPickItem & { readonly value: string } => ({
        label: shown(name),
        description: shown(id),
        value: id,
      })),
    ];
    const isActive = ({ value }: Valued<string | undefined>): boolean => value === answers.choices.networkPolicyId;
    const result = await pickStep(header, { placeHolder: l10n.t('Network policy'), items, isActive });
    if (result.kind !== 'next') return result;
    return withChoices(answers, { networkPolicyId: result.value[0]?.value });
  };
}
