import { l10n } from 'vscode';
import { longestName, nameProblem } from '../../core/start/startChoices';

/** What is wrong with a name, in the editor's language. */
export function nameComplaint(value: string): string | undefined {
  switch (nameProblem(value.trim())) {
    case 'empty':
      return l10n.t('Enter a name.');
    case 'too_long':
      return l10n.t('Use at most {0} characters.', longestName);
    case 'control_characters':
      return l10n.t('The name contains control characters.');
    default:
      return undefined;
  }
}
