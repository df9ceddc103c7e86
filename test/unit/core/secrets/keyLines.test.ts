import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { KeyLines, withoutPrivateKeys } from '../../../../src/core/secrets/privateKeys';

const removed = '[private key removed]';
const begin = '-----BEGIN RSA PRIVATE KEY-----';
const end = '-----END RSA PRIVATE KEY-----';
const full = 'MIIEpAIBAAKCAQEA7bq2kXo1Zr9TnVcYh4uPfL0sWm3eJdQ8gHjKxBvC5tRyUzA6';
const short = 'w9Qz4LmNp7Xk2Vb8Tc==';

/** What is shown of these lines: those of keys are removed. */
function shown(...lines: readonly string[]): readonly string[] {
  const keys = new KeyLines();
  // The line that begins a key is removed by what looks at one line.
  return lines.map((line) => keys.take(line) ?? withoutPrivateKeys(line));
}

describe('lines of a private key', () => {
  it('are removed from its beginning to its end, and no others', () => {
    assert.deepEqual(shown('before', begin, full, full, short, end, 'behind', full), [
      ...['before', removed, removed, removed, removed, removed, 'behind', full],
    ]);
  });

  it('are no more behind its end, also where its last line is a whole one', () => {
    assert.deepEqual(shown(begin, full, end, full), [removed, removed, removed, full]);
  });

  it('are no more where it ends in its first line', () => {
    assert.deepEqual(shown(`${begin} ${full} ${end}`, full, 'behind').slice(1), [full, 'behind']);
  });

  it('may have headers and a blank line before them, and no blank line among them', () => {
    const lines = ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF', ''];
    assert.deepEqual(shown(begin, ...lines, full, short, end, 'behind'), [
      ...[removed, removed, removed, '', removed, removed, removed, 'behind'],
    ]);
    assert.deepEqual(shown(begin, full, '', full), [removed, removed, '', full]);
    assert.deepEqual(shown(begin, full, 'Comment: of a log', full), [removed, removed, 'Comment: of a log', full]);
  });

  it('may be of any width behind a header', () => {
    const narrow = 'q83vEjRWeJq83vEjRWeJ';
    assert.deepEqual(shown(begin, 'Comment: mine', narrow, narrow, end), [
      ...[removed, removed, removed, removed, removed],
    ]);
    assert.deepEqual(shown(begin, narrow), [removed, narrow], 'without one it is any word');
  });

  it('begin as keys begin, or are long', () => {
    for (const line of ['MIIEpAIBAAKC', 'b3BlbnNzaC1r', 'x'.repeat(40)]) {
      assert.equal(shown(begin, line)[1], removed, line);
    }
    for (const line of ['MAINTAINERS', 'MB', 'hello', 'x'.repeat(39), 'a b']) {
      assert.equal(shown(begin, line)[1], line, line);
    }
  });

  it('end with a shorter one where it was cut off, and with what is no line of a key', () => {
    assert.deepEqual(shown(begin, full, short, short), [removed, removed, removed, short]);
    assert.deepEqual(shown(begin, full, short, full), [removed, removed, removed, full]);
    assert.deepEqual(shown(begin, full, full, 'done', full), [removed, removed, removed, 'done', full]);
    assert.deepEqual(shown(begin, full, '/usr/bin/env', full), [removed, removed, '/usr/bin/env', full]);
    assert.deepEqual(shown(begin, full, `${full}${full}`), [removed, removed, removed], 'a wider one is still of it');
    assert.deepEqual(shown(begin, full, 'a sentence of a log', full), [removed, removed, 'a sentence of a log', full]);
  });

  it('of a second key begin anew, whatever the first one was like', () => {
    const narrow = 'MIGkAgEBBDBz5m2Q';
    assert.deepEqual(shown(begin, 'Comment: cut off', begin, 'q83vEjRWeJq83vEjRWeJ'), [
      ...[removed, removed, removed, 'q83vEjRWeJq83vEjRWeJ'],
    ]);
    assert.deepEqual(shown(begin, full, short, begin, narrow, narrow, end), [
      ...[removed, removed, removed, removed, removed, removed, removed],
    ]);
    assert.deepEqual(shown(begin, full, begin, '', full), [removed, removed, removed, '', removed]);
  });

  it('are known behind what stands before each line, and as texts of a program', () => {
    const prefix = '2026-01-01 app | ';
    assert.deepEqual(shown(...[begin, full, short, end].map((line) => prefix + line), `${prefix}done`).slice(1), [
      ...[removed, removed, removed, `${prefix}done`],
    ]);
    assert.deepEqual(shown(`"${begin}\\n" +`, `  "${full}\\n" +`, `  "${short}\\n" +`, `  "${end}";`).slice(1), [
      ...[removed, removed, removed],
    ]);
  });
});
