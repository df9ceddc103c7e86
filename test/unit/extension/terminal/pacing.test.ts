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

  it('asks nothing within a sequence, which that would break, and waits for no answer there', async () => {
    const terminal = terminalOf(300);
    const sequences = [
      '\u001b[38;2;1;2;3m',
      '\u001b[?2004h',
      '\u001b(B',
      '\u001b]8;;https://example.com/page\u0007',
      '\u001b]0;title\u001b\\',
      `\u001bPq${'#1~-'.repeat(150_000)}\u001b\\`,
    ];
    // So that it is asked behind each piece, which ends anywhere.
    const text = Array.from({ length: 300 }, (_, index) => `${'x'.repeat(2_100)}${sequences[index % 5] ?? ''}`).join(
      '',
    );
    const all = `${text}${sequences[5] ?? ''}over`;
    for (let at = 0; at < all.length; at += 2_107) terminal.pacing.show(all.slice(at, at + 2_107));
    await eventually(
      () => Promise.resolve(terminal.text),
      (seen) => seen === all,
      20_000,
    );
    const whole = terminal.given.split(new RegExp(question.source)).filter((_, index) => index % 2 === 0);
    assert.ok(whole.length > 20, String(whole.length));
    const rest = whole.map((piece) => sequences.reduce((left, one) => left.replaceAll(one, ''), piece)).join('');
    assert.match(rest, /^x+over$/);
    assert.equal(rest.length, 300 * 2_100 + 'over'.length);
  });

  it('is kept where a string has no end', () => {
    const terminal = terminalOf(100);
    terminal.answers = false;
    terminal.pacing.show('\u001b]0;');
    for (let count = 0; count < 40 && !terminal.isPaused; count += 1) terminal.pacing.show('x'.repeat(1024 * 1024));
    assert.ok(terminal.isPaused);
    assert.ok(terminal.given.length < 12 * 1024 * 1024, String(terminal.given.length));
  });
});
