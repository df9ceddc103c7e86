import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { TerminalSession, type TerminalState } from '../../../../src/core/terminal/terminalSession';
import { Pacing } from '../../../../src/extension/terminal/pacing';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';

const question = '\u001b[?7777$p';
const answer = '\u001b[?7777;0$y';

describe('Ctrl+C in a flood', function () {
  this.timeout(60_000);
  const used = useWindow();

  it('acts before the megabytes are drawn that are on their way', async () => {
    const { id } = await used.api.createDevbox({ name: 'flood' }, { requestId: crypto.randomUUID() });
    await used.api.waitForStatus(id, ['running'], 20);
    const states: TerminalState[] = [];
    let drawn = '';
    let untilMs = 0;
    const pacing: Pacing = new Pacing({
      write: (text) => {
        // As slow as a real one: 2 MB a second, and it answers in its turn.
        untilMs = Math.max(untilMs, performance.now()) + text.length / 2_000;
        setTimeout(() => {
          drawn += text;
          if (text.includes(question)) pacing.withoutAnswers(answer);
        }, untilMs - performance.now());
      },
      pause: () => session.pause(),
      resume: () => session.resume(),
    });
    const session: TerminalSession = new TerminalSession({
      api: used.api,
      devboxId: id,
      name: 'flood',
      isKnown: false,
      folder: undefined,
      tunnelUrlTemplate: undefined,
      ended: new AbortController().signal,
      onOutput: (text, isReplay) => pacing.show(text, isReplay),
      onState: (state) => states.push(state),
      onFailure: (error) => assert.fail(String(error)),
    });
    session.start({ cols: 100, rows: 30 });
    try {
      const has = (wanted: RegExp, from = 0): Promise<string> =>
        eventually(
          () => Promise.resolve(drawn.slice(from).slice(-300)),
          (text) => wanted.test(text),
          30_000,
        );
      await has(/\$ $/);
      session.write('yes\r');
      await eventually(
        () => Promise.resolve(drawn.length),
        (length) => length > 3_000_000,
        30_000,
      );
      const from = drawn.length;
      session.write('\u0003');
      pacing.interrupt();
      await has(/\^C[^]*\$ $/, from);
      // What the terminal had already, and a little.
      assert.ok(drawn.length - from < 1_000_000, String(drawn.length - from));
      assert.match(drawn, /… \d+ characters were not drawn\./);
    } finally {
      session.dispose();
      pacing.dispose();
    }
  });

  it('draws all that is no flood, keeps what switches the terminal, and waits for no program that goes on', async () => {
    let drawn = '';
    let resumed = 0;
    const terminal = { write: (text: string) => (drawn += text), pause: () => 0, resume: () => (resumed += 1) };
    const pacing = new Pacing(terminal);
    pacing.show('before');
    pacing.interrupt();
    pacing.show('after');
    assert.equal(drawn, 'beforeafter');
    pacing.show('x'.repeat(600_000));
    pacing.interrupt();
    assert.equal(resumed, 1);
    const before = drawn.length;
    pacing.show(`\u001b[?1049l${'y\r\n'.repeat(100_000)}`);
    assert.equal(drawn.length, before);
    await eventually(
      () => Promise.resolve(drawn.slice(before)),
      (text) => text.includes('characters were not drawn'),
    );
    assert.match(
      drawn.slice(before),
      /^.\[\?1049l.\[0m\r\n.\[2m… 28\d{4} characters were not drawn\..\[0m\r\n(?:y\r\n)+$/,
    );
    pacing.withoutAnswers(answer.repeat(10));
    pacing.show('x'.repeat(600_000));
    pacing.interrupt();
    const flooding = setInterval(() => pacing.show('z\r\n'.repeat(20_000)), 20);
    try {
      await eventually(
        () => Promise.resolve(drawn.slice(-1_000_000)),
        (text) => text.includes('z\r\n'),
      );
    } finally {
      clearInterval(flooding);
      pacing.dispose();
    }
  });
});
