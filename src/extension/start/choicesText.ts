import { l10n } from 'vscode';
import { customSizeWord } from '../../core/start/customSize';
import { oneLine } from '../../core/safeText';
import type { StartChoices } from '../../core/start/startChoices';
import { endRuleText } from './endRuleText';
import { escapeForEditor } from '../messages/escapeForEditor';
import { listText } from '../messages/listText';

/** The choices in a few words, without values of variables; inert, as presets come from anybody. */
export function choicesText(choices: StartChoices): string {
  const { source, endRule, repository, folder, environment, secrets, networkPolicyId } = choices;
  const from =
    source.kind === 'blueprint'
      ? oneLine(source.name, 40)
      : source.kind === 'snapshot'
        ? oneLine(source.id, 40)
        : l10n.t('plain');
  const variables = Object.keys(environment ?? {});
  const named = Object.values(secrets ?? {});
  const parts = [
    from,
    sizeText(choices),
    endRuleText(endRule),
    ...(repository === undefined ? [] : [l10n.t('clones {0}', `${repository.owner}/${repository.name}`)]),
    ...(folder === undefined ? [] : [l10n.t('uploads {0}', oneLine(folder, 60))]),
    ...(variables.length === 0 ? [] : [l10n.t('sets {0}', oneLine(listText(variables), 80))]),
    ...(named.length === 0 ? [] : [l10n.t('with the account secrets {0}', oneLine(listText(named), 80))]),
    ...(networkPolicyId === undefined ? [] : [l10n.t('network policy {0}', oneLine(networkPolicyId, 40))]),
  ];
  return escapeForEditor(listText(parts));
}

/** The size in a word, or as its parts. */
function sizeText({ size, customSize }: Pick<StartChoices, 'size' | 'customSize'>): string {
  return size === customSizeWord && customSize !== undefined
    ? l10n.t('{0} CPU, {1} GiB memory, {2} GiB disk', customSize.cpuCores, customSize.memoryGib, customSize.diskGib)
    : oneLine(size, 40);
}
