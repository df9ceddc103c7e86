import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'mocha';
import { WebSocketServer } from 'ws';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { TerminalSession } from '../../../../src/core/terminal/terminalSession';
import { eventually } from '../../../eventually';
import { ScriptedServer } from '../../../network/scriptedServer';

describe('A terminal whose devbox goes to sleep', function () {
  this.timeout(60_000);

  it('says so while the way to its shell does not answer any more, and has a new shell by that way later', async () => {
    const sockets = new WebSocketServer({ noServer: true });
    let status = 'running';
    const unanswered: ServerResponse[] = [];
    const ready = (answer: ServerResponse): unknown => answer.end(JSON.stringify({ created: true, attached: false }));
    const service = await ScriptedServer.start(({ url }, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' });
      if (url.endsWith('/create_pty_tunnel')) answer.end(JSON.stringify({ tunnel_key: 'key', auth_token: 'token' }));
      else if (!url.startsWith('/pty/')) answer.end(JSON.stringify({ id: 'dbx_x', status }));
      else if (status === 'running') ready(answer);
      else unanswered.push(answer);
    });
    service.server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, () => undefined),
    );
    const states: string[] = [];
    const has = async (last: string): Promise<unknown> =>
      eventually(
        () => Promise.resolve(states.at(-1)),
        (state) => state === last,
        10_000,
      );
    const session = new TerminalSession({
      api: new RunloopApi({ apiKey: 'key', baseUrl: service.origin }),
      devboxId: 'dbx_x',
      name: 'shell',
      isKnown: false,
      folder: undefined,
      tunnelUrlTemplate: undefined,
      ended: new AbortController().signal,
      onOutput: () => undefined,
      onState: ({ kind }) => states.push(kind),
      onFailure: () => undefined,
    });
    try {
      session.start({ cols: 80, rows: 24 });
      await has('open');
      status = 'suspended';
      for (const client of sockets.clients) client.terminate();
      await has('stopped');
      await eventually(
        () => Promise.resolve(unanswered.length),
        (count) => count === 1,
      );
      status = 'running';
      assert.ok(unanswered.every(({ destroyed }) => !destroyed));
      session.retry();
      unanswered.forEach(ready);
      await has('open');
    } finally {
      session.dispose();
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      await service.stop();
    }
  });
});
