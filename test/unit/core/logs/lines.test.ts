import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LineGroups, type LineGroup } from '../../../../src/core/logs/lineGroups';
import { shownLine } from '../../../../src/core/logs/serverLine';
import { LineRedactor } from '../../../../src/core/secrets/lineRedactor';

const entry = (text: string, timestampMs = 0, source = 'entrypoint'): Parameters<LineGroups['take']>[0][number] => ({
  level: 'error',
  source,
  timestampMs,
  text,
});

describe('lines of a log', () => {
  it('reads the levels of both JSON dialects, whatever the first key is called', () => {
    assert.deepEqual(shownLine(entry('{"message": "m", "level": "WARNING", "timestamp": "t"}')), {
      level: 'warning',
      text: 'm',
    });
    assert.deepEqual(shownLine(entry('{"message": "m", "severity": "ERROR"}')), { level: 'error', text: 'm' });
    assert.deepEqual(shownLine(entry('{"message": "GET /alive", "levelname": "INFO", "name": "uvicorn.access"}')), {
      level: 'info',
      text: 'uvicorn.access: GET /alive',
    });
    assert.deepEqual(shownLine(entry('{"no": "message"}')).text, '{"no": "message"}');
  });

  it('breaks links that are no web pages or hide where they lead', () => {
    assert.equal(
      shownLine(entry('see file://evil/share and https://github.com@evil.example/')).text,
      'see file: //evil/share and https://github.com @evil.example/',
    );
    assert.equal(shownLine(entry('https://example.com/a@b')).text, 'https://example.com/a@b');
  });

  it('keeps tracebacks and multi-line messages together, and sources apart', () => {
    const groups = new LineGroups(new LineRedactor());
    const shown: LineGroup[] = groups.take([
      entry('03:25:54 - openhands:ERROR: a.py:1 - broke', 100),
      entry('second line of the message', 101),
      entry('Traceback (most recent call last):', 150),
      entry('  File "x.py", line 1', 150),
      entry('ValueError: no', 151),
      entry('03:25:55 - openhands:INFO: a.py:2 - on', 900),
      entry('stray', 5_000),
    ]);
    shown.push(...groups.flush());
    assert.deepEqual(
      shown.map(({ level, text }) => [level, text.split('\n').length]),
      [
        ['error', 5],
        ['info', 1],
        ['info', 1],
      ],
    );
  });

  it('does not hide a line of something else with a detail that is written at the same moment', () => {
    const groups = new LineGroups(new LineRedactor());
    const shown = [
      ...groups.take([
        entry('03:25:54 - openhands:DEBUG: a.py:1 - a detail', 100),
        entry('  more of it', 100),
        entry('hello', 101),
      ]),
      ...groups.flush(),
    ];
    assert.deepEqual(
      shown.map(({ level, text }) => [level, text]),
      [
        ['debug', 'a detail\n  more of it'],
        ['info', 'hello'],
      ],
    );
  });

  it('removes keys of every form, also one that spans lines, and values that we set', () => {
    const redactor = new LineRedactor(['hunter2 & more', 'line-one\nline-two']);
    const secrets = [
      'ak_abcdefgh1234',
      'rk_abcdefgh1234',
      'Bearer tok.en-1',
      '?tkn=vsc0de',
      'auth_token: "tunnel99"',
      '--connection-token conn1234',
      'hunter2%20%26%20more',
      'line-two',
    ];
    const text = secrets.map((secret) => redactor.redact(`before ${secret} after`, 'entrypoint')).join('\n');
    for (const part of ['abcdefgh', 'tok.en', 'vsc0de', 'tunnel99', 'conn1234', 'hunter2', 'line-two']) {
      assert.ok(!text.includes(part), `${part} in ${text}`);
    }
    assert.match(redactor.redact('learnt-later', 'exec'), /learnt/);
    redactor.add(['learnt-later']);
    assert.equal(redactor.redact('x learnt-later and hunter2 & more', 'exec'), 'x [removed] and [removed]');
    const key = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIEow', 'AbCd+/=', '-----END RSA PRIVATE KEY-----', 'free again'];
    assert.deepEqual(key.map((line) => redactor.redact(line, 'exec')).slice(1), [
      '[private key removed]',
      '[private key removed]',
      '[private key removed]',
      'free again',
    ]);
  });
});
