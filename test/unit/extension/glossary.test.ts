import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { asObject, asString } from '../../../src/core/parse';

function texts(file: string): readonly (readonly [key: string, text: string])[] {
  const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return Object.entries(asObject(read) ?? {}).map(([key, text]) => [key, asString(text) ?? ''] as const);
}

/** The last column of the table in CONTRIBUTING. */
function unwanted(): readonly string[] {
  const [, table = ''] = readFileSync('CONTRIBUTING.md', 'utf8').split('## Glossary of visible texts');
  const rows = (table.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).flatMap((row) => {
    const [, , , not = ''] = row.split('|');
    return not.split(',').map((word) => word.trim());
  });
}

/** Where a word stands by itself; Chinese has no blanks to tell. */
function has(text: string, word: string): boolean {
  const isLatin = /^[\w ]+$/.test(word);
  return new RegExp(isLatin ? `\\b${word}\\b` : word, 'i').test(text);
}

describe('Visible texts', () => {
  const bundle = texts('media/l10n/bundle.l10n.zh-cn.json');
  const all = [
    ...bundle.map(([english]) => english),
    ...bundle.map(([, chinese]) => chinese),
    ...texts('package.nls.json').map(([, text]) => text),
    ...texts('package.nls.zh-cn.json').map(([, text]) => text),
  ];

  it('use the words of the glossary, and none that it keeps out', () => {
    const words = unwanted();
    assert.ok(words.length > 40 && all.length > 1_500, `${words.length} words, ${all.length} texts`);
    assert.ok(has('Please Log In now', 'log in') && has('请点击这里', '点击') && !has('a login', 'log in'));
    const found = words.flatMap((word) => all.filter((text) => has(text, word)).map((text) => `${word}: ${text}`));
    assert.deepEqual(found, []);
  });

  it('have straight apostrophes in English: an editor marks others in a document as easily mistaken', () => {
    const english = [...bundle.map(([text]) => text), ...texts('package.nls.json').map(([, text]) => text)];
    assert.deepEqual(
      english.filter((text) => /[‘’‚´`–]/.test(text.replaceAll(/`[^`]*`/g, ''))),
      [],
    );
  });

  it('have one word for agents in Chinese, which is not that for proxies', () => {
    const wrong = bundle.filter(
      ([english, chinese]) =>
        (/\bagents?\b/i.test(english) && !chinese.includes('智能体')) ||
        (chinese.includes('代理') && !/\bprox(?:y|ies)\b/i.test(english)),
    );
    assert.deepEqual(wrong, []);
  });
});
