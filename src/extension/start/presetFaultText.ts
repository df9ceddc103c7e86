import { l10n } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { PresetError, type PresetFault } from '../../core/start/presetFault';

/**
 * Reads presets; what is wrong with them is thrown in the editor's language.
 *
 * @throws RuntimeError `invalid_option`
 */
export function inEditorsLanguage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PresetError)) throw error;
    throw new RuntimeError({
      code: error.code,
      message: faultText(error.fault),
      nextStep: l10n.t('Correct the presets, then try again.'),
      cause: error,
    });
  }
}

function faultText(fault: PresetFault): string {
  switch (fault.kind) {
    case 'tooLarge':
      return l10n.t('The file of presets is too large.');
    case 'forbiddenName':
      return l10n.t('The file of presets has a name in it that is not allowed.');
    case 'noJson':
      return l10n.t('The file of presets is not valid JSON: {0}', fault.detail);
    case 'unknownWord':
      return fault.where === ''
        ? l10n.t('The presets have a word that is not known: {0}.', fault.word)
        : l10n.t('The presets have a word that is not known, in {0}: {1}.', fault.where, fault.word);
    case 'tooMuch':
      return l10n.t('In the presets, {0} may be at most {1}.', fault.where, fault.limit);
    case 'tooLittle':
      return l10n.t('In the presets, {0} must be at least {1}.', fault.where, fault.limit);
    case 'notOneOf':
      return l10n.t('In the presets, {0} must be one of: {1}.', fault.where, fault.allowed);
    case 'notAllowed':
      return fault.where === ''
        ? l10n.t('The presets are not in the form that they must have.')
        : l10n.t('In the presets, {0} is not allowed as it is.', fault.where);
    case 'excludes':
      return l10n.t('Preset {0}: these exclude one another: {1}.', fault.preset, fault.words);
    case 'noSuchSize':
      return l10n.t('Preset {0}: Runloop does not offer this customSize.', fault.preset);
    case 'noRepository':
      return l10n.t('Preset {0}: repository must be owner/name.', fault.preset);
    case 'variable':
      return l10n.t('Preset {0}: the variable {1} cannot be set.', fault.preset, fault.name);
  }
}
