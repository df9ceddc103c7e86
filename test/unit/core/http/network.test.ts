import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { after, afterEach, before, describe, it } from 'mocha';
import { environmentProxy } from '../../../../src/core/http/environmentProxy';
import { RuntimeError } from '../../../../src/core/errors';
import { selfSigned } from '../../../../src/local/http/certificate';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';
import { TestProxy, type TestProxyOptions } from '../../../network/testProxy';

/** Asks addresses one after another, in every way that the core has, and prints what came of each. */
const program = `
import { startRequest } from './src/core/http/network';
import { requestText } from './src/core/http/httpRequest';
import { httpFetch } from './src/core/http/httpFetch';
import { RunloopApi } from './src/core/platform/runloopApi';
const once = { tries: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: false };
const ways: Record<string, (url: URL) => Promise<unknown>> = {
  text: async (url) => (await requestText(url, { timeoutMs: 10_000 })).status,
  fetch: async (url) => (await httpFetch(url)).status,
  api: async (url) => (await new RunloopApi({ apiKey: 'ak_x', baseUrl: url.origin }).devboxes.listPage({ limit: 1 }, { rule: once })).devboxes.length,
  logs: async (url) => { for await (const batch of new RunloopApi({ apiKey: 'ak_x', baseUrl: url.origin }).logs.list('d', { signal: new AbortController().signal })) return batch.length; return 'none'; },
  upgrade: (url) => new Promise((resolve, reject) => {
    const request = startRequest(url, { headers: { connection: 'Upgrade', upgrade: 'websocket' } });
    request.once('upgrade', (answer, socket) => { socket.destroy(); resolve(answer.statusCode); });
    request.once('response', (answer) => { answer.destroy(); resolve(answer.statusCode); });
    request.once('error', reject);
    request.end();
  }),
  proxy: async (url) => { process.env['HTTPS_PROXY'] = url.href; return 'taken'; },
};
const results: string[] = [];
for (const asked of JSON.parse(process.argv[2] ?? '[]')) {
  const [way, url] = asked.split(' ');
  results.push(await ways[way](new URL(url)).then(String, (error: Error) => error.message));
}
console.log(JSON.stringify(results));
process.exit();
`;

describe('the way to the network in plain Node', function () {
  this.timeout(120_000);
  let folder: string;
  /** The proxy's own, which is for nobody behind it. */
  const proxyCertificate = selfSigned(['localhost']);
  let secure: ScriptedServer;
  let plain: ScriptedServer;
  let proxy: TestProxy | undefined;
  const v6: ScriptedServer[] = [];

  const answer: Parameters<typeof ScriptedServer.start>[0] = ({ url }, response) => {
    if (url === '/down') response.writeHead(307, { location: 'http://api.example.test/x' }).end();
    else sendJson(response, url.includes('/logs') ? { logs: [{ message: 'x' }] } : { devboxes: [], has_more: false });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-network-'));
    const certificate = selfSigned(['api.example.test', 'localhost', '*.tunnel.localhost']);
    await writeFile(join(folder, 'authority.pem'), `${certificate.cert}\n${proxyCertificate.cert}`);
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: process.cwd(), loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
      alias: { 'whatwg-url': './src/core/platform/whatwgUrl.ts' },
      banner: {
        js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
      },
    });
    await writeFile(join(folder, 'program.mjs'), outputFiles[0]?.contents ?? '');
    secure = await ScriptedServer.start(answer, { certificate });
    plain = await ScriptedServer.start(answer, { host: '0.0.0.0' });
    for (const { server } of [secure, plain]) {
      server.on('upgrade', (_, socket) => {
        socket.end('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      });
    }
  });
  after(async () => {
    await secure.stop();
    await plain.stop();
    for (const server of v6) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
  });

  const startProxy = async (options: Partial<TestProxyOptions> = {}): Promise<TestProxy> => {
    proxy = await TestProxy.start({
      ports: { 'api.example.test': secure.port, 'plain.example.test': plain.port },
      ...options,
    });
    return proxy;
  };

  async function ask(environment: Readonly<Record<string, string>>, asked: readonly string[]): Promise<string[]> {
    const { PATH } = process.env;
    const child = spawn(process.execPath, [join(folder, 'program.mjs'), JSON.stringify(asked)], {
      env: { PATH, NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'), ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return JSON.parse(await text(child.stdout)) as string[];
  }

  it('is the proxy of the environment, with its password, for everything that the core asks', async () => {
    const { asked, address } = await startProxy({ credentials: 'me:p%40ss%3A' }).then((started) => ({
      asked: started.asked,
      address: started.address(),
    }));
    const names = ['text', 'fetch', 'api', 'logs', 'upgrade'];
    const results = await ask({ HTTPS_PROXY: address, HTTP_PROXY: address }, [
      ...names.map((way) => `${way} https://api.example.test/x`),
      'text http://plain.example.test/x',
      'upgrade http://plain.example.test/x',
    ]);
    assert.deepEqual(results, ['200', '200', '0', '1', '101', '200', '101']);
    assert.ok(asked.filter((line) => line === 'CONNECT api.example.test:443').length >= 1);
    assert.ok(asked.includes('GET plain.example.test'));
    assert.ok(asked.includes('CONNECT plain.example.test:80'));
    assert.ok(secure.seen.every(({ headers }) => headers['proxy-authorization'] === undefined));
  });

  it('is TLS as far as a proxy that is asked for by https, which is told its password there alone', async () => {
    const started = await startProxy({ certificate: proxyCertificate, credentials: 'me:word' });
    const byName = started.address();
    for (const address of [byName, byName.replace('localhost', '127.0.0.1')]) {
      const results = await ask({ HTTPS_PROXY: address, HTTP_PROXY: address }, [
        ...['text', 'upgrade'].map((way) => `${way} https://api.example.test/x`),
        ...['text', 'upgrade'].map((way) => `${way} http://plain.example.test/x`),
      ]);
      assert.deepEqual(results, ['200', '101', '200', '101']);
    }
    assert.ok(
      started.asked.includes('CONNECT api.example.test:443') && started.asked.includes('GET plain.example.test'),
    );
    assert.ok(secure.seen.every(({ headers }) => headers['proxy-authorization'] === undefined));
  });

  it('is kept for later requests, those of each proxy apart', async () => {
    const one = await startProxy();
    const ports = { 'api.example.test': secure.port };
    const other = await TestProxy.start({ ports });
    try {
      const url = 'https://api.example.test/x';
      const results = await ask({ HTTPS_PROXY: one.address() }, [
        ...[`text ${url}`, `text ${url}`],
        ...[`proxy ${other.address()}`, `text ${url}`, `text ${url}`],
      ]);
      assert.deepEqual(results, ['200', '200', 'taken', '200', '200']);
      assert.deepEqual([one.asked, other.asked], [['CONNECT api.example.test:443'], ['CONNECT api.example.test:443']]);
    } finally {
      await other.stop();
    }
  });

  it('never leads to this computer by a proxy, with or without exceptions', async () => {
    const started = await startProxy();
    const two = await ScriptedServer.start(answer, { host: '::1' }).catch(() => undefined);
    if (two !== undefined) v6.push(two);
    const addresses = [
      `http://127.0.0.1:${plain.port}`,
      `http://127.0.0.2:${plain.port}`,
      `http://localhost:${plain.port}`,
      `http://4444-key.tunnel.localhost:${plain.port}`,
      `https://4444-key.tunnel.localhost:${secure.port}`,
      ...(two === undefined ? [] : [`http://[::1]:${two.port}`]),
    ];
    const all = { HTTP_PROXY: started.address(), HTTPS_PROXY: started.address(), ALL_PROXY: started.address() };
    for (const environment of [all, { ...all, NO_PROXY: 'example.org' }, { ...all, NO_PROXY: '' }]) {
      const results = await ask(environment, [
        ...addresses.map((address) => `text ${address}/x`),
        ...addresses.map((address) => `upgrade ${address}/x`),
      ]);
      assert.deepEqual(new Set(results.slice(0, addresses.length)), new Set(['200']));
    }
    assert.deepEqual(started.asked, []);
  });

  it('says in words what a proxy refuses', async () => {
    for (const [options, credentials, words] of [
      [{ credentials: 'me:right' }, 'me:wrong', /proxy requires a user name and a password.*\(407\)/],
      [{ credentials: 'me:right' }, undefined, /proxy requires a user name and a password.*\(407\)/],
      [{ refusal: 403 }, undefined, /proxy does not allow this connection \(403\)/],
      [{ refusal: 404 }, undefined, /proxy does not allow this connection \(404\)/],
      [{ refusal: 502 }, undefined, /proxy does not allow this connection \(502\)/],
    ] as const) {
      const started = await startProxy(options);
      const address = `http://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${started.port}`;
      for (const said of await ask({ https_proxy: address }, [
        'api https://api.example.test',
        'text https://api.example.test',
      ])) {
        assert.match(said, words);
      }
      await started.stop();
    }
    const [unreachable, unusable, malformed] = await Promise.all(
      ['http://127.0.0.1:1', 'socks5://127.0.0.1:1', 'http://'].map(
        async (address) => (await ask({ https_proxy: address }, ['api https://api.example.test']))[0],
      ),
    );
    assert.match(unreachable ?? '', /the proxy cannot be reached: .*ECONNREFUSED/);
    assert.match(unusable ?? '', /https_proxy specifies a socks5:\/\/ proxy/);
    assert.match(malformed ?? '', /https_proxy is not the address of a proxy/);
  });

  it('trusts no authority that it was not told of', async () => {
    const { port } = await startProxy();
    const environment = { https_proxy: `http://127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: '' };
    assert.match((await ask(environment, ['text https://api.example.test']))[0] ?? '', /self.signed certificate/);
  });

  it('goes on without TLS for no answer, whoever it comes from', async () => {
    const started = await startProxy();
    const address = started.address();
    const [said] = await ask({ HTTPS_PROXY: address, HTTP_PROXY: address }, ['fetch https://api.example.test/down']);
    assert.match(said ?? '', /to http:\/\/api\.example\.test/);
    assert.deepEqual(started.asked, ['CONNECT api.example.test:443']);
  });

  it('leads to nobody whose certificate is for another name', async () => {
    const { seen } = secure;
    seen.length = 0;
    const started = await startProxy({ ports: { 'other.example.test': secure.port } });
    const [said] = await ask({ https_proxy: started.address() }, ['text https://other.example.test/x']);
    assert.match(said ?? '', /does not match certificate's altnames/);
    assert.deepEqual([started.asked, seen], [['CONNECT other.example.test:443'], []]);
  });
});

describe('the proxy of an environment', () => {
  const proxyOf = (url: string, environment: Readonly<Record<string, string>>): string | undefined =>
    environmentProxy(new URL(url), environment)?.href;

  for (const [url, environment, expected] of [
    ['https://a.test', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['https://a.test', { https_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:1' }, 'http://p:1/'],
    ['https://a.test', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://a.test', { HTTP_PROXY: 'p:1' }, 'http://p:1/'],
    ['https://a.test', { ALL_PROXY: 'https://u:w@p:1' }, 'https://u:w@p:1/'],
    ['https://a.test', {}, undefined],
    ['https://a.test', { HTTPS_PROXY: ' ' }, undefined],
    ['https://a.test', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
    ['https://a.test', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'b.test, A.test' }, undefined],
    ['https://x.a.test', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.test' }, undefined],
    ['https://x.a.test', { HTTPS_PROXY: 'http://p:1', no_proxy: '.a.test' }, undefined],
    ['https://x.a.test', { HTTPS_PROXY: 'http://p:1', no_proxy: '*.a.test' }, undefined],
    ['https://xa.test', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.test' }, 'http://p:1/'],
    ['https://a.test', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.test:443' }, undefined],
    ['https://a.test', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.test:80' }, 'http://p:1/'],
    ['https://10.1.2.3', { HTTPS_PROXY: 'http://p:1', no_proxy: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3', { HTTPS_PROXY: 'http://p:1', no_proxy: '10.0.0.0/8,10.0.0.0/99,x/8' }, 'http://p:1/'],
    ['https://[fd00::1]', { HTTPS_PROXY: 'http://p:1', no_proxy: 'fd00::/8' }, undefined],
    ['https://[fd00::1]:8443', { HTTPS_PROXY: 'http://p:1', no_proxy: '[fd00::1]:8443' }, undefined],
  ] as const) {
    it(`is ${String(expected)} for ${url} with ${JSON.stringify(environment)}`, () => {
      assert.equal(proxyOf(url, environment), expected);
    });
  }

  it('is refused where it cannot be one', () => {
    for (const bad of ['socks5://p:1', 'ftp://p', 'http://', 'http://[', '://']) {
      assert.throws(
        () => proxyOf('https://a.test', { HTTPS_PROXY: bad }),
        (error) => RuntimeError.is(error, 'invalid_option'),
        bad,
      );
    }
  });
});
