import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseVariables, variablesForSecrets, variablesText } from '../../../../src/core/start/typedVariables';

describe('parseVariables', () => {
  it('keeps values as they are, equal signs and quotes included', () => {
    assert.deepEqual(parseVariables(`A=1; B=x=y "z" $HOME`), { variables: { A: '1', B: 'x=y "z" $HOME' } });
    assert.deepEqual(parseVariables('  '), { variables: {} });
    assert.deepEqual(parseVariables('A=; B=2;'), { variables: { A: '', B: '2' } });
    assert.deepEqual(parseVariables('A=1; Name=x'), { variables: { A: '1', Name: 'x' } });
    assert.deepEqual(parseVariables('A=größe 日本 🙂; B==;C="="'), {
      variables: { A: 'größe 日本 🙂', B: '=', C: '=' },
    });
    assert.deepEqual(parseVariables('A=1\nhttp_proxy=x\r\nC=3'), { variables: { A: '1', http_proxy: 'x', C: '3' } });
  });

  it('lets a value have a semicolon', () => {
    const read: readonly (readonly [string, Record<string, string>])[] = [
      ['A=x;y', { A: 'x;y' }],
      ['A=x;y; B=2', { A: 'x;y', B: '2' }],
      ['A=1;B=2', { A: '1', B: '2' }],
      ['DSN=Server=a;Password=b;', { DSN: 'Server=a;Password=b' }],
      ['DSN="Server=a; Password=b"; B=2', { DSN: 'Server=a; Password=b', B: '2' }],
      [`A='x; B=2'`, { A: 'x; B=2' }],
      ['A="say \\"a; b\\" \\\\"', { A: 'say "a; b" \\' }],
      ['A="open; B=2', { A: '"open', B: '2' }],
    ];
    for (const [text, variables] of read) assert.deepEqual(parseVariables(text), { variables }, text);
  });

  it('names what is no variable', () => {
    assert.deepEqual(parseVariables('A=1; 2B=3'), { wrong: '2B=3' });
    assert.deepEqual(parseVariables('A=hello; world'), { wrong: 'world' });
    assert.deepEqual(parseVariables('A B=3; C=4'), { wrong: 'A B=3' });
  });

  it('reads what is written for it', () => {
    const variables = {
      A: 'x; B=2',
      C: '"',
      D: "it's;",
      E: ' blank ',
      F: 'a\\b',
      G: '',
      H: 'two\nlines',
      I: '"q" and \\"; x',
    };
    assert.deepEqual(parseVariables(variablesText(variables)), { variables });
  });
});

describe('variablesForSecrets', () => {
  it('gives each secret a variable, of its own name where that is one', () => {
    assert.deepEqual(variablesForSecrets(['my-key', 'MY_KEY', 'my.key', '2nd', 'lower', '日本', '…']), {
      MY_KEY: 'MY_KEY',
      lower: 'lower',
      MY_KEY_2: 'my-key',
      MY_KEY_3: 'my.key',
      _2ND: '2nd',
      SECRET: '日本',
      SECRET_2: '…',
    });
  });
});
