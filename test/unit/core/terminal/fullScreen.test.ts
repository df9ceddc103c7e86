import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { startDelay } from '../../../bench/delay';
import { eventually } from '../../../eventually';
import { useTerminals } from './useTerminals';

describe('A full-screen program in a terminal', function () {
  this.timeout(120_000);
  const used = useTerminals('full screen');

  it('such as tmux is drawn anew after a cut and a change of its size, with what its panes hold', async () => {
    const way = await startDelay(Number(new URL(used.baseUrl).port), 0);
    const shown = used.terminal(await used.devbox(), {
      api: used.through(way.url),
      onFailure: (error) => assert.fail(String(error)),
    });
    const { session, states } = shown;
    const shows = (wanted: RegExp, from = 0): Promise<string> =>
      eventually(
        () => Promise.resolve(shown.text.slice(from)),
        (seen) => wanted.test(seen),
        20_000,
      );
    const drawn = /(?=[^]*─{20})(?=[^]*pane 42 €)(?=[^]*\[0\])/;
    try {
      await shows(/\$ $/);
      session.write('export LC_ALL=C.UTF-8; tmux -u -f /dev/null new-session "bash --norc"\r');
      await shows(/\[\?1049h[^]*\[0\][^]*\$ /);
      session.write('\u0002"');
      await shows(/─{20}/);
      session.write('echo "pane $((40 + 2)) €"\r');
      await shows(/pane 42 €/);
      const before = shown.text.length;
      way.cut();
      await eventually(
        () => Promise.resolve(states.at(-1)),
        (state) => state?.kind === 'open' && !state.isNew,
        20_000,
      );
      await shows(drawn, before);
      const narrower = shown.text.length;
      session.resize({ cols: 50, rows: 20 });
      await shows(drawn, narrower);
      session.write('tmux display -p "#{client_width}x#{client_height}"\r');
      await shows(/50x20/, narrower);
      session.write('tmux kill-server\r');
      await shows(/\[\?1049l[^]*\$ $/, narrower);
    } finally {
      way.close();
    }
  });
});
