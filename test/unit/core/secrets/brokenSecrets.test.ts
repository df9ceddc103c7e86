import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LineRedactor } from '../../../../src/core/secrets/lineRedactor';

/** Characters that no more than must be left of a piece of a secret: fewer may be anything. */
const leastTold = 8;

/** What is shown of lines that came together. */
function shown(...lines: readonly string[]): readonly string[] {
  return new LineRedactor().redactAll(lines.map((text) => ({ text, source: 'exec' })));
}

/** Whether a text shows so much of a secret that it is told. */
function tells(text: string, secret: string): boolean {
  for (let at = 0; at + leastTold <= secret.length; at += 1) {
    if (text.includes(secret.slice(at, at + leastTold))) return true;
  }
  return false;
}

describe('a secret of one line that is broken into two', () => {
  for (const [line, secret] of [
    ['password=hunter2hunter2Xy', 'hunter2hunter2Xy'],
    ['{"api_key": "q8f7e6d5c4b3a2918273"}', 'q8f7e6d5c4b3a2918273'],
    ['Authorization: Basic dXNlcjpwYXNzd29yZDEyMzQ1Ng==', 'dXNlcjpwYXNzd29yZDEyMzQ1Ng=='],
    ['Authorization: Bearer abcdef0123456789abcdef', 'abcdef0123456789abcdef'],
    ['login --token 0123456789abcdef0123', '0123456789abcdef0123'],
  ] as const) {
    it(`is removed from both, wherever that is: ${line.slice(0, 22)}…`, () => {
      const from = line.indexOf(secret);
      for (let cut = from + 1; cut < from + secret.length; cut += 1) {
        const text = shown(line.slice(0, cut), line.slice(cut)).join('\n');
        assert.ok(!tells(text, secret), text);
      }
    });
  }

  it('is removed with the password of an address, and what stands behind it stays', () => {
    assert.deepEqual(shown('postgres://app:S3cr', 'etPassw0rd@db.example.com/x'), [
      'postgres://[removed]',
      '[removed]@db.example.com/x',
    ]);
  });

  it('is removed behind a name that ends a full line', () => {
    const name = `${'x'.repeat(60)} db_password=`;
    assert.deepEqual(shown(name, 'hunter2hunter2'), [name, '[removed]']);
    assert.deepEqual(shown('db_password=', 'hunter2hunter2'), ['db_password=', 'hunter2hunter2']);
  });

  for (const next of [
    '2026-11-29T10:00:00Z INFO started',
    '12:30:01 - openhands:INFO: x',
    '[1] 4242',
    'Starting server on port 80',
    'v1.2.3 released',
    'GitHub is up',
    'user=bob1',
    '/usr/lib/python3',
    'http://localhost:80',
    'app1: ready',
    'main.py:12: error',
    '0x7fff1234',
    '{"a1":1}',
  ]) {
    it(`takes nothing of a line of its own: ${next}`, () => {
      for (const before of ['password=hunter2', 'token: abc123def456', 'Authorization: Bearer abcdef012345']) {
        assert.equal(shown(before, next)[1], next);
      }
    });
  }

  it('takes nothing behind what only stands for a secret, or asks for one', () => {
    for (const before of ['GITHUB_TOKEN=***', 'Password:', 'Uploading token cache', 'token: "abc…']) {
      assert.deepEqual(shown(before, 'web1 is up')[1], 'web1 is up', before);
    }
  });
});
