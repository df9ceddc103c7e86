import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { Pacing } from '../../../../src/extension/terminal/pacing';
import { eventually } from '../../../eventually';
import { answersTo, question } from '../../../fakeVscode/terminal';

/** A terminal that draws so many characters in a millisecond, in its turn, and answers what it is asked. */
class SlowTerminal {
  given = '';
  drawn = 0;
  isPaused = false;
  answers = true;
  untilMs = 0;
  readonly pacing: Pacing = new Pacing({
    write: (text) => {
      this.given += text;
      this.untilMs = Math.max(this.untilMs, performance.now()) + text.length / this.speed;
      setTimeout(() => {
        this.drawn += text.length;
        if (this.answers) for (const answer of answersTo(text)) this.pacing.withoutAnswers(answer);
      }, this.untilMs - performance.now());
    },
    pause: () => (this.isPaused = true),
    resume: () => (this.isPaused = false),
  });

  constructor(readonly speed: number) {}

  /** What is shown, without questions. */
  get text(): string {
    return this.given.replace(question, '');
  }
}

describe('The pace of a terminal', function () {
  this.timeout(30_000);
  const open: Pacing[] = [];
  afterEach(() => {
    mock.timers.reset();
    mock.reset();
    for (const pacing of open.splice(0)) pacing.dispose();
  });
  const terminalOf = (speed: number): SlowTerminal => {
    const terminal = new SlowTerminal(speed);
    open.push(terminal.pacing);
    return terminal;
  };

  it('is its own: one that is slow has little to draw when a key is pressed, one that is fast is not kept waiting', async () => {
    // Time passes by milliseconds, however busy the computer is.
    let nowMs = 1_000;
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(performance, 'now', () => nowMs);
    const pass = async (): Promise<void> => {
      nowMs += 1;
      mock.timers.tick(1);
      await new Promise((resolve) => void setImmediate(resolve));
    };
    const most = async (speed: number): Promise<number> => {
      const terminal = terminalOf(speed);
      let longest = 0;
      for (let sent = 0; sent < 600;) {
        if (!terminal.isPaused) {
          terminal.pacing.show('y\r\n'.repeat(speed * 3));
          sent += 1;
        }
        // What was assumed at first is behind it.
        if (sent > 200) longest = Math.max(longest, terminal.given.length - terminal.drawn);
        await pass();
        if (terminal.drawn > speed * 2_000) break;
      }
      return longest;
    };
    const [slow, fast] = [await most(60), await most(6_000)];
    assert.ok(slow < 30_000, String(slow));
    assert.ok(fast > 150_000, String(fast));
  });

  it('stays that of one which answers late: nothing more comes until it has', async () => {
    const terminal = terminalOf(10_000);
    terminal.pacing.show('x'.repeat(20_000));
    await eventually(
      () => Promise.resolve(terminal.drawn),
      (drawn) => drawn >= 20_000,
    );
    terminal.answers = false;
    let left = 30;
    // As much as the devbox sends while it may.
    const flood = setInterval(() => {
      if (!terminal.isPaused && left-- > 0) terminal.pacing.show('x'.repeat(64_000));
    }, 5);
    try {
      await eventually(
        () => Promise.resolve(terminal.isPaused),
        (isPaused) => isPaused,
      );
      const before = terminal.given.length;
      await sleep(1_500);
      assert.equal(terminal.given.length, before);
      terminal.answers = true;
      for (const answer of answersTo(terminal.given)) terminal.pacing.withoutAnswers(answer);
      await eventually(
        () => Promise.resolve(terminal.text.length),
        (length) => length === 20_000 + 30 * 64_000,
      );
    } finally {
      clearInterval(flood);
    }
  });

  it('waits no longer than a moment for one that never answers', async () => {
    const terminal = terminalOf(10_000);
    terminal.answers = false;
    terminal.pacing.show('x'.repeat(70_000));
    await eventually(
      () => Promise.resolve(terminal.text.length),
      (length) => length === 70_000,
    );
  });

  it('keeps the order of what came before a cut, what came meanwhile, and what is said of it, and splits no character', async () => {
    const terminal = terminalOf(10_000);
    const before = '€🙂'.repeat(100_000);
    terminal.pacing.show(before);
    terminal.pacing.show('missed', true);
    assert.equal(terminal.pacing.isReplaying, true);
    terminal.pacing.show('live');
    terminal.pacing.print('Reconnected.');
    terminal.pacing.show('later');
    await eventually(
      () => Promise.resolve(terminal.text),
      (text) => text.endsWith('later'),
    );
    assert.equal(terminal.text, `${before}missedliveReconnected.later`);
    await eventually(
      () => Promise.resolve(terminal.pacing.isReplaying),
      (isReplaying) => !isReplaying,
    );
    const splits = terminalOf(10_000);
    splits.pacing.show(before);
    await eventually(
      () => Promise.resolve(splits.text),
      (text) => text === before,
    );
    const pieces = splits.given.replace(question, '\0').split('\0');
    assert.ok(pieces.length > 2, String(pieces.length));
    assert.ok(pieces.every((piece) => Buffer.from(piece).toString() === piece));
  });
});
