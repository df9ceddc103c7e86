import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Terminal } from '../../../../../src/local/actionServer/bash/terminal';

describe('Terminal', () => {
  const shown = (output: string): string => {
    const terminal = new Terminal(() => undefined);
    terminal.write(output);
    return terminal.take().text;
  };

  it('gives the same text however the output is cut', () => {
    const output =
      'a\u001b[31mb\u001b[0m\r\nold\rnew\u001b]0;t\u0007\u001b]0;u\u001b\\\tx\b\b!\u001b(B\u001b[2Kz\r\nlast';
    const whole = shown(output);
    const seen: string[] = [];
    const terminal = new Terminal((text) => seen.push(text));
    for (const character of output) terminal.write(character);
    assert.equal(terminal.take().text, whole);
    assert.deepEqual(seen, ['0;t', '0;u']);
  });

  it('moves the cursor', () => {
    assert.equal(shown('one\ntwo\n\u001b[2Aone!\u001b[2Bend'), 'one!\ntwo\n    end');
    assert.equal(shown('abc\u001b[2D\u001b[K'), 'a');
    assert.equal(shown('10%\r50%\r100%\n'), '100%\n');
    assert.equal(shown('x\u001b[?1049hfull screen\u001b[?1049ly'), 'xy');
  });

  it('gives each text once, and a redrawn line again', () => {
    const terminal = new Terminal(() => undefined);
    terminal.write('a\nname? ');
    assert.equal(terminal.take().text, 'a\nname? ');
    terminal.write('Bob\n');
    assert.equal(terminal.take().text, 'Bob\n');
    terminal.write('10%');
    terminal.take();
    terminal.write('\r20%');
    assert.equal(terminal.take().text, '20%');
  });

  it('is not confused by sequences that never end', () => {
    const seen: string[] = [];
    const terminal = new Terminal((text) => seen.push(text));
    for (const unfinished of ['\u001b', '\u001b[', '\u001b[1;', '\u001b]0;title', '\u001bPx', '\u001b(', '\u001b_x']) {
      terminal.write(unfinished);
      terminal.write('\u001b]marker\u0007');
    }
    assert.equal(seen.filter((text) => text === 'marker').length, 7);
  });

  it('forgets old lines and says so', () => {
    const terminal = new Terminal(() => undefined);
    for (let line = 0; line < 30_000; line += 1) terminal.write(`${line}\n`);
    const { text, truncated } = terminal.take();
    assert.ok(truncated);
    assert.equal(text.split('\n').length, 10_000);
    assert.ok(text.endsWith('\n29999\n'));
    assert.equal(terminal.take().truncated, false);
  });
});
