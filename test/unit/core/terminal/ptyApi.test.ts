import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { attachPty, readyPty } from '../../../../src/core/terminal/ptyApi';
import { ScriptedServer } from '../../../network/scriptedServer';

describe('The way to the terminals of a devbox', () => {
  it('sends its token to no other host than its own, wherever the devbox says that its shell is', async () => {
    const seen: string[] = [];
    const other = await ScriptedServer.start(({ headers }, answer) => {
      seen.push(JSON.stringify(headers));
      answer.writeHead(500).end();
    });
    other.server.on('upgrade', ({ headers }, socket) => {
      seen.push(JSON.stringify(headers));
      socket.destroy();
    });
    const host = other.origin.replace('http://', '');
    const elsewhere = [other.origin, `//${host}`, `\\\\${host}`, `ws://${host}`, `http://user@${host}`].map(
      (address) => `${address}/pty/shell/attach`,
    );
    const answers = [...elsewhere];
    const devbox = await ScriptedServer.start((_seen, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ status: 'ready', created: true, attached: false, connect_url: answers.shift() }));
    });
    try {
      const tunnel = { origin: devbox.origin, token: 'secret-token', devboxId: 'dbx_x' };
      const { signal } = new AbortController();
      const listener = { onMessage: () => undefined, onEnd: () => undefined };
      for (const address of elsewhere) {
        const { connectPath } = await readyPty(tunnel, 'shell', { cols: 80, rows: 24 }, signal);
        assert.equal(connectPath, address);
        await assert.rejects(attachPty(tunnel, connectPath, listener, signal), (error) => RuntimeError.is(error));
      }
      assert.deepEqual(seen, []);
    } finally {
      await Promise.all([other.stop(), devbox.stop()]);
    }
  });

  it('is asked for again where there are too many requests for the moment', async () => {
    const statuses = [429, 429, 200];
    const devbox = await ScriptedServer.start((_seen, answer) => {
      answer.writeHead(statuses.shift() ?? 500, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ status: 'ready', created: true, attached: false, connect_url: '/pty/shell/attach' }));
    });
    try {
      const tunnel = { origin: devbox.origin, token: 'secret-token', devboxId: 'dbx_x' };
      const { signal } = new AbortController();
      const ready = await readyPty(tunnel, 'shell', { cols: 80, rows: 24 }, signal);
      assert.deepEqual([ready.created, statuses], [true, []]);
    } finally {
      await devbox.stop();
    }
  }).timeout(30_000);
});
