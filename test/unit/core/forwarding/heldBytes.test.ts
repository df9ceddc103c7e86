import assert from 'node:assert/strict';
import { createServer, get, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mock } from 'node:test';
import { afterEach, describe, it } from 'mocha';
import { LoopbackForwarder } from '../../../../src/core/vscode/loopbackForwarder';

describe('What a forwarder holds of an answer', () => {
  afterEach(() => mock.reset());

  it('stops the devbox only where the browser is slower, not at each read', async () => {
    const [part, parts] = [Buffer.alloc(64 * 1024, 'a'), 256];
    const service = createServer((_request, response) => void response.end(Buffer.concat(new Array(parts).fill(part))));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as AddressInfo;
    const forwarder = new LoopbackForwarder();
    try {
      const origin = new URL(
        await forwarder.originFor('held', { origin: `http://127.0.0.1:${port}`, tunnelToken: 't' }),
      );
      const write = mock.method(ServerResponse.prototype, 'write');
      const bytes = await new Promise<number>((resolve, reject) => {
        get({ host: '127.0.0.1', port: origin.port, headers: { host: origin.host } }, (answer) => {
          let length = 0;
          answer.on('data', (chunk: Buffer) => (length += chunk.length));
          answer.on('end', () => resolve(length));
        }).on('error', reject);
      });
      assert.equal(bytes, parts * part.length);
      const results = write.mock.calls.map(({ result }) => result);
      const stops = results.filter((result) => result === false).length;
      assert.ok(results.length > 0 && stops <= results.length / 2, `${stops} of ${results.length}`);
    } finally {
      forwarder.dispose();
      service.closeAllConnections();
      service.close();
    }
  });
});
