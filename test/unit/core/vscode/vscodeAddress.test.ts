import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LoopbackForwarder, type AddressMemory } from '../../../../src/core/vscode/loopbackForwarder';
import { VscodeAddress, type VscodeEndpoint } from '../../../../src/core/vscode/vscodeAddress';
import { getPage as get, notesIn } from './askAddress';

describe('addresses of VS Codes', () => {
  let service: Server;
  let origin: string;
  let addresses: VscodeAddress;
  const asked: string[] = [];

  beforeEach(async () => {
    asked.length = 0;
    service = createServer((incoming, response) => {
      asked.push(incoming.url ?? '');
      response.end('the devbox');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    addresses = new VscodeAddress();
  });
  afterEach(() => {
    addresses.dispose();
    service.closeAllConnections();
    service.close();
  });
  const endpoint = (part: Partial<VscodeEndpoint> = {}): VscodeEndpoint => ({
    devboxId: 'dbx_a',
    origin,
    tunnelToken: 'tunnel-token',
    token: 'token-a',
    folder: '/workspace',
    ...part,
  });

  for (const folder of [
    '/workspace/c++',
    '/workspace/r&d',
    '/workspace/a#b',
    '/workspace/what?',
    '/workspace/100%',
    '/workspace/%2F%41',
    '/workspace/two words',
    '/workspace/ two  ',
    '/workspace/gr\u00fc\u00dfe/\u4f60\u597d/\u{1f600}',
    '/workspace/"quoted" \'twice\' `and`',
    '/workspace/a=b;c,d',
    '/workspace/back\\slash',
    '/workspace/<b>$HOME|{}',
  ]) {
    it(`lead to ${folder}, exactly`, async () => {
      const openly = await addresses.of(endpoint({ folder }));
      assert.equal(new URL(openly).searchParams.get('folder'), folder);
      for (const anyHost of [false, true]) {
        const hidden = await addresses.of(endpoint({ folder }), { oneTime: true, anyHost });
        // What an editor that takes addresses apart cannot spoil.
        assert.match(hidden, /^http:\/\/[\w.-]+:\d+\/runloop-open-[0-9a-f]{32}$/);
        const first = new URL((await get(hidden)).location, hidden);
        assert.deepEqual([first.searchParams.get('tkn'), first.searchParams.get('folder')], ['token-a', folder]);
        const again = new URL((await get(hidden)).location, hidden);
        assert.deepEqual([again.searchParams.get('tkn'), again.searchParams.get('folder')], [null, folder]);
      }
    });
  }

  it('carry the token exactly, whatever is in it', async () => {
    const token = 'a+b&c=d#e?f %41/\u00e9';
    assert.equal(new URL(await addresses.of(endpoint({ token }))).searchParams.get('tkn'), token);
    const hidden = await addresses.of(endpoint({ token }), { oneTime: true });
    const first = new URL((await get(hidden)).location, hidden);
    assert.deepEqual([first.searchParams.get('tkn'), first.searchParams.get('folder')], [token, '/workspace']);
  });

  it('are one-time also where the tunnel is open, and lead there', async () => {
    const open = endpoint({ tunnelToken: undefined });
    assert.equal(new URL(await addresses.of(open)).origin, origin);
    const hidden = await addresses.of(open, { oneTime: true });
    assert.ok(!hidden.includes('token-a'));
    const first = new URL((await get(hidden)).location, hidden).toString();
    assert.equal((await get(first)).body, 'the devbox');
  });

  it('give a devbox\u2019s token under no other name, after no forgetting, and not for ever', async () => {
    let now = 1_000_000;
    const forwarder = new LoopbackForwarder({ now: () => now });
    try {
      const target = { origin, tunnelToken: 'tunnel-token' };
      const a = await forwarder.originFor('dbx_a', target);
      const b = await forwarder.originFor('dbx_b', target);
      const single = `http://127.0.0.1:${await forwarder.singlePortFor('dbx_b', target)}`;
      const hide = async (): Promise<string> => (await forwarder.hide(`${a}/?tkn=token-a&folder=%2Fw`, 'tkn')) ?? '';
      const hidden = await hide();
      // At the other devbox's host and port, and at no host at all.
      for (const elsewhere of [hidden.replace(a, b), hidden.replace(a, single)]) {
        assert.ok(!JSON.stringify(await get(elsewhere)).includes('token-a'), elsewhere);
      }
      assert.equal((await get(hidden, {}, `localhost:${new URL(a).port}`)).status, 404);
      assert.deepEqual(asked, [], 'nor is the devbox told');
      assert.match((await get(hidden)).location, /token-a/, 'still unused');
      assert.ok(!(await get(hidden)).location.includes('token-a'), 'used');

      const late = await hide();
      now += 10 * 60_000;
      assert.ok(!JSON.stringify(await get(late)).includes('token-a'), 'too late');

      const forgotten = await hide();
      forwarder.forget('dbx_a');
      assert.equal((await get(forgotten)).status, 503);
      await forwarder.originFor('dbx_a', target);
      assert.ok(!JSON.stringify(await get(forgotten)).includes('token-a'), 'forgotten');
      assert.deepEqual(asked, []);
    } finally {
      forwarder.dispose();
    }
  });

  it('stay the same after a suspend, a new tunnel, and a reload of the window', async () => {
    const ports = new Map<string, number>();
    const memory: AddressMemory = {
      secret: 'kept',
      ...notesIn(ports),
    };
    const pages = (why: string, name: string | undefined): { title: string; text: string } => ({
      title: `<${why}>`,
      text: `${name ?? 'none'} & more`,
    });
    const before = new VscodeAddress({ memory, pages });
    const first = new URL(await before.of(endpoint()));
    const alone = new URL(await before.of(endpoint(), { anyHost: true }));
    before.forget('dbx_a');
    const waiting = await get(first.origin, { accept: 'text/html' });
    assert.equal(waiting.status, 503);
    assert.match(waiting.body, /http-equiv="refresh"/);
    assert.match(waiting.body, /<h1>&lt;notServed><\/h1><p>dbx_a &amp; more<\/p>/);
    assert.equal(new URL(await before.of(endpoint({ origin: `${origin}/`, tunnelToken: 'new' }))).host, first.host);
    before.dispose();
    await assert.rejects(get(first.origin), /ECONNREFUSED/);

    const after = new VscodeAddress({ memory, pages });
    try {
      await after.expect('dbx_a', { folder: '/workspace', single: true });
      assert.equal((await get(first.origin)).status, 503);
      assert.equal((await get(alone.origin)).status, 503);
      after.serve('dbx_a', { origin, tunnelToken: 'tunnel-token' }, () => Promise.resolve('token-a'));
      assert.equal((await get(first.origin)).body, 'the devbox');
      assert.equal((await get(alone.origin)).body, 'the devbox');
      // A page inside the editor comes back with the address that it was opened with.
      assert.equal((await get(`${first.origin}/runloop-open-${'0'.repeat(32)}`)).location, './?folder=%2Fworkspace');
      assert.equal(new URL(await after.of(endpoint())).host, first.host);
      assert.equal(new URL(await after.of(endpoint(), { anyHost: true })).host, alone.host);
      assert.notEqual(new URL(await after.of(endpoint({ devboxId: 'dbx_b' }))).hostname, first.hostname);
    } finally {
      after.dispose();
    }
  });

  it('take another port if somebody else has theirs', async () => {
    const taken = Number(new URL(origin).port);
    const ports = new Map<string, number>();
    const memory: AddressMemory = { secret: 'kept', ...notesIn(ports) };
    const first = new VscodeAddress({ memory });
    const { hostname } = new URL(await first.of(endpoint()));
    first.dispose();
    const [name = ''] = ports.keys();
    ports.set(name, taken);
    const moved: string[] = [];
    const other = new VscodeAddress({ memory, onMoved: (devboxId) => moved.push(devboxId) });
    try {
      const { port, hostname: another } = new URL(await other.of(endpoint()));
      assert.notEqual(another, hostname);
      assert.notEqual(Number(port), taken);
      assert.equal(ports.get(name), Number(port));
      assert.deepEqual(moved, ['dbx_a'], 'told');
    } finally {
      other.dispose();
    }
  });

  it('are another account\u2019s under another name', async () => {
    let account = 'https://a.example';
    const two = new VscodeAddress({ memory: { secret: 'kept', account: () => account, ...notesIn(new Map()) } });
    try {
      const a = new URL(await two.of(endpoint()));
      account = 'https://b.example';
      const b = new URL(await two.of(endpoint()));
      assert.notEqual(a.hostname, b.hostname);
      two.forget('dbx_a');
      for (const { origin: entrance } of [a, b]) assert.equal((await get(entrance)).status, 503);
    } finally {
      two.dispose();
    }
  });

  it('show a page of ours where the VS Code asks for a token that the browser has not', async () => {
    const { origin: entrance } = new URL(await addresses.of(endpoint()));
    service.removeAllListeners('request');
    service.on('request', (_incoming, response) => response.writeHead(403).end('Forbidden.'));
    const page = await get(entrance, { accept: 'text/html' });
    assert.equal(page.status, 403);
    assert.match(page.body, /<h1>Open it again<\/h1>/);
    assert.equal((await get(`${entrance}/other`)).body, 'Forbidden.', 'and nothing else');
  });

  it('let a page in again whose devbox was resumed, and nobody else', async () => {
    const target = { origin, tunnelToken: 'tunnel-token' };
    const { origin: entrance } = new URL(await addresses.of(endpoint()));
    const page = `${entrance}/?folder=%2Fw%20x`;
    const holding = (token: string): Record<string, string> => ({ cookie: `a=b; vscode-tkn=${token}; c=d` });
    assert.equal((await get(page, holding('token-a'))).body, 'the devbox');
    addresses.forget('dbx_a');
    let times = 0;
    addresses.serve('dbx_a', target, () => {
      times += 1;
      return Promise.resolve('token-new');
    });
    for (const headers of [{}, holding('token-x'), { cookie: 'vscode-tkn=%' }]) {
      assert.equal((await get(page, headers)).body, 'the devbox');
    }
    assert.equal(times, 0);
    const { location } = await get(page, holding('token-a'));
    const url = new URL(location, page);
    assert.deepEqual([url.searchParams.get('tkn'), url.searchParams.get('folder')], ['token-new', '/w x']);
    assert.equal((await get(url.toString(), holding('token-a'))).body, 'the devbox');
    assert.equal((await get(page, holding('token-new'))).body, 'the devbox');
    assert.equal(times, 1);
  });
});
