import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { SecretSessionKeys } from '../../../../src/extension/account/sessionKeys';
import { KnownSecrets, rememberSetValues } from '../../../../src/extension/session/knownSecrets';
import { FakeSecrets } from '../../../fakeVscode/memory';

describe('What is known to be secret about a devbox', () => {
  let storage: FakeSecrets;
  let failures: string[];
  const log = { failure: (what: string) => void failures.push(what) } as never;
  const opened = (): KnownSecrets => new KnownSecrets(storage, new SecretSessionKeys(storage, log));
  beforeEach(() => {
    storage = new FakeSecrets();
    failures = [];
  });

  it('is its session key and what was set in it, and nothing of another one', async () => {
    const known = opened();
    await new SecretSessionKeys(storage, log).set('dbx_1', 'its key');
    await known.keep('dbx_1', ['its value', 'its value']);
    await known.keep('dbx_2', ['value of another']);
    known.add('dbx_1', ['seen']);
    assert.deepEqual(new Set(await known.of('dbx_1')), new Set(['its key', 'its value', 'seen']));
    assert.deepEqual(new Set(await known.of('dbx_2')), new Set(['value of another']));
    assert.deepEqual(await known.of('dbx_3'), []);
    assert.deepEqual(new Set(await known.all()), new Set(['its value', 'value of another', 'seen']));
  });

  it('is known to later windows where it was set, all that was set one after the other', async () => {
    const known = opened();
    await Promise.all([known.keep('dbx_1', ['first']), known.keep('dbx_2', ['other']), known.keep('dbx_1', ['then'])]);
    known.add('dbx_1', ['only seen']);
    const later = opened();
    assert.deepEqual(new Set(await later.of('dbx_1')), new Set(['first', 'then']));
    assert.deepEqual(await later.of('dbx_2'), ['other']);
  });

  it('is kept of the newest hundred devboxes', async () => {
    const known = opened();
    for (let at = 0; at <= 100; at += 1) await known.keep(`dbx_${at}`, [`value ${at}`]);
    const later = opened();
    assert.deepEqual(await later.of('dbx_0'), []);
    assert.deepEqual([await later.of('dbx_1'), await later.of('dbx_100')], [['value 1'], ['value 100']]);
    // This window has seen it.
    assert.deepEqual(await known.of('dbx_0'), ['value 0']);
  });

  it('is told once to whoever shows its output, and to nobody else', () => {
    const known = opened();
    const told: (readonly string[])[] = [];
    const listening = known.onDidAddOf('dbx_1', (values) => void told.push(values));
    known.add('dbx_1', ['', 'a']);
    known.add('dbx_1', ['a', 'b']);
    known.add('dbx_1', ['a', 'b', '']);
    known.add('dbx_2', ['c']);
    listening.dispose();
    known.add('dbx_1', ['d']);
    assert.deepEqual(told, [['a'], ['b']]);
  });

  it('is in its output also the API key without what stands before it, and the token of its tunnel', async () => {
    const known = opened();
    const tunnel = { tunnel_key: 'k', auth_mode: 'authenticated', auth_token: 'its token' };
    const devbox = parseDevbox({ id: 'dbx_1', status: 'running', tunnel });
    const api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: 'http://127.0.0.1:9' });
    await known.keep('dbx_1', ['a value']);
    assert.deepEqual(new Set(await known.inOutputOf(api, devbox)), new Set(['its token', 'a value', 'ak_of_a_test']));
    const another = parseDevbox({ id: 'dbx_2', status: 'running' });
    assert.deepEqual(await known.inOutputOf(api, another), ['ak_of_a_test']);
  });

  it('is known in this window also where the keyring refuses, which is told, and stored again by the next', async () => {
    const known = opened();
    const store = storage.store.bind(storage);
    storage.store = () => Promise.reject(new Error('locked'));
    await assert.rejects(known.keep('dbx_1', ['a']));
    assert.deepEqual(await known.of('dbx_1'), ['a']);
    const choices = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 60 } } as const;
    rememberSetValues({ knownSecrets: known, log }, 'dbx_1', { ...choices, environment: { NAME: 'b' } });
    assert.deepEqual(new Set(await known.of('dbx_1')), new Set(['a', 'b']));
    storage.store = store;
    await known.keep('dbx_1', ['c']);
    assert.deepEqual(failures.toSorted(), [
      'Storing what a devbox was started with',
      'Storing which values are secret',
    ]);
    assert.deepEqual(await opened().of('dbx_1'), ['c']);
    rememberSetValues({ knownSecrets: known, log }, 'dbx_2', { ...choices, environment: { NAME: 'its value' } });
    assert.deepEqual(new Set(await known.of('dbx_2')), new Set(['its value']));
    assert.deepEqual(await opened().of('dbx_2'), ['its value']);
  });
});
