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
      await shows(/[#$] $/);
      session.write('export LC_ALL=C.UTF-8; tmux -u -f /dev/null new-session "bash --norc"\r');
      await shows(/\[\?1049h[^]*\[0\][^]*[#$] /);
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
      await shows(/\[\?1049l[^]*[#$] $/, narrower);
    } finally {
      way.close();
    }
  });

  const begin = (text: string): string => text.slice(0, 200).replaceAll('\u001b', '␛');

  // What it has switched in the terminal is at the beginning of all that it has printed, most of which comes no more.
  for (const [size, bytes] of [
    ['more than is shown again', 400_000],
    ['more than is kept', 18_000_000],
  ] as const) {
    it(`finds its screen and its keys again in another window after it has printed ${size}`, async () => {
      const id = await used.devbox();
      const first = used.terminal(id, { name: 'long' });
      await used.shows(first, /[#$] $/);
      first.session.write(
        "printf '\\033[?1049h\\033[?1h\\033=\\033[?7l\\033[>4;2m'; yes | head -c 1000; printf '\\033[?7h'; " +
          `yes | head -c ${bytes}; echo dra''wn; read -r _; printf '\\033[?1049l'; yes | head -c 400000; echo le''ft\r`,
      );
      await used.shows(first, /drawn/);
      first.session.dispose();
      const second = used.terminal(id, { name: 'long', isKnown: true });
      await used.shows(second, /drawn/);
      // In the order in which they came last; its lines begin with a whole one.
      assert.match(begin(second.text), /^␛7[^y]*␛\[\?1049h␛\[\?1h␛=␛\[>4;2m␛\[\?7h\n?y\r\ny\r\n/);
      second.session.write('\r');
      await used.shows(second, /left/);
      second.session.dispose();
      const third = used.terminal(id, { name: 'long', isKnown: true });
      await used.shows(third, /left/);
      assert.match(begin(third.text), /^␛7[^y]*␛\[\?1049l\n?y\r\n/);
    });
  }
});
