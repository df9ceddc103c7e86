import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../../platform/tunnelRequests';

/**
 * Makes the platform throw where nobody catches: in a later turn, when the answer to a request with the header `x-plant` is
 * ended, or when a service behind a tunnel has answered on the path `/plant`.
 */
const plant = `
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
const blow = (where) => setImmediate(() => { throw new Error('planted ' + where); });
const end = http.ServerResponse.prototype.end;
http.ServerResponse.prototype.end = function (...words) {
  if (this.req?.headers['x-plant'] === 'answer') blow('behind an answer');
  if (this.req?.headers['x-plant'] === 'promise') void Promise.reject(new Error('planted in a promise'));
  return end.apply(this, words);
};
const request = http.request;
http.request = (...words) => {
  const sent = request(...words);
  sent.on('response', (answer) => { if (sent.path === '/plant') blow('behind a tunnel'); });
  return sent;
};
syncBuiltinESMExports();
`;

describe('an error of the platform that nobody catches', function () {
  this.timeout(120_000);
  let folder: string;
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plant-'));
    const file = join(folder, 'plant.mjs');
    writeFileSync(file, plant);
    platform = await startPlatform([], { environment: { NODE_OPTIONS: `--import=${file}` } });
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const service = async (name: string): Promise<{ readonly id: string; readonly host: string }> => {
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({ entrypoint: echoServer(name), tunnel: {} });
    const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
    await whenListening(platform, host);
    return { id, host };
  };

  for (const [where, strike] of [
    ['behind a tunnel', (host: string) => send(platform, host, '/plant')],
    [
      'behind an answer',
      (_host: string, id: string) => client.devboxes.retrieve(id, { headers: { 'x-plant': 'answer' } }),
    ],
    [
      'in a promise',
      (_host: string, id: string) =>
        client.devboxes.writeFileContents(id, { file_path: 'x', contents: 'y' }, { headers: { 'x-plant': 'promise' } }),
    ],
  ] as const) {
    it(`${where} ends the devbox that it came from, with a word in its log, and no other`, async () => {
      const [hit, other] = [await service('hit'), await service('other')];
      await strike(hit.host, hit.id);
      const { failure_reason: reason } = await waitFor('its end', async () => {
        const view = await client.devboxes.retrieve(hit.id);
        return view.status === 'failure' ? view : undefined;
      });
      assert.equal(reason, 'health_check_failed');
      const { logs } = await client.devboxes.logs.list(hit.id);
      assert.match(
        logs.map(({ message }) => message ?? '').join('\n'),
        new RegExp(`made a mistake .*planted ${where}`),
      );
      assert.match(
        platform.stderr(),
        new RegExp(`made a mistake over ${hit.id}, which ends, .*planted ${where}\n +at `),
      );
      assert.equal((await client.devboxes.retrieve(other.id)).status, 'running');
      assert.match((await send(platform, other.host, '/still')).text, /"other","url":"\/still"/);
      await client.devboxes.shutdown(other.id);
    });
  }

  it('is told and passed over where it came from no devbox', async () => {
    const { id, host } = await service('bystander');
    await client.devboxes.list({}, { headers: { 'x-plant': 'answer' } });
    await waitFor('what is told', () =>
      /made a mistake and goes on: Error: planted/.test(platform.stderr()) ? true : undefined,
    );
    assert.equal((await client.devboxes.retrieve(id)).status, 'running');
    assert.equal((await send(platform, host, '/')).status, 200);
  });
});
