import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ExpandError, expand } from '../../../../../src/local/account/dockerfile/expand';

const values: Readonly<Record<string, string>> = { V: 'value', E: '', P: '/a/b/c.tar.gz', A: 'a a a' };
const lookup = (name: string): string | undefined => values[name];

describe('variables of a Dockerfile', () => {
  // What BuildKit makes of each.
  const cases: readonly (readonly [string, string])[] = [
    ['$V', 'value'],
    ['${V}s', 'values'],
    ['a$V-$V.b', 'avalue-value.b'],
    ['$N', ''],
    ['${N}', ''],
    ['${N:-other}', 'other'],
    ['${E:-other}', 'other'],
    ['${E-other}', ''],
    ['${N-other}', 'other'],
    ['${V:-other}', 'value'],
    ['${V-other}', 'value'],
    ['${N:-${V}}', 'value'],
    ['${N:-"a b"}', 'a b'],
    ['${N:-$V/x}', 'value/x'],
    ['${V:+set}', 'set'],
    ['${E:+set}', ''],
    ['${E+set}', 'set'],
    ['${N+set}', ''],
    ['${N:+set}', ''],
    ['${V:?no}', 'value'],
    ['${E?no}', ''],
    ['${P#*/}', 'a/b/c.tar.gz'],
    ['${P##*/}', 'c.tar.gz'],
    ['${P%.*}', '/a/b/c.tar'],
    ['${P%%.*}', '/a/b/c'],
    ['${P%.gz}', '/a/b/c.tar'],
    ['${P#/x}', '/a/b/c.tar.gz'],
    ['${P%?z}', '/a/b/c.tar.'],
    ['${A/a/b}', 'b a a'],
    ['${A//a/b}', 'b b b'],
    ['${P//\\//_}', '_a_b_c.tar.gz'],
    ['${V/a*/$N.}', 'v.'],
    ["'$V'", '$V'],
    ["'${V}'", '${V}'],
    ['"$V"', 'value'],
    ['"a \\"$V\\" b"', 'a "value" b'],
    ['\\$V', '$V'],
    ['"\\$V"', '$V'],
    ['\\${V}', '${V}'],
    ['a\\ b', 'a b'],
    ['"a\\nb"', 'a\\nb'],
    ["it's fine'", 'its fine'],
    ["it's' fine'", 'error'],
    ['$', '$'],
    ['a$ b', 'a$ b'],
    ['$$', ''],
    ['$1x', 'x'],
    ['${1}x', 'x'],
    ['"a', 'error'],
    ["'a", 'error'],
    ['${V', 'error'],
    ['${V:x}', 'error'],
    ['${V!x}', 'error'],
    ['${}', 'error'],
    ['${N:?no such}', 'error'],
    ['${E:?no such}', 'error'],
    ['${N?no such}', 'error'],
  ];
  for (const [text, wanted] of cases) {
    it(`reads ${text}`, () => {
      if (wanted === 'error') {
        assert.throws(() => expand(text, lookup, { escape: '\\' }), ExpandError);
      } else {
        assert.equal(expand(text, lookup, { escape: '\\' }), wanted);
      }
    });
  }

  it('escapes with a backtick where the Dockerfile says so', () => {
    assert.equal(expand('C:\\x`$V "`"$V`""', lookup, { escape: '`' }), 'C:\\x$V "value"');
  });

  it('keeps quotes and escapes of a here-document', () => {
    assert.equal(expand(`"$V" '\${V}' \\n \\$V`, lookup, { escape: '\\', raw: true }), `"value" 'value' \\n $V`);
  });
});
