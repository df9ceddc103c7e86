import { l10n, ThemeIcon } from 'vscode';
import { nameComplaint } from '../devboxes/nameComplaint';
import { estimatedHour, type StartStep } from './answers';
import { choicesText } from './choicesText';
import { savePreset } from './savePreset';
import { textStep } from './steps';

/** The last step: the name, under everything that was chosen, and a button that keeps the choices as a preset. */
export const nameStep: StartStep = async (answers, header) => {
  const { choices, preset, prices } = answers;
  const price = estimatedHour(choices, prices);
  const text = choicesText(choices);
  const prompt = l10n.t(
    'Devbox name ({0})',
    price === undefined ? text : l10n.t('{0}; about ${1} an hour (estimate)', text, price),
  );
  const button = { iconPath: new ThemeIcon('bookmark'), tooltip: l10n.t('Save These Choices as a Preset…') };
  for (let { name } = answers; ;) {
    const result = await textStep(header, {
      prompt,
      value: name,
      problem: nameComplaint,
      ...(preset === undefined ? { button } : {}),
    });
    if (result.kind !== 'next') return result;
    name = result.value.text;
    if (!result.value.pressed) return { kind: 'next', value: { ...answers, name } };
    await savePreset(choices);
  }
};
