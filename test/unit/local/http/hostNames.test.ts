import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { destinationOf } from '../../../../src/local/http/hostNames';

describe('local platform, host names', () => {
  it('tells API, tunnels and strangers apart by host name', () => {
    assert.deepEqual(destinationOf('4444-abc1.tunnel.localhost:9'), { kind: 'tunnel', port: 4444, key: 'abc1' });
    assert.deepEqual(destinationOf('1-a.TUNNEL.runloop.localhost'), { kind: 'tunnel', port: 1, key: 'a' });
    for (const api of ['127.0.0.1:80', 'localhost', '[::1]:5', 'api.localhost', 'api.a.b.localhost:7']) {
      assert.equal(destinationOf(api).kind, 'api', api);
    }
    for (const stranger of [
      undefined,
      '',
      'x',
      '127.0.0.1.nip.io',
      'evil.localhost.example',
      '0-a.tunnel.localhost',
      '70000-a.tunnel.localhost',
      'api.example',
      '127.0.0.2',
    ]) {
      assert.equal(destinationOf(stranger).kind, 'refused', stranger);
    }
  });
});
