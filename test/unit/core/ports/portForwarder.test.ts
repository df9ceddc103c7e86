import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { WebSocket } from 'ws';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { englishPages } from '../../../../src/core/forwarding/forwarderPage';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { PortForwarder, type Forward } from '../../../../src/core/ports/portForwarder';
import { PortTargets } from '../../../../src/core/ports/portTargets';
import { requireToken } from '../../../../src/core/ports/requireToken';
import { eventually } from '../../../eventually';
import { freePort } from '../../../platform/freePort';
import { servePorts } from '../../../platform/portServices';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';
import { askPort } from './askPort';

/** Ports of the devboxes of a local platform are this computer's. */
const served = 18_210;

describe('A port of a devbox on this computer', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: FilesDevbox;
  let page: { readonly devboxId: string; readonly port: number };
  let targets: PortTargets;
  let forwarder: PortForwarder;
  const sent: string[] = [];
  const others: Forward[] = [];
  const inputs: string[] = [];

  before(async () => {
    box = await filesDevbox(used.api, 'ports');
    await servePorts(box.commands, served);
    page = { devboxId: box.id, port: served };
    await new PortTargets({ api: used.api, known: () => 'running', template: () => undefined }).withTunnel(
      box.id,
      signal,
    );
  });
  beforeEach(() => {
    const { apiKey, baseUrl } = used.platform;
    sent.length = others.length = inputs.length = 0;
    const api = new RunloopApi({ apiKey, baseUrl }, ({ method, path }) => sent.push(`${method} ${path}`));
    targets = new PortTargets({ api, known: () => 'running', template: () => undefined });
    forwarder = new PortForwarder({
      target: (port) => targets.of(port),
      onDoubt: (id) => targets.doubt(id),
      onInput: (id) => inputs.push(id),
      onOther: (forward) => others.push(forward),
      page: (why) => englishPages(why, undefined),
    });
  });
  afterEach(() => forwarder.dispose());

  const tokenOf = async (): Promise<string> =>
    (await used.api.devboxes.retrieve(box.id)).tunnel?.authToken ?? assert.fail();

  it('is served under a name that nobody can guess, without its token, and asked for by no other name', async () => {
    const address = await forwarder.addressOf(page);
    assert.match(address, /^http:\/\/devbox-[0-9a-f]{32}\.localhost:\d+$/);
    assert.equal(await forwarder.addressOf(page), address);
    assert.notEqual(await forwarder.addressOf({ ...page, port: served + 1 }), address);
    const answer = await askPort(`${address}/`);
    assert.match(answer.text, /Hello from the devbox/);
    const seen = await askPort(`${address}/headers`);
    assert.ok(!`${JSON.stringify(seen)}${seen.text}`.includes(await tokenOf()));
    assert.equal((await askPort(`${address}/forbidden`)).text, 'the own 403');
    for (const host of ['localhost', '127.0.0.1', 'evil.example', 'devbox-0.localhost', `x${new URL(address).host}`]) {
      assert.equal((await askPort(`${address}/`, { host: `${host}:${new URL(address).port}` })).status, 404, host);
    }
  });

  it('is led to once by an address that others may see', async () => {
    const once = await forwarder.oneTimeAddressOf(page);
    const address = await forwarder.addressOf(page);
    const [label = ''] = new URL(address).host.split('.');
    assert.ok(!once.includes(label));
    const first = await askPort(once);
    assert.deepEqual(
      [first.status, first.headers.location, first.headers['referrer-policy']],
      [302, `${address}/`, 'no-referrer'],
    );
    const again = await askPort(once);
    assert.deepEqual([again.status, again.headers.location], [404, undefined]);
  });

  it('on a fixed port answers localhost and 127.0.0.1, and no name that was made to lead here', async () => {
    const local = await freePort();
    await forwarder.forwardTo(page, local);
    for (const host of [`localhost:${local}`, `127.0.0.1:${local}`, `LOCALHOST:${local}`]) {
      assert.match((await askPort(`http://localhost:${local}/`, { host })).text, /Hello/, host);
    }
    assert.match((await askPort(`http://localhost:${local}/`, { connect: '::1' })).text, /Hello/);
    const refused = [
      'evil.example',
      `evil.example:${local}`,
      'localhost',
      'localhost:1',
      `localhost.:${local}`,
      `[::1]:${local}`,
    ];
    for (const host of refused) assert.equal((await askPort(`http://localhost:${local}/`, { host })).status, 404, host);
  });

  it('is told only its own pages as its own, and tells addresses that a browser can use', async () => {
    const local = await freePort();
    await forwarder.forwardTo(page, local);
    const at = `http://localhost:${local}`;
    const seenOrigin = async (origin: string): Promise<unknown> => {
      const { text } = await askPort(`${at}/headers`, { headers: { origin } });
      return (
        (JSON.parse(text) as Record<string, unknown>)['Origin'] ??
        (JSON.parse(text) as Record<string, unknown>)['origin']
      );
    };
    assert.match(String(await seenOrigin(at)), new RegExp(`^http://${served}-`));
    for (const origin of ['https://evil.example', 'null', `http://localhost:${local + 1}`]) {
      assert.equal(await seenOrigin(origin), origin);
    }
    assert.equal((await askPort(`${at}/redirect`)).headers.location, `${at}/there?x=1`);
    assert.deepEqual((await askPort(`${at}/cookie`)).headers['set-cookie'], ['a=b; Path=/']);
    // Cookies know no ports: those of other programs of this computer are not the devbox's business.
    const { text } = await askPort(`${at}/headers`, { headers: { cookie: 'editor=secret; a=b' } });
    assert.ok(text.includes('a=b') && !text.includes('secret'), text);
    const own = await askPort(`${await forwarder.addressOf(page)}/headers`, { headers: { cookie: 'set=by-script' } });
    assert.ok(own.text.includes('set=by-script'));
  });

  it('carries large bodies, WebSockets and server-sent events as they come', async () => {
    const local = await freePort();
    await forwarder.forwardTo(page, local);
    const body = Buffer.alloc(5_000_000, 'x');
    assert.equal((await askPort(`http://localhost:${local}/`, { method: 'POST', body })).text, '5000000');
    const socket = new WebSocket(`ws://127.0.0.1:${local}/ws`);
    await once(socket, 'open');
    socket.send('hello');
    assert.equal(String((await once(socket, 'message'))[0]), 'hello');
    const [events] = (await once(get(`http://127.0.0.1:${local}/events`), 'response')) as [IncomingMessage];
    let text = '';
    events.on('data', (piece: Buffer) => (text += piece.toString()));
    events.on('error', () => undefined);
    await eventually(
      () => Promise.resolve(text),
      (seen) => seen.includes('data: 2'),
    );
    // What ends a forward ends what is open through it.
    const closed = [once(socket, 'close'), new Promise((resolve) => events.once('close', resolve))];
    forwarder.stop(page);
    await Promise.all(closed);
    await assert.rejects(askPort(`http://localhost:${local}/`), /ECONNREFUSED/);
  });

  it('says so where something else than HTTP is spoken, on either side', async () => {
    const local = await freePort();
    await forwarder.forwardTo(page, local);
    const client = connect(local, '127.0.0.1');
    client.write('SSH-2.0-OpenSSH_9.9\r\n');
    let said = '';
    client.on('data', (piece) => (said += piece.toString()));
    await once(client, 'close');
    assert.match(said, /Only HTTP, WebSockets and server-sent events are forwarded/);
    assert.deepEqual(others, [{ ...page, localPort: local }]);
    const garbage = await forwarder.addressOf({ ...page, port: served + 1 });
    const answer = await askPort(`${garbage}/`, { headers: { accept: 'text/html' } });
    assert.equal(answer.status, 502);
    assert.match(answer.text, /gave no answer that can be shown/);
    assert.ok(!answer.text.includes('tunnel'), answer.text);
  });

  it('is refused where the port of this computer is taken, on either loopback, and given back in the end', async () => {
    const blocker = createServer().listen(0, '::1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    await assert.rejects(forwarder.forwardTo(page, port), /EADDRINUSE/);
    assert.deepEqual(forwarder.forwards, []);
    blocker.close();
    await once(blocker, 'close');
    const changes: string[] = [];
    forwarder.onDidChange((id) => changes.push(id));
    await forwarder.forwardTo(page, port);
    const other = await freePort();
    await forwarder.forwardTo(page, other);
    assert.deepEqual(forwarder.forwards, [{ ...page, localPort: other }]);
    await assert.rejects(askPort(`http://localhost:${port}/`), /ECONNREFUSED/);
    forwarder.clear();
    assert.deepEqual(forwarder.forwards, []);
    await assert.rejects(askPort(`http://localhost:${other}/`), /ECONNREFUSED/);
    assert.deepEqual(changes, [box.id, box.id, box.id]);
  });

  it('asks nothing before somebody does, and the API no more than it must', async () => {
    const address = await forwarder.addressOf(page);
    assert.deepEqual(sent, []);
    for (let count = 0; count < 5; count += 1) await askPort(`${address}/`);
    assert.deepEqual(sent, [`get /v1/devboxes/${box.id}`]);
    await askPort(`${address}/`, { headers: { 'sec-fetch-user': '?1', 'sec-fetch-mode': 'navigate' } });
    assert.deepEqual(inputs, [box.id]);
  });

  it('finds another tunnel that was put into the place of the first', async () => {
    const { id, commands } = await filesDevbox(used.api, 'renewed');
    await servePorts(commands, served + 10);
    await used.api.tunnels.enable(id, { auth_mode: 'open' }, {});
    const address = await forwarder.addressOf({ devboxId: id, port: served + 10 });
    assert.match((await askPort(`${address}/`)).text, /Hello/);
    const before = await used.api.devboxes.retrieve(id);
    const now = await requireToken(used.api, before, { signal });
    assert.deepEqual(
      [now.tunnel?.authMode, now.tunnel?.httpKeepAlive, now.wakesOnHttp],
      ['authenticated', true, undefined],
    );
    assert.notEqual(now.tunnel?.key, before.tunnel?.key);
    await eventually(
      () => askPort(`${address}/`),
      ({ status }) => status === 200,
      20_000,
    );
  });

  it('is never the reason that a suspended devbox wakes', async () => {
    const body = {
      name: 'wakes',
      tunnel: { auth_mode: 'authenticated', http_keep_alive: false, wake_on_http: true },
    } as const;
    const { id } = await used.api.devboxes.create(body, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    assert.equal((await used.api.devboxes.retrieve(id)).wakesOnHttp, true);
    await servePorts(new ExecutionCommands(used.api, id), served + 20);
    const address = await forwarder.addressOf({ devboxId: id, port: served + 20 });
    // At the same time they share what is heard of the devbox; each later one looks anew, as it would wake it.
    assert.equal((await askPort(`${address}/`)).status, 200);
    sent.length = 0;
    await Promise.all([1, 2, 3].map(() => targets.of({ devboxId: id, port: served + 20 })));
    assert.equal(sent.length, 1, sent.join());
    assert.equal((await askPort(`${address}/`)).status, 200);
    assert.equal(sent.length, 2, sent.join());
    await used.api.devboxes.suspend(id);
    await used.api.devboxes.waitForStatus(id, ['suspended'], 20);
    for (let count = 0; count < 3; count += 1) {
      const answer = await askPort(`${address}/`, { headers: { accept: 'text/html' } });
      assert.equal(answer.status, 503);
      assert.match(answer.text, /is suspended, has ended/);
    }
    assert.equal((await used.api.devboxes.retrieve(id)).status, 'suspended');
  });
});
