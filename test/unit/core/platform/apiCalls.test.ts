import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deadline } from '../../../../src/ground/deadline';
import { RuntimeError } from '../../../../src/core/errors';
import { ApiCalls } from '../../../../src/core/platform/apiCalls';

describe('a call to the API', () => {
  let server: Server;
  let calls: ApiCalls;

  before(async () => {
    // Begins each answer and never ends it, as a connection does that has died half way.
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"devboxes": [');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    calls = new ApiCalls({ apiKey: 'ak_test', baseUrl: `http://127.0.0.1:${port}` });
  });

  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('ends when an answer that began does not arrive whole', async () => {
    await assert.rejects(
      calls.once(
        'get',
        '/v1/devboxes',
        { bodyTimeoutMs: 300, timeout: 20_000 },
        { doing: 'listing devboxes', devboxId: 'dbx_1' },
        {},
      ),
      (error) => {
        assert.ok(RuntimeError.is(error));
        assert.equal(error.code, 'deadline');
        assert.equal(error.devboxId, 'dbx_1');
        assert.match(error.message, /did not complete its response.*while listing devboxes/);
        return true;
      },
    );
  });

  it('tells of a time that is over, which nobody cancelled', async () => {
    const path = '/v1/devboxes/dbx_1/suspend';
    const subject = { doing: 'suspending a devbox', devboxId: 'dbx_1' } as const;
    const asks = [
      (signal: AbortSignal) => calls.once('post', path, {}, subject, { signal }),
      (signal: AbortSignal) => calls.change(path, subject, { signal }),
    ];
    for (const ask of asks) {
      const limited = deadline(200, new AbortController().signal);
      await assert.rejects(
        ask(limited),
        (error) => RuntimeError.is(error, 'deadline') && error.message.endsWith('arrived in time.'),
      );
    }
  });

  it('ends at once when it is cancelled while its answer arrives', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    await assert.rejects(
      calls.once('get', '/v1/devboxes', {}, { doing: 'listing devboxes' }, { signal: controller.signal }),
      (error) => RuntimeError.is(error) && error.code === 'cancelled',
    );
  });
});
