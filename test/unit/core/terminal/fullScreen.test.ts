import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { TerminalSession, type TerminalState } from '../../../../src/core/terminal/terminalSession';
import { startDelay } from '../../../bench/delay';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';

describe('A full-screen program in a terminal', function () {
  this.timeout(60_000);
  const used = usePlatform();

  it('such as tmux is drawn anew after a cut and a change of its size, with what its panes hold', async () => {
    const api = new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: used.platform.baseUrl });
    const { id } = await api.createDevbox({ name: 'full screen' }, { requestId: crypto.randomUUID() });
    await api.waitForStatus(id, ['running'], 20);
    const way = await startDelay(Number(new URL(used.platform.baseUrl).port), 0);
    let text = '';
    const states: TerminalState[] = [];
    const session = new TerminalSession({
      api: new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: way.url }),
      devboxId: id,
      name: 'full-screen',
      isKnown: false,
      folder: undefined,
      tunnelUrlTemplate: undefined,
      ended: new AbortController().signal,
      onOutput: (part) => (text += part),
      onState: (state) => states.push(state),
      onFailure: (error) => assert.fail(String(error)),
    });
    const shows = (wanted: RegExp, from = 0): Promise<string> =>
      eventually(
        () => Promise.resolve(text.slice(from)),
        (seen) => wanted.test(seen),
        20_000,
      );
    const drawn = /(?=[^]*─{20})(?=[^]*pane 42 €)(?=[^]*\[0\])/;
    session.start({ cols: 100, rows: 30 });
    try {
      await shows(/\$ $/);
      session.write('export LC_ALL=C.UTF-8; tmux -u -f /dev/null new-session "bash --norc"\r');
      await shows(/\[\?1049h[^]*\[0\][^]*\$ /);
      session.write('\u0002"');
      await shows(/─{20}/);
      session.write('echo "pane $((40 + 2)) €"\r');
      await shows(/pane 42 €/);
      const before = text.length;
      way.cut();
      await eventually(
        () => Promise.resolve(states.at(-1)),
        (state) => state?.kind === 'open' && !state.isNew,
        20_000,
      );
      await shows(drawn, before);
      const narrower = text.length;
      session.resize({ cols: 50, rows: 20 });
      await shows(drawn, narrower);
      session.write('tmux display -p "#{client_width}x#{client_height}"\r');
      await shows(/50x20/, narrower);
      session.write('tmux kill-server\r');
      await shows(/\[\?1049l[^]*\$ $/, narrower);
    } finally {
      session.dispose();
      way.close();
    }
  });
});
