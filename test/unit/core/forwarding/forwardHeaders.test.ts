import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'mocha';
import { answerHead, upgradeHead } from '../../../../src/core/forwarding/forwardHeaders';

describe('headers of a devbox that Node would not send', () => {
  // Node's own reader lets none of them in today; what it lets in is not promised.
  const rawHeaders = [
    'X-Good',
    'a',
    'X-Bad',
    'a\r\nSet-Cookie: evil=1',
    'X Bad',
    'b',
    'X-\u0001',
    'c',
    'X-Del',
    '\u007f',
  ];
  const answer = { statusCode: 200, statusMessage: 'OK', rawHeaders, headers: {} } as unknown as IncomingMessage;

  it('are left out of an answer', () => {
    const target = { origin: 'http://127.0.0.1:1', tunnelToken: undefined };
    assert.deepEqual(answerHead(answer, { isEmbedded: false, target })?.headers, ['X-Good', 'a']);
  });

  it('are left out where the protocol changes', () => {
    assert.equal(upgradeHead(answer), 'HTTP/1.1 101 Switching Protocols\r\nX-Good: a\r\n\r\n');
  });
});
