import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock } from 'node:test';
import { describe, it } from 'mocha';
import { asArray, asObject, parseJson } from '../../../../src/core/parse';
import { useWindow } from '../../../fakeVscode/useWindow';
import { ScriptedServer } from '../../../network/scriptedServer';

describe('The account of a window', () => {
  const used = useWindow();
  const changes = (): number => used.editor.output(/^Runloop$/).split('The account or the address').length - 1;

  it('stays where another account is signed in to or out of, or profiles are edited', async () => {
    const { editor, extension, platform } = used;
    await extension.list();
    const before = changes();
    await editor.secrets.store('runloop.apiKey:https://other.example', 'ak_other');
    await editor.secrets.store(`runloop.apiKey:${platform.baseUrl}#named`, 'ak_other');
    await editor.secrets.delete('runloop.apiKey:https://other.example');
    // The same key once more, as a second sign-in keeps it.
    await editor.secrets.store(`runloop.apiKey:${platform.baseUrl}`, platform.apiKey);
    editor.settings.set('runloop.profiles', { named: platform.baseUrl });
    editor.settings.set('runloop.profiles', {});
    await extension.list();
    assert.equal(changes(), before);
  });

  it('changes with its key and its address', async () => {
    const { editor, extension, platform } = used;
    await extension.list();
    const before = changes();
    await editor.secrets.delete(`runloop.apiKey:${platform.baseUrl}`);
    await assert.rejects(extension.list(), { code: 'missing_api_key' });
    assert.equal(changes(), before + 1);
    await editor.secrets.store(`runloop.apiKey:${platform.baseUrl}`, platform.apiKey);
    await extension.list();
    assert.equal(changes(), before + 2);
    editor.settings.set('runloop.baseUrl', 'no address at all');
    await assert.rejects(extension.list(), { code: 'invalid_option' });
    assert.equal(changes(), before + 3);
  });

  it('never sends the environment’s key to the host of a profile, nor a key to another host than it was given for', async () => {
    const { editor, extension, platform } = used;
    const seen: string[] = [];
    const host = await ScriptedServer.start(({ headers }, answer) => {
      seen.push(String(headers.authorization));
      answer.writeHead(401, { 'content-type': 'application/json' }).end('{}');
    });
    process.env['RUNLOOP_API_KEY'] = 'ak_of_the_environment';
    try {
      editor.settings.set('runloop.profiles', { theirs: host.origin });
      editor.answer(/^Switch Profile/, /^theirs/);
      editor.answer(/^Sign In to Runloop/, undefined);
      await editor.run('runloop.switchProfile');
      await assert.rejects(extension.list(), { code: 'missing_api_key' });
      await editor.secrets.store(`runloop.apiKey:${host.origin}#theirs`, 'ak_theirs');
      await extension.list();
      assert.deepEqual([...new Set(seen)], ['Bearer ak_theirs']);
      editor.answer(/^Switch Profile/, 'Default');
      await editor.run('runloop.switchProfile');
      seen.length = 0;
      await extension.list();
      // The setting alone is no sign-in: the key that the window has is for the platform.
      delete process.env['RUNLOOP_API_KEY'];
      editor.settings.set('runloop.baseUrl', host.origin);
      await assert.rejects(extension.list(), { code: 'missing_api_key' });
      assert.deepEqual(seen, []);
      editor.settings.set('runloop.baseUrl', platform.baseUrl);
      assert.deepEqual(await extension.list(), []);
    } finally {
      delete process.env['RUNLOOP_API_KEY'];
      await host.stop();
    }
  });

  it('says that the keyring refuses, and takes the key of the environment where there is one', async () => {
    const { editor, extension, platform } = used;
    const reads = mock.method(editor.secrets, 'get', () =>
      Promise.reject(new Error('org.freedesktop.secrets was not provided')),
    );
    editor.settings.set('runloop.profiles', {});
    await assert.rejects(extension.list(), { code: 'keyring' });
    await editor.run('runloop.refreshDevboxes').catch(() => undefined);
    process.env['RUNLOOP_API_KEY'] = platform.apiKey;
    try {
      editor.settings.set('runloop.profiles', { named: platform.baseUrl });
      assert.deepEqual(await extension.list(), []);
    } finally {
      delete process.env['RUNLOOP_API_KEY'];
      reads.mock.restore();
    }
  });

  it('stays where its key comes from elsewhere, which the menus are told', async () => {
    const { editor, extension, platform } = used;
    await extension.list();
    const before = changes();
    process.env['RUNLOOP_API_KEY'] = platform.apiKey;
    try {
      await editor.secrets.delete(`runloop.apiKey:${platform.baseUrl}`);
      await extension.list();
      assert.deepEqual([editor.contexts.get('runloop.account'), changes()], ['environment', before]);
      await editor.secrets.store(`runloop.apiKey:${platform.baseUrl}`, platform.apiKey);
      await extension.list();
      assert.deepEqual([editor.contexts.get('runloop.account'), changes()], ['secret', before]);
    } finally {
      delete process.env['RUNLOOP_API_KEY'];
    }
  });

  it('stays where it is called by another name, or unrelated settings change', async () => {
    const { editor, extension, platform } = used;
    editor.settings.set('runloop.profiles', { first: platform.baseUrl, second: platform.baseUrl });
    for (const name of ['first', 'second']) {
      await editor.secrets.store(`runloop.apiKey:${platform.baseUrl}#${name}`, platform.apiKey);
    }
    await extension.list();
    const before = changes();
    for (const name of ['first', 'second']) {
      editor.answer(/Switch/, new RegExp(`^${name}`));
      await editor.run('runloop.switchProfile');
      await extension.list();
    }
    editor.settings.set('runloop.profiles', {
      first: 'https://other.example',
      second: platform.baseUrl,
      more: 'nonsense',
    });
    for (const [setting, value] of [
      ['runloop.prices', { vcpuHour: 1 }],
      ['runloop.size', 'SMALL'],
      ['runloop.presets', []],
      ['editor.fontSize', 20],
    ] as const) {
      editor.settings.set(setting, value);
    }
    await extension.list();
    assert.equal(changes(), before);
  });

  it('hides no command of the palette before anybody has asked for the account', () => {
    const manifest = asObject(asObject(parseJson(readFileSync('package.json', 'utf8')))?.['contributes']);
    const clauses = [
      ...asArray(asObject(manifest?.['menus'])?.['commandPalette']).map((entry) => asObject(entry)?.['when']),
      ...asArray(manifest?.['commands']).map((entry) => asObject(entry)?.['enablement']),
    ].filter((clause) => typeof clause === 'string');
    // Keys that are set late: a clause must hold while they are not there.
    const late = clauses.filter((clause) => /runloop\.(account|localPlatform|hasDashboard)/.test(clause));
    assert.ok(late.length >= 5);
    for (const clause of late) assert.match(clause, /^(runloop\.account != none|!runloop\.account \|\| .*)$/);
  });
});
