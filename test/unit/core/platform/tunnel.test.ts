import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { parseApiKey, parseBaseUrl } from '../../../../src/core/platform/client';
import { parseTunnel } from '../../../../src/core/platform/devbox';
import { tunnelOrigin } from '../../../../src/core/platform/tunnel';

describe('tunnelOrigin', () => {
  const origin = (apiBaseUrl: string, template?: string): string =>
    tunnelOrigin({ port: 4444, key: 'abc1', apiBaseUrl, template });

  it('follows the domain of the API in the cloud', () => {
    assert.equal(origin('https://api.runloop.ai'), 'https://4444-abc1.tunnel.runloop.ai');
    assert.equal(origin('https://api.eu.example.com/prefix'), 'https://4444-abc1.tunnel.eu.example.com');
    assert.equal(origin('https://runloop.example.com'), 'https://4444-abc1.tunnel.runloop.example.com');
  });

  it('shares scheme and port with a local platform', () => {
    assert.equal(origin('http://127.0.0.1:8080'), 'http://4444-abc1.tunnel.localhost:8080');
    assert.equal(origin('http://localhost:8080'), 'http://4444-abc1.tunnel.localhost:8080');
  });

  const api = 'http://127.0.0.1:1';
  for (const [template, expected] of [
    ['https://{port}-{key}.t.example.com', 'https://4444-abc1.t.example.com'],
    [' https://{port}-{key}.t.example.com/ ', 'https://4444-abc1.t.example.com'],
    ['https://{key}.t.example.com:{port}', 'https://abc1.t.example.com:4444'],
    ['https://{key}-{port}.example.com:8443', 'https://abc1-4444.example.com:8443'],
    ['http://{port}-{key}.tunnel.localhost:8080', 'http://4444-abc1.tunnel.localhost:8080'],
  ] as const) {
    it(`obeys the template ${template}`, () => assert.equal(origin(api, template), expected));
  }

  for (const [template, why] of [
    ['nonsense {key}{port}', /is not a valid address/],
    ['{port}-{key}.example.com', /is not a valid address/],
    ['https://{port}-{key}.{domain}', /has placeholders other than/],
    ['ftp://{port}-{key}.example.com', /must begin with https/],
    ['file:///{port}/{key}', /must begin with https/],
    ['http://{port}-{key}.example.com', /must use https/],
    ['http://{port}-{key}.localhost.example.com', /must use https/],
    ['http://{port}-{key}.notlocalhost', /must use https/],
    ['http://127.{port}-{key}.evil.example', /must use https/],
    ['https://t.example.com', /must contain \{port\}/],
    ['https://{key}.example.com', /must contain \{port\}/],
    ['https://{port}.example.com', /must contain \{key\}/],
    ['https://example.com/{port}/{key}', /must contain \{port\}/],
    ['https://{port}.example.com/?{key}', /must contain \{key\}/],
    ['https://{port}.example.com/#{key}', /must contain \{key\}/],
    ['https://{port}-{key}.example.com/path', /must end with the host name/],
    ['https://{port}-{key}.example.com?x', /must end with the host name/],
    ['https://{port}-{key}.example.com#x', /must end with the host name/],
    ['https://user:pass@{port}-{key}.example.com', /user name or password/],
    ['https://{port}-{key}@example.com', /user name or password/],
    ['https://{port}:{key}@example.com', /user name or password/],
  ] as const) {
    it(`refuses the template ${template} and says why`, () => {
      assert.throws(
        () => origin(api, template),
        (error) =>
          RuntimeError.is(error, 'invalid_option') && why.test(error.message) && !error.message.includes('pass@'),
      );
    });
  }

  it('takes no name for this computer that only begins like one', () => {
    assert.equal(origin('https://127.evil.example'), 'https://4444-abc1.tunnel.127.evil.example');
    assert.throws(() => parseBaseUrl('http://127.evil.example'), /must use https/);
  });
});

describe('parseTunnel', () => {
  it('takes no key that is not one DNS label', () => {
    for (const key of ['a.b', 'a/b', 'evil.com#', '', 'x'.repeat(64)]) {
      assert.equal(parseTunnel({ tunnel_key: key }), undefined);
    }
    assert.deepEqual(parseTunnel({ tunnel_key: 'k', auth_mode: 'authenticated', auth_token: 't' }), {
      key: 'k',
      authMode: 'authenticated',
      authToken: 't',
      // As Runloop does where it is not told otherwise.
      httpKeepAlive: true,
    });
    assert.equal(parseTunnel({ tunnel_key: 'k', http_keep_alive: false })?.httpKeepAlive, false);
  });
});

describe('parseBaseUrl', () => {
  it('normalises what is fine', () => {
    assert.equal(parseBaseUrl(' https://api.runloop.ai/ '), 'https://api.runloop.ai');
    assert.equal(parseBaseUrl('http://127.0.0.1:99/p/'), 'http://127.0.0.1:99/p');
  });

  for (const bad of [
    '',
    'no url',
    'ftp://x',
    'https://user:pw@api.runloop.ai',
    'http://api.runloop.ai',
    'https://a/?q=1',
  ]) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      assert.throws(
        () => parseBaseUrl(bad),
        (error) => RuntimeError.is(error, 'invalid_option') && error.nextStep !== '',
      );
    });
  }
});

describe('parseApiKey', () => {
  it('tells a missing key before any request', () => {
    for (const none of [undefined, '', '  ']) {
      assert.throws(
        () => parseApiKey(none),
        (error) => RuntimeError.is(error, 'missing_api_key'),
      );
    }
  });

  it('does not repeat a malformed key in its error', () => {
    assert.throws(
      () => parseApiKey('ak_with blank\n'),
      (error) => RuntimeError.is(error, 'authentication') && !error.message.includes('ak_with'),
    );
  });
});
