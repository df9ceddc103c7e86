import { l10n } from 'vscode';
import type { Translate } from '../../core/problems/problem';

/** Texts of the core's problems in the language of the editor: their words are in `media/l10n`, by the English text. */
export const inEditorsLanguage: Translate = (text, params) => l10n.t(text, params);
