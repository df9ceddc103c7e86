import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { redact } from '../../../../src/core/redact';
import { LineRedactor } from '../../../../src/core/secrets/lineRedactor';

const coded = 'aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0bC3dE6fG7h';
const pem = Buffer.from('-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234567890').toString('base64');

const secrets: readonly (readonly [text: string, secret: string])[] = [
  ['sshpass -p hunter ssh host', 'hunter'],
  ["sshpass -p'hun ter' ssh host", 'hun ter'],
  ['mysql -u root -phunter db', 'hunter'],
  ['mysqldump -h db -phunter x', 'hunter'],
  ['docker login -u joe -p hunter registry', 'hunter'],
  ['helm registry login -p hunter x', 'hunter'],
  ['curl -sSLu joe:sekret https://x', 'sekret'],
  ['set -x DB_PASSWORD hunter', 'hunter'],
  ['set -gx API_TOKEN hunter', 'hunter'],
  ['ENV DB_PASSWORD hunter', 'hunter'],
  ['Step 3/9 : ENV API_KEY hunter', 'hunter'],
  ['["x-api-key","abc123def"]', 'abc123def'],
  [`client-key-data: ${coded}`, coded],
  [`client-certificate-data: ${coded}`, coded],
  [`key: ${pem}`, pem.slice(30)],
  [`{"kty":"RSA","n":"x","d":"${coded}"}`, coded],
  [`{"kty":"oct", "k": "${coded}"}`, coded],
  ['secret abc8Q~AbCdEfGhIjKlMnOpQrStUvWxYz01234567', 'AbCdEfGhIjKl'],
  ['Password：hunter2', 'hunter2'],
  ['密码：hunter2', 'hunter2'],
  ['密钥：abc123def456', 'abc123def456'],
  ['https://x/callback?code=4/0AbCdEfGhIjKl&x=1', 'AbCdEfGhIjKl'],
  ['https://x/?a=1&access_token=abc123def', 'abc123def'],
];

const ordinary = [
  'ls -p x',
  'tar -pxf a.tar',
  'mkdir -p path',
  'docker run -p 80:80 nginx',
  'mysql -P 3306 -u root -p',
  'ssh -p 22 host',
  'docker login registry',
  'exit code=1',
  'https://x/?code=404',
  'set -x PATH /usr/bin',
  'set -x',
  'ENV PATH /usr/local/bin',
  'env token is missing',
  'ENV API_TOKEN $TOKEN',
  '["password","username"]',
  '["x-api-key","x-auth-token"]',
  'description: |\n  two\n  lines',
  '密码：必须至少 8 个字符',
  '{"d":"2026-11-29","k":"v"}',
  `certificate: ${Buffer.from('-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEA').toString('base64')}`,
  'curl -fsSL https://x:443/y',
];

describe('redact, by the place of a secret', () => {
  for (const [text, secret] of secrets) {
    it(`removes that of ${text.slice(0, 40)}`, () => {
      for (const around of [text, `12:00:01 + ${text}`, `${text}\nnext line`]) {
        assert.ok(!redact(around).includes(secret), redact(around));
      }
      assert.equal(redact(redact(text)), redact(text));
    });
  }

  for (const text of ordinary) {
    it(`leaves ${text.slice(0, 40)}`, () => assert.equal(redact(text), text));
  }

  const blocks = [
    ['a:', '  password: >-', '    hun ter', '    two', '  next: 1'],
    ['api_token: |', '  hunter', 'next: 1'],
    ['Private-Lines: 2', 'AAAAhunterBBBB', 'AAAAhun=', 'next: 1'],
  ];
  for (const lines of blocks) {
    it(`removes the lines behind ${lines.find((line) => /[>|-]\d?$|Lines/.test(line)) ?? ''}, in one text and line by line`, () => {
      const redactor = new LineRedactor();
      for (const shown of [redact(lines.join('\n')), lines.map((line) => redactor.redact(line, 'a')).join('\n')]) {
        assert.doesNotMatch(shown, /hun|two/);
        assert.ok(shown.includes('next: 1'), shown);
      }
    });
  }

  it('takes a time that grows with the text only', function () {
    this.timeout(120_000);
    const parts = [
      'sshpass ',
      'mysql ',
      'docker login ',
      'set -x ',
      'ENV ',
      'ENV A',
      '"d":"',
      'LS0tLS1CRUdJTi',
      '?code=',
    ];
    parts.push(
      '"x-',
      'a-',
      '密码',
      '密码：',
      'client-key-data: ',
      'aQ~',
      '1Q~',
      'password: >\n',
      'curl -',
      'set -a',
      'Private-Lines: 9\n',
    );
    // One that takes the square of the length never ends within the limit.
    for (const part of parts) redact(part.repeat(1_000_000 / part.length));
  });
});
