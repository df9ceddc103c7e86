import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { IgnoreRules } from '../../../../../src/local/account/build/ignoreRules';

describe('.dockerignore', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['node_modules', ['node_modules', 'node_modules/a/b'], ['a/node_modules', 'node_modules2']],
    ['**/node_modules/', ['node_modules', 'a/b/node_modules/c'], ['node_modules.md']],
    ['*.md\n!README.md', ['a.md'], ['README.md', 'docs/a.md']],
    ['**/*.pyc', ['a.pyc', 'a/b/c.pyc'], ['a.py']],
    ['/build/', ['build', 'build/x'], ['a/build']],
    ['./dist', ['dist'], []],
    ['*\n!src\n!src/**\nsrc/secret', ['a', 'src/secret'], ['src', 'src/a/b']],
    ['# comment\n\n  a  \r\n', ['a'], ['# comment']],
    ['?.txt', ['a.txt'], ['ab.txt', 'x/a.txt']],
    ['[ab].txt\n[^x]y', ['a.txt', 'zy'], ['c.txt', 'xy']],
    ['a.b+(c)', ['a.b+(c)'], ['aXb+(c)']],
    ['foo/**', ['foo/a', 'foo/a/b'], []],
    ['a/**/b', ['a/b', 'a/x/y/b'], ['a/xb']],
    ['a/../b//c/./d', ['b/c/d'], ['a/b', 'c/d']],
    ['\\!odd', ['!odd'], ['odd']],
  ];
  for (const [text, out, kept] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const rules = new IgnoreRules(text);
      assert.deepEqual(
        [...out, ...kept].filter((path) => rules.leavesOut(path)),
        [...out],
      );
    });
  }
});
