import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'mocha';
import { foreignListener, OwnPorts } from '../../../../../src/local/devbox/run/ownPorts';

describe('Whose a port of a devbox is', () => {
  const ports = new OwnPorts(() => ({ kind: 'mark', mark: 'of nobody' }));

  for (const [address, host] of [
    ['::1', '::1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::1', '0000::0001'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['127.0.0.1', '0:0:0:0:0:FFFF:7F00:1'],
    ['127.0.0.1', '127.0.0.1'],
  ] as const) {
    it(`is asked for ${host} too, however that is written`, async () => {
      const server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, address, resolve));
      const bound = server.address();
      try {
        const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
        await assert.rejects(ports.dial(host, port), { code: foreignListener });
      } finally {
        server.close();
      }
    });
  }
});
