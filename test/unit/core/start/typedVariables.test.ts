import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { variablesForSecrets } from '../../../../src/core/start/typedVariables';

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
