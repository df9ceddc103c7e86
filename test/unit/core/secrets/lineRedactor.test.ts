import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LineGroups } from '../../../../src/core/logs/lineGroups';
import { redact } from '../../../../src/core/redact';
import { LineRedactor } from '../../../../src/core/secrets/lineRedactor';
import { secretForms, ValueMatcher } from '../../../../src/core/secrets/secretValues';

const shownOf = (redactor: LineRedactor, lines: readonly string[]): string[] =>
  lines.map((line) => redactor.redact(line, 'exec'));

/** What groups of lines show, each line an entry of its own. */
function grouped(redactor: LineRedactor, lines: readonly string[]): string {
  const groups = new LineGroups(redactor);
  const entries = lines.map((text, at) => ({ level: 'info', source: 'exec', timestampMs: at * 1000, text }));
  const shown = [...groups.take(entries), ...groups.flush()];
  return shown.map(({ text }) => text).join('\n');
}

/** A text that counts how often somebody looks at it. */
class CountedText extends String {
  letters = 0;
  compared = 0;

  override charCodeAt(index: number): number {
    this.letters += 1;
    return super.charCodeAt(index);
  }

  override startsWith(searched: string, position?: number): boolean {
    this.compared += 1;
    return super.startsWith(searched, position);
  }
}

describe('values that are known to be secret', () => {
  const value = `it's "p&ss" $w0rd/+<é>`;

  it('are removed in every form that programs give them', () => {
    const forms: readonly string[] = [
      value,
      JSON.stringify(value),
      JSON.stringify(JSON.stringify({ value })),
      encodeURIComponent(value),
      encodeURIComponent(value).toLowerCase(),
      new URLSearchParams({ value }).toString(),
      `'${value.replaceAll("'", `'\\''`)}'`,
      `"${value.replace(/["\\$`]/g, '\\$&')}"`,
      Buffer.from(value).toString('hex'),
      Buffer.from(value).toString('base64'),
      Buffer.from(value).toString('base64url'),
      `Basic ${Buffer.from(`joe:${value}`).toString('base64')}`,
      `Basic ${Buffer.from(`me:${value}`).toString('base64')}`,
      Buffer.from(`${value}\n`).toString('base64'),
    ];
    for (const form of forms) {
      const shown = redact(`before ${form} after`, [value]);
      assert.match(shown, /\[removed\]/, form);
      for (const part of ['w0rd', Buffer.from(value).toString('base64').slice(4, 16)]) {
        assert.ok(!shown.includes(part), `${form} → ${shown}`);
      }
    }
  });

  it('are removed where they overlap, and long ones where base64 is broken into lines', () => {
    assert.equal(redact('xabcdefghijklmny', ['abcdefgh', 'efghijklmn']), 'x[removed]y');
    const long = Array.from({ length: 40 }, (_, at) => `part${at}`).join('-');
    const coded = Buffer.from(long).toString('base64').replace(/.{76}/g, '$&\n').split('\n');
    for (const line of shownOf(new LineRedactor([long]), coded.slice(0, -1))) assert.equal(line, '[removed]');
  });

  it('are found by the table as by looking for each', () => {
    const values = ['abcabc', 'bcabca', 'aaaaaa', 'aaaaab', 'xyzxyzxyz', '日本語日本語'];
    const matcher = new ValueMatcher(values);
    let seed = 7;
    for (let round = 0; round < 500; round += 1) {
      let text = '';
      for (let at = 0; at < 60; at += 1) {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        text += seed % 11 === 0 ? (values[seed % values.length] ?? '') : 'abcxyz日本'.charAt((seed >> 8) % 8);
      }
      const marks = new Array<boolean>(text.length).fill(false);
      for (const one of values) {
        for (let at = text.indexOf(one); at !== -1; at = text.indexOf(one, at + 1)) {
          marks.fill(true, at, at + one.length);
        }
      }
      const expected = Array.from(marks, (mark, at) => (mark ? '#' : text.charAt(at))).join('');
      let found = text;
      for (const [begin, end] of matcher.find(text)) {
        found = found.slice(0, begin) + '#'.repeat(end - begin) + found.slice(end);
      }
      assert.equal(found, expected);
    }
  });

  it('are looked for at few places of a text, however many they are', () => {
    const text = Array.from(
      { length: 2_000 },
      (_, at) => `${at} step of the build is done, next comes another one\n`,
    ).join('');
    const values = Array.from({ length: 12 }, (_, at) => `Xq${at}-${'Zk7'.repeat(8)}-${at}`);
    for (const [count, most] of [
      [1, 0.25],
      [12, 0.35],
    ] as const) {
      const counted = new CountedText(text);
      new ValueMatcher(values.slice(0, count)).find(counted as unknown as string);
      const seen = `${count}: ${counted.letters / text.length}, ${counted.compared}`;
      assert.ok(counted.letters / 2 < text.length * most, seen);
      assert.ok(counted.compared < text.length / 1_000, seen);
    }
  });

  it('shorter than six characters are none', () => {
    assert.deepEqual(secretForms(['a', 'short', ' x ']), []);
    assert.equal(redact('short', ['short']), 'short');
  });
});

describe('secrets in lines that come one by one', () => {
  const token = 'ghp_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0bC3dE6';

  it('are found where a line was broken in their middle', () => {
    const value = 'correct-horse-battery-staple';
    for (let at = 1; at < value.length; at += 1) {
      const shown = grouped(new LineRedactor([value]), [`before ${value.slice(0, at)}`, `${value.slice(at)} after`]);
      assert.equal(shown, 'before [removed]\n[removed] after');
    }
    for (let at = 5; at < token.length - 1; at += 1) {
      const shown = grouped(new LineRedactor(), [`before ${token.slice(0, at)}`, `${token.slice(at)} after`]);
      for (const part of [token.slice(4, at), token.slice(at)]) {
        if (part.length > 3) assert.ok(!shown.includes(part), `${at}: ${shown}`);
      }
      assert.match(shown, /^before .*\n.* after$/s);
    }
    const three = grouped(new LineRedactor([value]), ['correct-ho', 'rse-batter', 'y-staple and more', 'ordinary']);
    assert.ok(!/batter|staple/.test(three) && three.endsWith(' and more\nordinary'), three);
  });

  it('do not take the line behind them along', () => {
    const lines = [token, 'Listening on 8080', 'done'];
    assert.deepEqual(shownOf(new LineRedactor(), lines), ['ghp_[removed]', 'Listening on 8080', 'done']);
    const apart = new LineRedactor(['correct-horse-battery-staple']);
    apart.redact('correct-horse', 'exec');
    assert.equal(apart.redact('-battery-staple', 'entrypoint'), '-battery-staple', 'another source');
  });

  it('are removed to the end of a private key, in whatever stands before each of its lines', () => {
    const width = (text: string): string => text.padEnd(64, 'aB3+/x');
    const key = [
      '-----BEGIN RSA PRIVATE KEY-----',
      width('MIIEow'),
      width('Zz9'),
      'abcd1/==',
      '-----END RSA PRIVATE KEY-----',
    ];
    for (const prefix of ['', '  ', 'web-1  | ', '"']) {
      const shown = shownOf(new LineRedactor(), [...key.map((line) => prefix + line), 'free again']);
      assert.ok(!/aB3|Zz9|abcd1|MIIE/.test(shown.join('\n')), shown.join('\n'));
      assert.equal(shown.at(-1), 'free again');
    }
    const encrypted = [
      '-----BEGIN RSA PRIVATE KEY-----',
      'Proc-Type: 4,ENCRYPTED',
      'DEK-Info: AES-128-CBC,00FF',
      '',
      width('q'),
    ];
    assert.ok(!/00FF|aB3/.test(shownOf(new LineRedactor(), encrypted).join('\n')));
  });

  it('stay ordinary lines behind a private key that is cut off', () => {
    const ordinary = ['Listening on 8080', 'Done', 'ok', '2048', 'src/main', 'a.b: c, d', 'Server', 'READY'];
    const begun = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIEow'.padEnd(64, 'aB3+/x')];
    for (const line of ordinary) {
      for (const key of [begun, begun.slice(0, 1)]) {
        assert.deepEqual(shownOf(new LineRedactor(), [...key, line, 'next']).slice(-2), [line, 'next']);
      }
    }
  });

  it('are found under escape sequences and in the password of a link', () => {
    const shown = grouped(new LineRedactor(), [
      `ghp_\u001b[0m${token.slice(4)}`,
      'see https://joe:s3cr3t@example.com/',
    ]);
    assert.ok(!shown.includes(token.slice(4)) && !shown.includes('s3cr3t'), shown);
  });

  it('are remembered for few sources only', () => {
    const redactor = new LineRedactor(['correct-horse-battery-staple']);
    for (let at = 0; at < 1000; at += 1) redactor.redact('correct-horse', `source ${at}`);
    assert.equal(redactor.redact('-battery-staple', 'source 0'), '-battery-staple');
    assert.equal(redactor.redact('-battery-staple', 'source 999'), '[removed]');
  });
});
