import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { waitFor } from '../../../eventually';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { echoServer } from '../../../platform/tunnelRequests';

const apiName = 'api.runloop.localhost';

describe('local platform, by TLS', () => {
  let platform: TestPlatform;
  let ca: string;

  before(async () => {
    platform = await startPlatform();
    ca = readFileSync(join(platform.dataDir, 'tls.crt'), 'utf8');
  });
  after(async () => {
    assert.equal(await platform.stop(), 0);
  });

  /** Asks under a name that nothing has to resolve. */
  const ask = (
    name: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: platform.port,
          path,
          servername: name,
          ca,
          headers: { host: name, ...headers },
          agent: false,
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      sent.on('error', reject);
      sent.end();
    });

  it('is trusted under names like Runloop’s own by who trusts its certificate, and by nobody else', async () => {
    const key = { authorization: `Bearer ${platform.apiKey}` };
    for (const name of [apiName, 'localhost', 'api.localhost']) {
      assert.equal((await ask(name, '/v1/accounts/me', key)).status, 200, name);
    }
    await assert.rejects(ask('api.somewhere.else', '/v1/accounts/me', key), /alert|disconnected|socket|reset/i);
    const stranger = connect({ host: '127.0.0.1', port: platform.port, servername: apiName });
    const [failed] = await new Promise<[Error]>((resolve) => stranger.once('error', (error) => resolve([error])));
    assert.match(failed.message, /self[- ]signed/);
    assert.equal(statSync(join(platform.dataDir, 'tls.key')).mode & 0o777, 0o600);
  });

  it('speaks HTTP/2 to those who ask for it', async () => {
    const session = connectHttp2(`https://127.0.0.1:${platform.port}`, { ca, servername: apiName });
    const stream = session.request({
      ':path': '/v1/accounts/me',
      ':authority': apiName,
      authorization: `Bearer ${platform.apiKey}`,
    });
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
    assert.equal(session.alpnProtocol, 'h2');
    assert.equal((JSON.parse(text) as { id: string }).id, 'acc_local');
    session.destroy();
  });

  it('lets the official SDK create devboxes and move objects, and browsers into tunnels', async () => {
    const agent = new Agent({ ca });
    const sdk = new RunloopSDK({
      baseURL: `https://127.0.0.1:${platform.port}`,
      bearerToken: platform.apiKey,
      maxRetries: 0,
      http2: false,
      httpAgent: agent,
    });
    const devbox = await sdk.devbox.create({ entrypoint: echoServer('behind'), tunnel: {} });
    const key = (await devbox.getTunnel())?.tunnel_key ?? '';
    const answer = await waitFor('the service behind the tunnel', async () => {
      const found = await ask(`4444-${key}.tunnel.runloop.localhost`, '/page');
      return found.status === 200 ? found : undefined;
    });
    assert.deepEqual(
      [
        (JSON.parse(answer.text) as { name: string; url: string }).name,
        (JSON.parse(answer.text) as { url: string }).url,
      ],
      ['behind', '/page'],
    );
    const object = await sdk.api.objects.create({ name: 'o', content_type: 'text' });
    assert.match(object.upload_url ?? '', new RegExp(`^https://127\\.0\\.0\\.1:${platform.port}/`));
    await devbox.shutdown();
    agent.destroy();
  });
});
