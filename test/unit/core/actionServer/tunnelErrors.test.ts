import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { ActionServerHttp } from '../../../../src/core/actionServer/actionServerHttp';
import { messageOf, RuntimeError } from '../../../../src/core/errors';
import { redact } from '../../../../src/core/redact';
import { ScriptedServer } from '../../../network/scriptedServer';

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

describe('a refusal on the way to an action server', () => {
  let server: ScriptedServer;
  before(async () => (server = await ScriptedServer.start(() => undefined)));
  after(() => server.stop());

  const told = async (status: number, type: string, body: string): Promise<RuntimeError> => {
    server.script = (_, answer) => void answer.writeHead(status, { 'content-type': type }).end(body);
    const http = new ActionServerHttp({
      url: server.origin,
      sessionKey: 'k',
      tunnelToken: undefined,
      devboxId: 'dbx_1',
    });
    const error: unknown = await http.once('GET', '/alive', { timeoutMs: 5_000, signal: undefined }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return RuntimeError.is(error) ? error : assert.fail('It was not refused.');
  };

  for (const status of [401, 403]) {
    it(`is the server's where it says so, and else nobody's that can be named; never the account's (${status})`, async () => {
      const own = await told(status, 'application/json', '{"detail":"Invalid API Key"}');
      assert.match(own.message, /^The action server refused/);
      const others = [await told(status, 'text/plain', 'no'), await told(status, 'text/html', '<html>Sign in</html>')];
      for (const error of others) assert.match(error.message, /action server, its tunnel or something in between/);
      for (const error of [own, ...others]) {
        assert.equal(error.code, 'session_key');
        assert.match(error.nextStep, /may have changed\. Your API key is not affected/);
      }
    });
  }
});
