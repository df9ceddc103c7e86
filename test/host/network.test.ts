import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { httpFetch } from '../../src/core/http/httpFetch';
import { requestText } from '../../src/core/http/httpRequest';
import { startRequest } from '../../src/core/http/network';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { eventually } from '../eventually';
import { ScriptedServer, sendJson } from '../network/scriptedServer';
import { TestProxy, type TestProxyOptions } from '../network/testProxy';
import { suiteCertificateVariable } from '../vscode/suiteProtocol';

const options = { timeoutMs: 20_000 };

/** Each way in which the core asks somebody. */
const ways: Readonly<Record<string, (url: URL) => Promise<unknown>>> = {
  'a request': async (url) => assert.equal((await requestText(url, options)).status, 200),
  'a fetch': async (url) => assert.equal((await httpFetch(url)).status, 200),
  'the API': async (url) => void (await apiAt(url).devboxes.listPage({ limit: 1 })),
  'a log': async (url) => {
    const { signal } = new AbortController();
    for await (const batch of apiAt(url).logs.list('d', { signal })) assert.equal(batch.length, 1);
  },
  'a WebSocket': (url) =>
    new Promise((resolve, reject) => {
      const request = startRequest(url, { headers: { connection: 'Upgrade', upgrade: 'websocket' } });
      request.once('upgrade', (_, socket) => resolve(socket.destroy()));
      request.once('response', ({ statusCode }) => reject(new Error(`status ${String(statusCode)}`)));
      request.once('error', reject);
      request.end();
    }),
};

function apiAt({ origin }: URL): RunloopApi {
  return new RunloopApi({ apiKey: 'ak_x', baseUrl: origin });
}

describe('the way to the network in the editor', () => {
  let secure: ScriptedServer;
  let plain: ScriptedServer;
  let proxy: TestProxy | undefined;

  before(async () => {
    const pem = readFileSync(process.env[suiteCertificateVariable] ?? '', 'utf8');
    const answer: Parameters<typeof ScriptedServer.start>[0] = ({ url }, response) =>
      sendJson(response, url.includes('/logs') ? { logs: [{ message: 'x' }] } : { devboxes: [], has_more: false });
    secure = await ScriptedServer.start(answer, { certificate: { key: pem, cert: pem } });
    plain = await ScriptedServer.start(answer);
    for (const { server } of [secure, plain]) {
      server.on('upgrade', (_, socket) => {
        socket.end('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      });
    }
  });
  after(async () => {
    await secure.stop();
    await plain.stop();
  });
  afterEach(async () => {
    await useProxy(undefined);
    await proxy?.stop();
  });

  async function useProxy(address: string | undefined): Promise<void> {
    const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('http');
    await settings().update('proxy', address, vscode.ConfigurationTarget.Global);
    await eventually(
      () => Promise.resolve(settings().get<string>('proxy') ?? ''),
      (now) => now === (address ?? ''),
    );
  }

  async function startProxy(wanted: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
    const ports = { 'api.example.test': secure.port, 'plain.example.test': plain.port };
    proxy = await TestProxy.start({ ports, ...wanted });
    return proxy;
  }

  for (const [way, ask] of Object.entries(ways)) {
    it(`is the proxy of its setting, with its password and a private authority: ${way}`, async () => {
      const started = await startProxy({ credentials: 'me:secret' });
      await useProxy(started.address());
      await ask(new URL('https://api.example.test/x'));
      assert.ok(started.asked.includes('CONNECT api.example.test:443'), started.asked.join());
    });
  }

  it('is the proxy for what is not encrypted, too', async () => {
    const started = await startProxy({ credentials: 'me:secret' });
    await useProxy(started.address());
    assert.equal((await requestText(new URL('http://plain.example.test/x'), options)).status, 200);
    assert.deepEqual(started.asked, ['GET plain.example.test']);
  });

  it('never leads to this computer by the proxy', async () => {
    const started = await startProxy();
    await useProxy(started.address());
    for (const host of ['127.0.0.1', 'localhost', '4444-key.tunnel.localhost', 'a.localhost']) {
      for (const ask of Object.values(ways)) await ask(new URL(`http://${host}:${plain.port}/x`));
    }
    for (const ask of Object.values(ways)) await ask(new URL(`https://4444-key.tunnel.localhost:${secure.port}/x`));
    assert.deepEqual(started.asked, []);
  });

  for (const [wanted, words] of [
    [{ refusal: 407 }, /proxy requires a user name and a password.*\(407\)/],
    [{ refusal: 403 }, /proxy does not allow this connection \(403\)/],
    [{ refusal: 404 }, /proxy does not allow this connection \(404\)/],
  ] as const) {
    it(`says in words that the proxy refuses with ${wanted.refusal}`, async () => {
      await useProxy((await startProxy(wanted)).address());
      await assert.rejects(requestText(new URL('https://api.example.test/x'), options), words);
    });
  }
});
