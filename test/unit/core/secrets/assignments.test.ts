import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { withoutAssignments, withoutCredentials } from '../../../../src/core/secrets/assignments';

/** What is removed stands between angle brackets. */
const removedFrom: readonly string[] = [
  // Prose: a password is the last word, or one that nobody speaks.
  'the password: <correcthorse>',
  "password: <correcthorse>'",
  'password: <correctHorse> of today',
  'password: correct horse',
  'the password: <hunter2> was typed',
  // A token in prose is long, odd, or all that stands there.
  'token: <abcdefghijklmnopqrst> and more',
  'token: abcdefghijklmnopqrs and more',
  'token: <abcdefghiJ> and more',
  'token: abcdefghJ and more',
  'token: <abcdefgh>',
  'export token: <abcdefgh>',
  'token: abcdefg',
  'the token: abcdefgh',
  'the token: <ab12c3> was taken',
  'the token: ab12c was taken',
  'unexpected token: ab12c3d4',
  // As programs write it.
  'token=<ab1c>',
  'token=ab1',
  'token=<abcdef>',
  'token=abcde',
  'password=<q>',
  '"token": "<abcdef>"',
  '"token": "abcde"',
  '"token": "<a1>"',
  '"password": "<q>"',
  'pin_token=<123456>',
  '"token": "12345"',
  'token=$TOKEN',
  'token=${TOKEN}',
  'password: process.env.PASSWORD',
  'password = read(file)',
];

const removedCredentials: readonly string[] = [
  'Authorization: <secretword>',
  'Authorization: secretword is wrong',
  'Authorization: <Secretword> is wrong',
  'Authorization: Bearer <abc>',
  'authorization: digest <username="a", response="b">',
  'Bearer <abcdefgh>',
  'Bearer abcdefg',
  'bearer <ab1cde>',
  'bearer authentication',
  'Cookie: <session=abc; other=d>',
  'https://<name:password>@host/x',
  'https://<ghp0123456789abcdef>@host/x',
  'https://host/x?sig=<abc>&a=b',
  'machine host login name password <abc>',
  'curl -u name:<abc> https://host',
];

function check(remove: (text: string) => string, expected: string): void {
  const given = expected.replaceAll(/<([^>]*)>/g, '$1');
  assert.equal(remove(given), expected.replaceAll(/<[^>]*>/g, '[removed]'));
}

describe('what is called a secret', () => {
  for (const expected of removedFrom) it(`is removed: ${expected}`, () => check(withoutAssignments, expected));
});

describe('what opens doors in headers and addresses', () => {
  for (const expected of removedCredentials) it(`is removed: ${expected}`, () => check(withoutCredentials, expected));
});
