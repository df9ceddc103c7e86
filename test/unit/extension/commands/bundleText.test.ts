import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { cleanText, settingsForBundle, valuesInSettings } from '../../../../src/extension/commands/bundleText';

const settings = {
  baseUrl: 'https://joe:s3cr3t@api.example.com/v1?key=abc',
  tunnelUrlTemplate: 'https://{port}-{key}.tunnel.example.com/private',
  size: 'LARGE',
  lifetimeMinutes: 90,
  blueprint: 'openhands',
  openVscodeIn: 'browser',
  profiles: [{ name: 'work of Jane', baseUrl: 'https://other.example/x?token=abc' }],
  presets: [
    {
      name: 'my preset',
      blueprint: 'openhands',
      environment: { PLAIN: 'the plain value', NUMBER: 12345678, NESTED: { deep: 'nested value' } },
      secrets: { API: 'name-of-secret' },
      note: 'hidden in an unknown key',
      folder: '/home/jane/work',
    },
  ],
  prices: { cpu: 0.1 },
  unknown: 'free text',
};

describe('the support bundle', () => {
  it('tells settings without what may be a secret', () => {
    const text = JSON.stringify(settingsForBundle(settings));
    const hidden = [
      's3cr3t',
      'key=abc',
      'private',
      'token=abc',
      'plain value',
      '12345678',
      'nested',
      'name-of',
      'unknown key',
    ];
    for (const part of [...hidden, 'free text', 'Jane', 'jane', 'my preset']) {
      assert.ok(!text.includes(part), `${part} in ${text}`);
    }
    for (const part of [
      '"size":"LARGE"',
      '"lifetimeMinutes":90',
      'https://api.example.com',
      '"PLAIN"',
      '"cpu":0.1',
      'openhands',
    ]) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
    assert.deepEqual(valuesInSettings(settings), ['the plain value', 'nested value']);
    const log = cleanText('started with the plain value', valuesInSettings(settings), { homes: [], names: [] });
    assert.equal(log, 'started with [removed]');
  });

  it('tells nothing of accounts but their hosts, whatever they are called', () => {
    for (const name of ['Acme Corp of Jane', 'size', 'source', 'baseUrl', 'workspacePath', 'lifetimeMinutes']) {
      const profiles = { [name]: 'https://joe:s3cr3t@acme.example.com/v1?token=abc' };
      const text = JSON.stringify(settingsForBundle({ profiles, size: 'LARGE' }));
      assert.doesNotMatch(text, /Acme Corp|Jane|joe|s3cr3t|token|abc|v1/, text);
      assert.match(text, /https:\/\/acme\.example\.com/);
    }
  });

  it('tells no secret that stands where words of ours do', () => {
    for (const name of ['blueprint', 'source', 'snapshot', 'extends', 'workspacePath', 'size', 'onIdle']) {
      for (const value of [
        'https://joe:s3cr3t@example.com',
        'ghp_0123456789abcdefghijABCDEFGHIJ012345',
        'password=s3cr3t',
        'x?key=s3cr3t',
        'line\nTOKEN=s3cr3t',
      ]) {
        const text = JSON.stringify(settingsForBundle({ presets: [{ [name]: value }] }));
        assert.doesNotMatch(text, /s3cr3t|ghp_/, text);
      }
    }
  });

  it('takes the commands, files and variables of presets out of logs as well, in whatever form they are written', () => {
    const presets = [
      {
        environment: ['A=value-one', "B='value two'"],
        variables: 'C=value-three\nD=value-four',
        launchCommands: ['export TOKEN=value-five', 'curl -H "X: value-six" example.com'],
        mounts: [{ type: 'file_mount', target: '/x', content: 'first line\nvalue-seven-line' }],
        entrypoint: 'serve value-eight',
      },
    ];
    const secrets = valuesInSettings({ presets });
    const log = [
      'value-one, value two, value-three, value-four, value-five',
      'curl -H "X: value-six" example.com',
      'value-seven-line',
      'serve value-eight',
    ];
    assert.doesNotMatch(cleanText(log.join('\n'), secrets, { homes: [], names: [] }), /value/);
    assert.doesNotMatch(JSON.stringify(settingsForBundle({ presets })), /value/);
  });

  it('names nobody, in the paths of every system', () => {
    const windows = { homes: ['C:\\Users\\Jane Doe'], names: ['Jane Doe'] };
    const cases: readonly (readonly [string, typeof windows])[] = [
      ['at C:\\Users\\Jane Doe\\project\\a.ts', windows],
      ['at c:/users/jane doe/project', windows],
      [JSON.stringify({ path: 'C:\\Users\\Jane Doe\\x' }), windows],
      ['file:///c%3A/Users/Jane%20Doe/x', windows],
      ['\\\\?\\C:\\Users\\JANE DOE\\x', windows],
      ['/mnt/c/Users/Jane Doe/x and /c/Users/Jane Doe', windows],
      ['\\\\server\\homes\\jane\\x', { homes: ['\\\\server\\homes\\jane'], names: ['jane'] }],
      ['//server/homes/jane/x', { homes: ['\\\\server\\homes\\jane'], names: ['jane'] }],
      ['/home/jane/x:/home/jane', { homes: ['/home/jane'], names: ['jane'] }],
      ['/Users/jane.doe/Library', { homes: ['/Users/jane.doe'], names: ['jane.doe'] }],
      ['jane@host: user jane, uid 1000', { homes: ['/home/jane'], names: ['jane'] }],
      ['%2Fhome%2Fjane%2Fx', { homes: ['/home/jane'], names: ['jane'] }],
      ['C:\\Users\\jane\\x', { homes: ['/root'], names: ['root'] }],
    ];
    for (const [text, owner] of cases) {
      const clean = cleanText(text, [], owner);
      assert.ok(!/jane|doe/i.test(clean), `${text} → ${clean}`);
    }
  });

  it('leaves what is of nobody', () => {
    const owner = { homes: ['/home/jane', '/root'], names: ['jane', 'root', undefined, ''] };
    for (const text of [
      '/home/user/.openhands-runtime',
      '/home/openhands/x',
      'root cause',
      '/var/lib/janelle',
      'users: 3',
    ]) {
      assert.equal(cleanText(text, [], owner), text);
    }
  });
});
