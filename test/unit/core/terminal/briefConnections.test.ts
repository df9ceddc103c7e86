import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { WebSocketServer } from 'ws';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { TerminalSession } from '../../../../src/core/terminal/terminalSession';
import { eventually } from '../../../eventually';
import { ScriptedServer } from '../../../network/scriptedServer';

describe('A terminal whose connections end as soon as they are there', function () {
  this.timeout(60_000);

  it('is tried less and less often, as one that is refused', async () => {
    const sockets = new WebSocketServer({ noServer: true });
    let closes = true;
    const opened: number[] = [];
    const service = await ScriptedServer.start(({ url }, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' });
      if (url.endsWith('/create_pty_tunnel')) answer.end(JSON.stringify({ tunnel_key: 'key', auth_token: 'token' }));
      else if (url.startsWith('/pty/')) answer.end(JSON.stringify({ created: true, attached: false }));
      else answer.end(JSON.stringify({ id: 'dbx_x', status: 'running' }));
    });
    service.server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (client) => {
        opened.push(performance.now());
        // As one that has somebody else by now, or whose devbox is about to go.
        if (closes) client.close(1008, 'The terminal has a client already.');
      });
    });
    const states: string[] = [];
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
      await eventually(
        () => Promise.resolve(opened.length),
        (count) => count >= 5,
        30_000,
      );
      const waits = opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
      assert.ok((waits[3] ?? 0) > 4 * (waits[0] ?? 0) && (waits[0] ?? 0) >= 200, waits.join(' '));
      closes = false;
      await eventually(
        () => Promise.resolve(states.at(-1)),
        (state) => state === 'open',
        30_000,
      );
    } finally {
      session.dispose();
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      await service.stop();
    }
  });
});
