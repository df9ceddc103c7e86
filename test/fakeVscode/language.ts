import { readFileSync } from 'node:fs';
import { asStringMap, parseJson } from '../../src/core/parse';

/** The language that the fake editor speaks: English, or that of a bundle of the extension. */
export const language: { bundle: Readonly<Record<string, string>> } = { bundle: {} };

/** Lets the editor speak a language, as `media/l10n` has it, while `work` runs. */
export function speaking<T>(name: 'zh-cn', work: () => T): T {
  const before = language.bundle;
  language.bundle = asStringMap(parseJson(readFileSync(`media/l10n/bundle.l10n.${name}.json`, 'utf8')));
  try {
    return work();
  } finally {
    language.bundle = before;
  }
}
