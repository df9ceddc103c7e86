import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isLoopbackHost } from '../../../../src/core/http/loopback';

describe('this computer', () => {
  for (const [host, expected] of [
    ['localhost', true],
    ['LOCALHOST', true],
    ['localhost.', true],
    ['a.localhost', true],
    ['4444-k.tunnel.localhost', true],
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['[::1]', true],
    ['[::ffff:7f00:1]', true],
    ['notlocalhost', false],
    ['localhost.example.com', false],
    ['127.evil.example', false],
    ['128.0.0.1', false],
    ['0.0.0.0', false],
    ['[::2]', false],
    ['', false],
  ] as const) {
    it(`${expected ? 'is' : 'is not'} ${host}`, () => assert.equal(isLoopbackHost(host), expected));
  }
});
