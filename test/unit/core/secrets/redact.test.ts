import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { redact } from '../../../../src/core/redact';

const random = 'aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0bC3dE6';

/** A text, and what must not be left of it. */
const secrets: readonly (readonly [text: string, secret: string])[] = [
  // Forms.
  [`cloning with ghp_${random}`, random],
  [`gho_${random}`, random],
  [`ghs_${random}.`, random],
  [`ghu_${random},`, random],
  [`github_pat_11ABCDEFG0${random}_${random}`, random],
  [`sk-${random}`, random],
  [`sk-proj-${random}`, random],
  [`sk-ant-api03-${random}-AA`, random],
  ['AKIAIOSFODNN7EXAMPLE', 'IOSFODNN7EXAMPLE'],
  ['id=ASIAIOSFODNN7EXAMPLE.', 'IOSFODNN7EXAMPLE'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N', 'eyJzdWIi'],
  [`npm_${random}`, random],
  ['xoxb-123456789012-abcdefGHIJ', 'abcdefGHIJ'],
  ['glpat-abcdefghij1234567890', 'abcdefghij'],
  ['AIzaSyA1234567890abcdefghijklmnopqrstuvw', '1234567890'],
  [`hf_${random}`, random],
  ['pypi-AgEIcHlwaS5vcmcCJDEyMzQ', 'IcHlwaS5'],
  ['https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX', 'XXXXXXXX'],
  [`{"said":"one\\nghp_${random}"}`, random],
  [`token%3Dghp_${random}`, random],
  // Addresses.
  ['clone https://joe:s3cr3t@example.com/x.git', 's3cr3t'],
  ['https://abcdef0123456789abcdef@github.com/x', 'abcdef01'],
  ['postgres://u:p@ss@db:5432/x', 'p@ss'],
  ['redis://:hunter2@localhost:6379', 'hunter2'],
  ['mongodb+srv://a:b%40c@host/', 'b%40c'],
  ['amqp://u:p/w1@host', 'p/w1'],
  ['?sv=2020&sig=abc%2Fdef&x=1', 'abc%2Fdef'],
  ['//registry.npmjs.org/:_authToken=abcd-1234', 'abcd-1234'],
  // Names.
  ['password=hunter', 'hunter'],
  ['Password: hunter2', 'hunter2'],
  ['passwd: Tr0ub4dor', 'Tr0ub4dor'],
  ['PGPASSWORD=abc psql', 'abc'],
  ['DB_PASS=abcdef', 'abcdef'],
  ['password=p@$$w0rd(1)x', 'w0rd'],
  ['password = "pass word"', 'pass word'],
  ["{'password': 'x y'}", 'x y'],
  ['{"password":"a\\"b c"}', 'b c'],
  ['{\\"password\\":\\"abcd\\"}', 'abcd'],
  [':password=>"abcd"', 'abcd'],
  ['<password>hunter2</password>', 'hunter2'],
  ['token: abc123def456', 'abc123def456'],
  ['  token: my-secret-token', 'my-secret'],
  ['"api_key": "abcdefgh"', 'abcdefgh'],
  ['"apiKey":"k1"', 'k1'],
  ['API key: abcd1234efgh', 'abcd1234'],
  ['X-Api-Key: abcd1234', 'abcd1234'],
  ['client_secret=abc-def-ghi', 'abc-def'],
  ['{"auths":{"x":{"auth":"dXNlcjpwYXNz"}}}', 'dXNlcjpwYXNz'],
  ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY', 'wJalrXUtnFEMI'],
  ['Server=x;User Id=sa;Password=Pa55;Database=y', 'Pa55'],
  ['AccountName=x;AccountKey=abcd1234+/==;Endpoint', 'abcd1234'],
  ['--password hunter2', 'hunter2'],
  ['--token abcd1234xyz', 'abcd1234'],
  ['--api-key=abcd1234', 'abcd1234'],
  ['curl -u joe:sekret https://x', 'sekret'],
  ['machine h login u password p4ss', 'p4ss'],
  // Headers.
  ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['Authorization: token abcdef0123456789', 'abcdef01'],
  ['authorization: abcdef123456', 'abcdef123456'],
  ['curl -H "Authorization: Bearer abc123def" https://x', 'abc123def'],
  ['sent with Bearer abcdefghijk', 'abcdefghijk'],
  ['Authorization: Digest username="Mufasa", response="6629fae4"', '6629fae4'],
  ['Authorization: AWS4-HMAC-SHA256 Credential=AKIA/2020, Signature=fe5f80', 'fe5f80'],
  ['Set-Cookie: session=zzz111; Path=/', 'zzz111'],
  // Keys.
  ['-----BEGIN RSA PRIVATE KEY-----\\nMIIEowIBAAKCAQEA1234567890\\nab==\\n-----END RSA PRIVATE KEY-----\\n', 'ab=='],
  ['-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234567890abcd', 'MIIE'],
  [
    '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGEabc0BCADabcdefgh\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----',
    'lQOY',
  ],
];

const ordinary = [
  'SyntaxError: Unexpected token: }',
  'unexpected token: identifier',
  'Invalid token: expected string',
  'password: must be at least 8 characters',
  'passwd: password updated successfully',
  'Password:',
  'Enter password for user:',
  'password is wrong',
  'password = None',
  'password: string;',
  'password=***',
  'password=${DB_PASSWORD}',
  'token=$TOKEN',
  'token = process.env.TOKEN',
  'token = getToken()',
  'max_tokens=4096',
  'tokens: 1234',
  'token count = 15',
  'token_count=5',
  'tokenizer=tiktoken',
  'secret: true',
  'the secret: nothing is hidden',
  'secrets: inherit',
  'secretary: Jane',
  'key: value',
  'primary_key=id',
  'the api key: required',
  'keyboard: us',
  'monkey: banana',
  'compass=north',
  'bypass=1',
  'password_file=/run/x',
  'author: Jane Doe',
  'authentication=none',
  'auth: failed',
  'Authorization: required',
  'authorization failed for user',
  'Bearer token was refused',
  'bearer of news',
  'Bearer authentication is required',
  'no bearer credentials.',
  'cookie: none',
  'npm_config_registry=https://registry.example/',
  'npm_package_version=1.2.3',
  'sk-learn 1.3 and scikit-learn',
  'hf_hub_download(repo)',
  'task-abcdefghij-123',
  'break_123456 task_1',
  'glpat- and ghp_short',
  'http://localhost:8080/@vite/client',
  'http://host:80?q=a@b.com',
  'https://example.com:8080/a@b',
  'ssh://git@github.com/x/y',
  'postgres://localhost:5432/db',
  'joe@example.com',
  'docker run -u 1000:1000 x',
  'commit 3f786850e387550fdab836ed7e6dc881de23001b',
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'uuid 123e4567-e89b-12d3-a456-426614174000',
  '-----BEGIN CERTIFICATE-----\nMIIB',
];

describe('redact keeps out what looks like a secret', () => {
  it('by its form, its name or its place', () => {
    for (const [text, secret] of secrets) {
      for (const around of [text, `12:00:01 step 3 ${text}`, `${text}\nnext line`]) {
        assert.ok(!redact(around).includes(secret), `${around} → ${redact(around)}`);
      }
    }
  });

  it('by its place in a file of settings, also if it is a word', () => {
    assert.equal(redact('  token: mysecrettoken\n  next: line'), '  token: [removed]\n  next: line');
  });

  it('and leaves ordinary text as it is', () => {
    for (const text of ordinary) assert.equal(redact(text), text);
  });

  it('also where an escape sequence stands in the middle of it, as grep --color puts it there', () => {
    for (const text of [
      `x: \u001b[01;31m\u001b[Kghp_\u001b[m\u001b[K${random}`,
      `ghp_${random.slice(0, 9)}\u0000${random.slice(9)}`,
      `pass\u001b[1mword\u001b[0m=${random}`,
    ]) {
      assert.ok(!redact(text).includes(random.slice(9)), redact(text));
    }
    // A value that has one itself.
    assert.equal(redact('it is first\u001b[1msecond', ['first\u001b[1msecond']), 'it is [removed]');
    assert.equal(redact('known-\u001b[31mvalue\u001b[0m here', ['known-value']), '[removed] here');
  });

  it('also where it is done twice', () => {
    for (const [text] of secrets) assert.equal(redact(redact(text)), redact(text));
  });

  it('leaves ordinary lines behind a private key that is cut off', () => {
    for (const key of [
      '-----BEGIN RSA PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234567890abcd',
    ]) {
      assert.equal(redact(`${key}\nListening on 8080\nok`), '[private key removed]\nListening on 8080\nok');
    }
  });

  it('in time that grows with the text only', function () {
    this.timeout(120_000);
    const size = 300_000;
    const parts = [
      'a',
      'sk-',
      'pass',
      'password=',
      ' ',
      'http://a:',
      'password="',
      'token=\\"',
      'eyJ',
      'eyJaaaaaa.',
      '--',
    ];
    parts.push('-token ', 'password=\\', '-----BEGIN PRIVATE KEY-----', '\\n', 'curl -u ', 'authorization: ', '://:');
    parts.push('login a password ', '<password>', 'password: .', 'cookie: a=', 'aB3', 'A_PASSWORD=x ', '&sig=', '_');
    // One that takes the square of the length never ends within the limit.
    for (const part of parts) redact(`-----BEGIN RSA PRIVATE KEY-----${part.repeat(size / part.length)}@`);
  });
});
