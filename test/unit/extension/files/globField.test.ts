import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { globsIn } from '../../../../src/extension/files/search/globField';

describe('The field of files to search', () => {
  for (const [typed, include, exclude] of [
    ['', [], []],
    [' , !, ', [], []],
    ['*.ts, *.js', ['*.ts', '*.js'], []],
    ['*.{ts,js},!*.d.ts', ['*.{ts,js}'], ['*.d.ts']],
    ['{src,{test,docs}}/**, *.md', ['{src,{test,docs}}/**', '*.md'], []],
    ['{a,{b,{c,d}},e}', ['{a,{b,{c,d}},e}'], []],
    ['[,;].txt, *.md', ['[,;].txt', '*.md'], []],
    ['*.{ts,*.js', ['*.{ts', '*.js'], []],
    ['a}, *.js', ['a}', '**/a}/**', '*.js'], []],
    ['./src/, !node_modules', ['src', '**/src/**'], ['node_modules', '**/node_modules/**']],
  ] as const) {
    it(`takes ${JSON.stringify(typed)} for ${include.length} to search and ${exclude.length} to leave out`, () => {
      assert.deepEqual(globsIn(typed), { include, exclude });
    });
  }
});
