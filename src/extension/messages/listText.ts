import { l10n } from 'vscode';

/** Several short texts as one, with what the language puts between the parts of a list. */
export function listText(parts: readonly string[]): string {
  return parts.join(l10n.t(', '));
}
