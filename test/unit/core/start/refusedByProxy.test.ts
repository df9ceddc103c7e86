import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { isSent, RuntimeError } from '../../../../src/core/errors';
import { proxyRefusal } from '../../../../src/core/http/gatekeepers';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';
import { TestProxy } from '../../../network/testProxy';

const plain = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;

describe('A create that a proxy does not let through', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
  const earlier = process.env['https_proxy'];
  let proxy: TestProxy;

  before(async () => {
    proxy = await TestProxy.start({ credentials: 'me:right', ports: {} });
  });
  beforeEach(() => (process.env['https_proxy'] = proxy.address('me:wrong')));
  afterEach(() => proxy.asked.splice(0));
  after(async () => {
    if (earlier === undefined) Reflect.deleteProperty(process.env, 'https_proxy');
    else process.env['https_proxy'] = earlier;
    await proxy.stop();
    rmSync(folder, { recursive: true });
  });

  it('is known to have made nothing, and is looked for by nobody', async () => {
    const startNotes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
    const api = new RunloopApi({ apiKey: 'ak_test', baseUrl: 'https://api.example.test' });
    const options = { signal: new AbortController().signal, startNotes };
    await assert.rejects(startPlainDevbox(api, 'nowhere', plain, options), (error) => {
      assert.ok(RuntimeError.is(error, 'network'), String(error));
      assert.match(error.message, /proxy requires a user name and a password/);
      return true;
    });
    assert.deepEqual(readdirSync(folder), []);
    assert.ok(proxy.asked.length > 0);
  });

  it('is known to have made nothing where the proxy is not there', async () => {
    process.env['https_proxy'] = 'http://127.0.0.1:1';
    const startNotes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
    const api = new RunloopApi({ apiKey: 'ak_test', baseUrl: 'https://api.example.test' });
    const stop = new AbortController();
    const options = { signal: stop.signal, startNotes, onWait: () => stop.abort() };
    await assert.rejects(startPlainDevbox(api, 'nowhere', plain, options), (error) =>
      RuntimeError.is(error, 'cancelled'),
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it('has not been sent, whatever the proxy says', () => {
    for (const status of [403, 407, 502, 503]) assert.equal(isSent(proxyRefusal(status)), false);
  });
});
