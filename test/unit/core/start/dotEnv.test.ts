import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDotEnv } from '../../../../src/core/start/dotEnv';

describe('parseDotEnv', () => {
  it('reads what .env files have', () => {
    const text = [
      '\uFEFF# a comment',
      '',
      'A=1',
      'export B = two words # comment',
      "C='#not \\n a comment' # this is",
      'D="line\\none\\t\\"q\\" \\\\ \\x"',
      'E="over',
      'lines"',
      'F=',
      'G=a#b',
      'H=$HOME=x',
      'I=`back "quoted"`',
      'J= # empty',
      'K=a;b; c=d',
      'A=again',
    ].join('\r\n');
    assert.deepEqual(parseDotEnv(text), {
      variables: {
        A: 'again',
        B: 'two words',
        C: '#not \\n a comment',
        D: 'line\none\t"q" \\ \\x',
        E: 'over\nlines',
        F: '',
        G: 'a#b',
        H: '$HOME=x',
        I: 'back "quoted"',
        J: '',
        K: 'a;b; c=d',
      },
    });
    assert.deepEqual(parseDotEnv(''), { variables: {} });
    assert.deepEqual(parseDotEnv('__proto__=x'), { variables: Object.fromEntries([['__proto__', 'x']]) });
  });

  it('reads a value of a very long row of spaces in no time', () => {
    const spaces = ' '.repeat(900_000);
    assert.deepEqual(parseDotEnv(`A=x${spaces}y${spaces}# z #`), { variables: { A: `x${spaces}y` } });
    assert.deepEqual(parseDotEnv(`A="${'\\'.repeat(400_000)}"\n${'#'.repeat(400_000)}`), {
      variables: { A: '\\'.repeat(200_000) },
    });
  });

  it('tells the line that is no variable, and nothing else of it', () => {
    for (const [text, wrongLine] of [
      ['A=1\nsecret words', 2],
      ['2B=3', 1],
      ['A="one\ntwo"\n\nB-C=1', 4],
      ['A="never ends\nB=1', 1],
      ["A='one' two", 1],
      ['=x', 1],
    ] as const) {
      assert.deepEqual(parseDotEnv(text), { wrongLine }, text);
    }
  });
});
