import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { DevboxTerminal } from '../../../../src/extension/terminal/devboxTerminal';
import { eventually } from '../../../eventually';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { FakeTerminal } from '../../../fakeVscode/terminal';
import { hasNoRecording, startScriptedPty } from '../../core/terminal/scriptedPty';

describe('A program that asks the terminal and does not read its answers', function () {
  this.timeout(60_000);
  useFakeEditor();

  it('does not have them gather in the window, and has what a person types', async () => {
    let come = 0;
    let end = '';
    const devbox = await startScriptedPty({
      isNew: () => false,
      onClient: (client) => {
        client.on('message', (data: Buffer) => {
          come += data.length;
          end = data.toString('latin1').slice(-10);
        });
      },
      onExecution: (_seen, answer) => hasNoRecording(answer),
    });
    const pty = new DevboxTerminal({
      api: devbox.api,
      devboxId: 'dbx_x',
      name: 'shell',
      folder: undefined,
      tunnelUrlTemplate: undefined,
      ended: new AbortController().signal,
      isRestored: false,
      title: 'asks',
      onKey: () => undefined,
      onGone: () => undefined,
      onDevboxEnded: () => undefined,
      onFailure: (doing, error) => assert.fail(`${doing}: ${String(error)}`),
    });
    try {
      const terminal = new FakeTerminal({ name: 'asks', pty });
      await eventually(
        () => Promise.resolve(terminal.text),
        (text) => text.includes('This is the same shell as before.'),
      );
      const [client] = devbox.clients;
      client?.pause();
      const answer = `\u001b]11;${'f'.repeat(60_000)}\u0007`;
      for (let count = 0; count < 1_000; count += 1) {
        pty.handleInput(answer);
        await turn();
      }
      pty.handleInput('typed');
      client?.resume();
      await eventually(
        () => Promise.resolve(end),
        (text) => text.endsWith('typed'),
      );
      // What the system holds on the way.
      assert.ok(come < 30_000_000, `${come} bytes have come`);
    } finally {
      pty.leave();
      await devbox.stop();
    }
  });
});
