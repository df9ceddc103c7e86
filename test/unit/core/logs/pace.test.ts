import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LogPace } from '../../../../src/core/logs/logPace';
import type { LogEntry } from '../../../../src/core/platform/logEntry';

const usual = [1_000, 60_000] as const;

/** A log that is read when its pace says so, in a time of its own. */
class ReadLog {
  readonly #pace = new LogPace(usual);
  #nowMs = 1_000_000;
  #readMs = 0;
  #waiting: LogEntry[] = [];
  #lines = 0;
  /** Lines that each read brought. */
  readonly brought: number[] = [];
  readonly pauses: number[] = [];

  /** Lines that were written before anybody looked, as long ago as the ages say. */
  constructor(ages: readonly number[] = []) {
    this.#waiting = ages.map((age) => this.#line(this.#nowMs - age));
    this.#read();
  }

  /** Lets time pass in which a line comes at each of these moments. */
  pass(milliseconds: number, linesPerSecond: number): void {
    const end = this.#nowMs + milliseconds;
    const every = 1000 / linesPerSecond;
    let next = this.#nowMs + every;
    while (this.#nowMs < end) {
      const read = this.#readMs + (this.pauses.at(-1) ?? 0);
      for (; next <= Math.min(read, end); next += every) this.#waiting.push(this.#line(next));
      this.#nowMs = Math.min(read, end);
      if (this.#nowMs === read) this.#read();
    }
  }

  #read(): void {
    this.#readMs = this.#nowMs;
    if (this.#waiting.length > 0) this.#pace.onLines(this.#waiting, this.#nowMs, this.#nowMs);
    this.#lines += this.#waiting.length;
    this.brought.push(this.#waiting.length);
    this.#waiting = [];
    this.pauses.push(this.#pace.pauseAfterPass(this.#lines, this.#nowMs));
  }

  #line(timestampMs: number): LogEntry {
    return { level: 'info', source: 'entrypoint', timestampMs, text: 'x' };
  }
}

const old = (count: number): number[] => Array.from({ length: count }, (_, index) => 3_600_000 - index);

describe('the pace at which a log is read that has no stream', () => {
  it('lets about fifty lines of a long log wait, whatever its pace, and not more than a minute pass', () => {
    for (const [perSecond, longest] of [
      [0.5, 60_000],
      [2, 25_000],
      [10, 5_000],
      [40, 1_250],
    ] as const) {
      const log = new ReadLog(old(100_000));
      log.pass(600_000, perSecond);
      // The first read comes after a minute: until then nobody knew.
      const settled = log.brought.slice(3);
      assert.ok(Math.max(...settled) <= 55, `${perSecond}: ${Math.max(...settled)} lines waited`);
      assert.ok(
        Math.max(...log.pauses.slice(3)) <= longest * 1.1,
        `${perSecond}: ${Math.max(...log.pauses.slice(3))} ms`,
      );
      assert.ok(log.brought.length < 600_000 / (longest * 0.6), `${perSecond}: ${log.brought.length} reads`);
    }
  });

  it('reads each line of a log that is not long at most about fifty times', () => {
    const log = new ReadLog();
    log.pass(500_000, 5);
    let [lines, reads] = [0, 0];
    for (const brought of log.brought) {
      lines += brought;
      reads += lines;
    }
    assert.ok(reads / lines < 60, `${reads / lines} readings of each line`);
    // Short, it is read as soon as there is one.
    assert.ok(Math.max(...log.brought.slice(0, 50)) <= 10, String(log.brought.slice(0, 50)));
  });

  it('is slow at once in a log whose last line is old, and after a few reads in one that falls silent', () => {
    assert.deepEqual(new ReadLog(old(1_000)).pauses, [60_000]);
    for (const perSecond of [0.3, 1, 10, 100]) {
      const log = new ReadLog();
      log.pass(120_000, perSecond);
      const before = log.brought.length;
      log.pass(60_000, 1e-9);
      const firstMinute = log.brought.length - before;
      log.pass(300_000, 1e-9);
      assert.ok(firstMinute <= 6, `${perSecond}: ${firstMinute} reads in the first silent minute`);
      assert.ok(
        log.brought.length - before - firstMinute <= 5,
        `${perSecond}: ${log.brought.length - before - firstMinute} in the next five`,
      );
    }
  });

  it('is quick when lines begin to come at the end of a long pause', () => {
    const log = new ReadLog(old(100_000));
    log.pass(57_000, 1e-9);
    log.pass(3_000, 30);
    // Ninety lines in three seconds of a minute.
    assert.equal(log.brought.at(-1), 90);
    assert.ok((log.pauses.at(-1) ?? 0) < 3_500, `${String(log.pauses.at(-1))} ms`);
  });

  it('goes by how many came where lines tell no time', () => {
    const pace = new LogPace(usual);
    const lines = (count: number): LogEntry[] =>
      Array.from({ length: count }, () => ({ level: '', source: '', timestampMs: undefined, text: 'x' }));
    assert.equal(pace.pauseAfterPass(0, 0), 1_000);
    pace.onLines(lines(5_000), 0, 1_000);
    assert.equal(pace.pauseAfterPass(5_000, 1_000), 1_000);
    pace.onLines(lines(10), 0, 2_000);
    assert.equal(pace.pauseAfterPass(5_010, 2_000), 5_000);
  });
});
