import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { TerminalSession } from '../../../../src/core/terminal/terminalSession';
import type { TerminalState } from '../../../../src/core/terminal/terminalState';
import { Pacing } from '../../../../src/extension/terminal/pacing';
import { eventually } from '../../../eventually';
import { answersTo, question } from '../../../fakeVscode/terminal';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Ctrl+C in a flood', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('acts before the megabytes are drawn that are on their way, few of which are in the editor', async () => {
    const { id } = await used.api.devboxes.create({ name: 'flood' }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    const states: TerminalState[] = [];
    let drawn = '';
    let come = 0;
    let most = 0;
    let lastDrawn = Promise.resolve();
    const pacing: Pacing = new Pacing({
      write: (text) => {
        // As slow as a real one: 2 MB a second, one piece after the other, and it answers in its turn.
        lastDrawn = lastDrawn.then(async () => {
          await pause(text.length / 2_000);
          drawn += text.replace(question, '');
          for (const answer of answersTo(text)) pacing.withoutAnswers(answer);
        });
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
      onOutput: (text, isReplay) => {
        come += text.length;
        most = Math.max(most, come - drawn.length);
        pacing.show(text, isReplay);
      },
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
      // The devbox prints tens of megabytes a second; what was not drawn is not kept here, but waits there.
      assert.ok(most < 700_000, `${most} characters were here at a time`);
      const from = drawn.length;
      session.write('\u0003');
      pacing.interrupt();
      await has(/\^C[^]*\$ $/, from);
      // What the terminal had already, and a little.
      assert.ok(drawn.length - from < 1_000_000, String(drawn.length - from));
      assert.match(drawn, /… \d+ characters are not shown\./);
    } finally {
      session.dispose();
      pacing.dispose();
    }
  });

  it('draws all that is no flood, keeps what switches the terminal, and waits for no program that goes on', async () => {
    let drawn = '';
    let resumed = 0;
    const write = (text: string): void => {
      drawn += text.replace(question, '');
      for (const answer of answersTo(text)) setImmediate(() => pacing.withoutAnswers(answer));
    };
    const terminal = { write, pause: () => 0, resume: () => (resumed += 1) };
    const pacing: Pacing = new Pacing(terminal);
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
      (text) => text.includes('characters are not shown'),
    );
    assert.match(
      drawn.slice(before),
      /^.\[\?1049l.\[0m\r\n.\[2m… 8\d{5} characters are not shown\..\[0m\r\n(?:y\r\n)+$/,
    );
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
