import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { oneLine, stripControls } from '../../../src/core/safeText';
import { shownLine, type ShownLine } from '../../../src/core/logs/serverLine';
import { redact } from '../../../src/core/redact';
import { nameProblem } from '../../../src/core/start/startChoices';

describe('stripControls', () => {
  it('removes colours, titles, links and cursor movement, and keeps the text', () => {
    assert.equal(stripControls('\u001b[92m12:00\u001b[0m ok'), '12:00 ok');
    assert.equal(stripControls('\u001b]0;title\u0007a'), 'a');
    assert.equal(stripControls('\u001b]8;;http://evil\u001b\\click\u001b]8;;\u001b\\'), 'click');
    assert.equal(stripControls('a\u001b[2K\u001b[1Ab'), 'ab');
    assert.equal(stripControls('tab\tline\nend\u0000\u0007'), 'tab\tline\nend');
    assert.equal(stripControls('abc\u202egnp.exe'), 'abcgnp.exe');
  });
});

describe('oneLine', () => {
  it('makes one short line of anything', () => {
    assert.equal(oneLine('a\r\nb\tc\u2028d'), 'a b c d');
    const long = oneLine('😀'.repeat(10_000), 50);
    assert.equal(Array.from(long).length, 50);
    assert.ok(long.endsWith('…'));
  });
});

describe('redact', () => {
  it('removes keys, tokens and private keys wherever they stand', () => {
    const secrets = [
      'ak_1234567890abcdef',
      'Authorization: Bearer abc.def-123',
      'http://x/?tkn=0a1b-2c3d&folder=/w',
      'SESSION_API_KEY=deadbeef00',
      '-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----',
    ];
    const text = redact(secrets.join(' | '));
    for (const part of ['1234567890', 'abc.def', '0a1b', 'deadbeef', 'MHc']) assert.ok(!text.includes(part), text);
    assert.ok(text.includes('folder=/w'));
  });

  it('removes named values', () => {
    assert.equal(redact('the key is hunter2hunter2', ['hunter2hunter2']), 'the key is [removed]');
  });
});

describe('shownLine', () => {
  const line = (text: string, source = 'entrypoint'): ShownLine => shownLine({ level: 'ERROR', source, text });

  it('believes the line before the stream it came by, and says nothing twice', () => {
    assert.deepEqual(line('\u001b[92m03:21:05 - openhands:WARNING\u001b[0m: a.py:1 - x'), {
      level: 'warning',
      text: 'x',
    });
    assert.deepEqual(line('03:21:05 - openhands.mcp:INFO: a.py:1 - y - z'), {
      level: 'info',
      text: 'openhands.mcp: y - z',
    });
    assert.deepEqual(line('ERROR:    Exception in ASGI application'), {
      level: 'error',
      text: 'Exception in ASGI application',
    });
    assert.deepEqual(line('  File "x.py", line 1'), { level: 'info', text: '  File "x.py", line 1' });
    assert.deepEqual(line('mkdir: cannot create', 'setup_commands').level, 'error');
  });
});

describe('nameProblem', () => {
  it('refuses empty, endless and garbling names only', () => {
    assert.equal(nameProblem(' '), 'empty');
    assert.equal(nameProblem('x'.repeat(10_000)), 'too_long');
    assert.equal(nameProblem('a\u001b[31mb'), 'control_characters');
    assert.equal(nameProblem('a\u202eb'), 'control_characters');
    assert.equal(nameProblem(`it's "fine" $x 名前`), undefined);
  });
});
