import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import WebSocket, { WebSocketServer } from 'ws';
import { LoopbackForwarder } from '../../../../src/core/vscode/loopbackForwarder';
import { PageInput } from '../../../../src/core/vscode/pageInput';
import { send } from '../../../platform/tunnelRequests';

/** A message of VS Code's page: a head of 13 bytes, then what it says. */
const said = (text: string): Buffer => Buffer.concat([Buffer.alloc(13, 1), Buffer.from(text)]);
/** What an untouched tab of VS Code 1.139 sent in seven minutes, of each kind one. */
const untouched = [
  Buffer.alloc(13, 9),
  Buffer.alloc(13, 3),
  Buffer.alloc(36, 1),
  said('\u0004telemetry\u0004ping'),
  said('extensions getExtensionsControlManifest'),
  said('$onDidChangeWindowActive\u0000\u0000\u0000\u0007[false]'),
];
const activeAgain = said('$onDidChangeWindowActive\u0000\u0000\u0000\u0006[true]');

describe('Input in the pages of a devbox', () => {
  for (const perMessageDeflate of [false, { threshold: 0 }]) {
    describe(perMessageDeflate === false ? 'over plain WebSockets' : 'over WebSockets that pack', () => {
      const inputs: string[] = [];
      let forwarder: LoopbackForwarder | undefined;
      let devbox: WebSocketServer | undefined;
      let url = '';
      let received = 0;
      beforeEach(async () => {
        inputs.length = 0;
        received = 0;
        devbox = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate });
        devbox.on('connection', (socket) => {
          socket.on('message', (data) => {
            received += 1;
            socket.send(data);
          });
        });
        await once(devbox, 'listening');
        forwarder = new LoopbackForwarder({ onInput: (name) => inputs.push(name) });
        const { port } = devbox.address() as AddressInfo;
        url = await forwarder.originFor('dbx_1', { origin: `http://127.0.0.1:${port}`, tunnelToken: undefined });
      });
      afterEach(() => {
        forwarder?.dispose();
        for (const client of devbox?.clients ?? []) client.terminate();
        devbox?.close();
      });

      async function opened(): Promise<WebSocket> {
        const { host, port } = new URL(url);
        const socket = new WebSocket(`ws://127.0.0.1:${port}/`, {
          headers: { host },
          perMessageDeflate: perMessageDeflate !== false,
        });
        await once(socket, 'open');
        return socket;
      }
      /** Sends messages and waits until the last has come back. */
      async function exchange(socket: WebSocket, ...messages: Buffer[]): Promise<void> {
        for (const message of messages) {
          const back = once(socket, 'message');
          socket.send(message);
          const [data] = (await back) as [Buffer];
          assert.ok(message.equals(data), 'it goes through as it is');
        }
        // Unpacking goes on beside the way of the bytes.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }

      it('counts keys in a terminal, edits and saves', async () => {
        const socket = await opened();
        for (const [i, word] of ['remoteterminal $input', '$acceptModelChanged', '$acceptModelSaved'].entries()) {
          await exchange(socket, said(word), said('x'.repeat(70_000)));
          assert.equal(inputs.length, i + 1);
        }
        assert.equal(new Set(inputs).size, 1);
        assert.equal(received, 6);
      });

      it('counts nothing that an untouched tab sends, also when programs go on in it', async () => {
        const socket = await opened();
        await exchange(socket, ...untouched);
        await exchange(
          socket,
          said('$shellExecutionData'),
          said('$acceptModelChanged'),
          said('$acceptTerminalInteraction'),
        );
        // A connection that comes in its place knows no better.
        socket.close();
        await once(socket, 'close');
        const next = await opened();
        await exchange(next, said('$acceptModelChanged'));
        assert.deepEqual(inputs, []);
        await exchange(next, activeAgain);
        assert.equal(inputs.length, 1);
        await exchange(next, said('$acceptModelChanged'));
        assert.equal(inputs.length, 2);
      });

      it('reads messages that come in pieces, and lets no page disturb it', async () => {
        const socket = await opened();
        const back = once(socket, 'message');
        socket.send(said('remoteterminal $in'), { fin: false });
        socket.ping();
        socket.send(Buffer.from('put'), { fin: true });
        await back;
        await exchange(socket, Buffer.alloc(300_000, 'a'), Buffer.alloc(0), said('nothing'));
        assert.equal(inputs.length, 1);
      });
    });
  }

  it('counts a page that a person has opened, and none that loads by itself', () => {
    let inputs = 0;
    const input = new PageInput(() => (inputs += 1));
    const byHand = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' };
    input.requested('GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' });
    input.requested('GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' });
    input.requested('GET', { 'sec-fetch-mode': 'cors', 'sec-fetch-user': '?1' });
    input.requested('POST', byHand);
    input.requested('GET', {});
    assert.equal(inputs, 0);
    input.requested('GET', byHand);
    assert.equal(inputs, 1);
  });

  it('is told by the forwarder of the pages that are opened through it', async () => {
    const inputs: string[] = [];
    const forwarder = new LoopbackForwarder({ onInput: (name) => inputs.push(name) });
    try {
      const url = new URL(await forwarder.originFor('dbx_1', { origin: 'http://127.0.0.1:9', tunnelToken: undefined }));
      const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-user': '?1' };
      await send({ port: Number(url.port) }, url.host, '/', { headers });
      await send({ port: Number(url.port) }, url.host, '/', {});
      await send({ port: Number(url.port) }, `devbox-other.localhost:${url.port}`, '/', { headers });
      assert.deepEqual(inputs, ['dbx_1']);
    } finally {
      forwarder.dispose();
    }
  });
});
