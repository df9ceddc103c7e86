import { l10n } from 'vscode';
import { sizes, type Capacity, type Prices } from '../../core/cost/prices';
import {
  customSizeProblem,
  customSizeWord,
  largestCustomSize,
  memoryRatio,
  parseCustomSize,
} from '../../core/start/customSize';
import { estimatedHour, withChoices, type StartStep, type Valued } from './answers';
import { pickStep, textStep } from './steps';

/** The size, with what it has and what it costs; or one of one's own, with Runloop's limits checked. */
export const sizeStep: StartStep = async (answers, header) => {
  const {
    prices,
    choices: { size, customSize },
  } = answers;
  const items = [
    ...Object.entries(sizes).map(([word, capacity]): Valued<string> => row(word, word, capacity, prices)),
    customSize === undefined
      ? {
          label: l10n.t('Custom…'),
          description: l10n.t('Choose CPU, memory and disk'),
          value: customSizeWord,
        }
      : row(l10n.t('Custom…'), customSizeWord, customSize, prices),
  ];
  for (;;) {
    const isActive = ({ value }: Valued<string>): boolean => value === size;
    const result = await pickStep(header, { placeHolder: l10n.t('Size'), items, isActive });
    if (result.kind !== 'next') return result;
    const chosen = result.value[0]?.value ?? size;
    if (chosen !== customSizeWord) return withChoices(answers, { size: chosen, customSize: undefined });
    const typed = await textStep(header, {
      prompt: l10n.t('CPUs, GiB of memory and GiB of disk, for example: 2, 8, 20'),
      value: customSize === undefined ? '' : `${customSize.cpuCores}, ${customSize.memoryGib}, ${customSize.diskGib}`,
      problem: (text) => complaint(text),
    });
    if (typed.kind === 'left') return typed;
    const own = typed.kind === 'next' ? parseCustomSize(typed.value.text) : undefined;
    // Back leads to the list of sizes.
    if (own !== undefined) return withChoices(answers, { size: customSizeWord, customSize: own });
  }
};

function row(label: string, size: string, capacity: Capacity, prices: Prices | undefined): Valued<string> {
  const price = estimatedHour({ size, customSize: capacity }, prices);
  return {
    label,
    description: l10n.t(
      '{0} CPU, {1} GiB memory, {2} GiB disk',
      capacity.cpuCores,
      capacity.memoryGib,
      capacity.diskGib,
    ),
    ...(price === undefined ? {} : { detail: l10n.t('about ${0} an hour (estimate)', price) }),
    value: size,
  };
}

function complaint(text: string): string | undefined {
  const own = parseCustomSize(text);
  if (own === undefined) return l10n.t('Enter three numbers.');
  switch (customSizeProblem(own)) {
    case 'cpu':
      return l10n.t('Use 0.5, 1 or an even number of CPUs up to {0}.', largestCustomSize.cpuCores);
    case 'memory':
      return l10n.t('Use 1 or an even number of GiB of memory up to {0}.', largestCustomSize.memoryGib);
    case 'disk':
      return l10n.t('Use an even number of GiB of disk from 2 to {0}.', largestCustomSize.diskGib);
    case 'ratio':
      return l10n.t('Use {0} to {1} GiB of memory for each CPU.', memoryRatio.least, memoryRatio.most);
    default:
      return undefined;
  }
}
