import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { parseCalls } from '../../../../../src/local/actionServer/browser/actionCode';
import { parseKeys } from '../../../../../src/local/actionServer/browser/keys';

describe('the code of browser actions', () => {
  it('is read as calls with plain values, whatever is around them', () => {
    assert.deepEqual(parseCalls('a("x", \'y\\\'z\', 1.5, -2, [1, "b"], True, None)'), [
      { name: 'a', positional: ['x', "y'z", 1.5, -2, [1, 'b'], true, null], named: {} },
    ]);
    assert.deepEqual(parseCalls('# c("no")\nv = 3\nb(bid="1", m=["Shift",],)\nprint(f(1))'), [
      { name: 'b', positional: [], named: { bid: '1', m: ['Shift'] } },
      { name: 'f', positional: [1], named: {} },
    ]);
    assert.deepEqual(parseCalls('a("""two\nlines""")'), [{ name: 'a', positional: ['two\nlines'], named: {} }]);
    assert.deepEqual(parseCalls('a(x'), []);
    assert.deepEqual(parseCalls('a("open'), []);
  });

  it('names keys as people do', () => {
    assert.deepEqual(parseKeys('Control+a'), {
      modifiers: 2,
      key: { key: 'a', code: 'KeyA', keyCode: 65, text: undefined },
    });
    assert.deepEqual(parseKeys('Enter'), {
      modifiers: 0,
      key: { key: 'Enter', code: 'Enter', keyCode: 13, text: '\r' },
    });
    assert.equal(parseKeys('+')?.key.text, '+');
    assert.equal(parseKeys('Shift++')?.key.text, '+');
    assert.equal(parseKeys('Hyper+a'), undefined);
    assert.equal(parseKeys('NoKey'), undefined);
  });
});
