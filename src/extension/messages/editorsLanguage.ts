import { env, l10n } from 'vscode';
import type { Translate } from '../../core/problems/problem';

/** Texts of the core's problems in the language of the editor: their words are in `media/l10n`, by the English text. */
export const inEditorsLanguage: Translate = (text, params) => l10n.t(text, params);

/** A time as the language of the editor writes it: the process that runs extensions may have another one. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toLocaleString(env.language);
}

/** The same without the day. */
export function clockText(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString(env.language);
}
