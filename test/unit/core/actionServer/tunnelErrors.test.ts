import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { ActionServerHttp } from '../../../../src/core/actionServer/actionServerHttp';
import { messageOf, RuntimeError } from '../../../../src/core/errors';
import { redact } from '../../../../src/core/redact';

const key = 'abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop';

describe('a tunnel that does not answer', () => {
  let server: Server;
  let port = 0;

  before(async () => {
    server = createServer((socket) => socket.on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  });
  after(() => void server.close());

  async function failureOf(url: string): Promise<RuntimeError> {
    const http = new ActionServerHttp({
      url,
      sessionKey: 'session',
      tunnelToken: undefined,
      devboxId: 'dbx_of_tunnel',
    });
    try {
      await http.once('GET', '/alive', { timeoutMs: 400, signal: undefined });
    } catch (error) {
      assert.ok(RuntimeError.is(error));
      return error;
    }
    throw new Error('It answered.');
  }

  it('is named by its devbox: its address is the key to it', async () => {
    // One whose name nobody knows, one whose port is closed, and one that keeps silent.
    const unknown = await failureOf(`https://4444-${key}.own-pattern.invalid`);
    const closed = await failureOf(`http://4444-${key}.tunnel.localhost:1`);
    const silent = await failureOf(`http://4444-${key}.tunnel.localhost:${port}`);
    assert.deepEqual([unknown.code, closed.code, silent.code], ['network', 'network', 'deadline']);
    for (const error of [unknown, closed, silent]) {
      assert.match(error.message, /^(?:Could not reach|No response from) devbox dbx_of_tunnel.*[^.]\.$/);
      assert.doesNotMatch(
        `${error.message} ${error.nextStep} ${messageOf(error.cause)} ${String(error.stack)}`,
        new RegExp(key),
      );
    }
    assert.match(closed.message, /ECONNREFUSED/);
    const { cause } = closed;
    assert.equal(cause instanceof Error && 'code' in cause && cause.code, 'ECONNREFUSED');
  });

  it('is not to be read in a log either', () => {
    assert.equal(
      redact(`see https://8080-${key}.tunnel.runloop.ai/x?y`),
      'see https://8080-[removed].tunnel.runloop.ai/x?y',
    );
    assert.equal(
      redact('8080-short.tunnel.example and 2024-abcdefghijklmnopqrstuvw.log stay'),
      '8080-short.tunnel.example and 2024-abcdefghijklmnopqrstuvw.log stay',
    );
  });
});
