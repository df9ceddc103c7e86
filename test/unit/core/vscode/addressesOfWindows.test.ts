import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { AddressMemory } from '../../../../src/core/vscode/loopbackForwarder';
import { VscodeAddress, type Served, type VscodeEndpoint } from '../../../../src/core/vscode/vscodeAddress';
import { eventually } from '../../../eventually';
import { getPage as get, notesIn } from './askAddress';

describe('addresses of VS Codes, over windows', () => {
  let service: Server;
  let origin: string;

  beforeEach(async () => {
    service = createServer((_incoming, response) => response.end('the devbox'));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  });
  afterEach(() => {
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

  it('are served again by what an earlier window has kept, without asking anybody', async () => {
    const ports = new Map<string, number>();
    const memory: AddressMemory = { secret: 'kept', ...notesIn(ports) };
    const kept: Served[] = [];
    const before = new VscodeAddress({ memory, onServe: (_id, served) => kept.push(served) });
    const first = new URL(await before.of(endpoint()));
    before.dispose();
    const [served] = kept;
    assert.ok(served !== undefined);
    const after = new VscodeAddress({ memory });
    try {
      await after.expect('dbx_a', { folder: '/workspace', single: false });
      after.serveAgain('dbx_a', served);
      assert.equal((await get(first.origin)).body, 'the devbox');
      // Its VS Code was started anew meanwhile.
      after.serve('dbx_a', served, () => Promise.resolve('token-new'));
      const { location } = await get(`${first.origin}/?folder=%2Fw`, { cookie: 'vscode-tkn=token-a' });
      assert.match(location, /tkn=token-new/);
    } finally {
      after.dispose();
    }
  });

  it('lead to whichever window serves the devbox, and to the other one when that goes', async () => {
    const ports = new Map<string, number>();
    const memory: AddressMemory = { secret: 'kept', ...notesIn(ports) };
    const [one, two] = [new VscodeAddress({ memory }), new VscodeAddress({ memory })];
    try {
      await one.expect('dbx_a', { folder: '/workspace', single: false });
      // The first window listens and serves nobody: the second takes its place.
      const url = new URL(await two.of(endpoint()));
      assert.equal((await get(url.origin)).body, 'the devbox');
      one.serve('dbx_a', { origin, tunnelToken: 'tunnel-token' }, () => Promise.resolve('token-a'));
      // A one-time address of the window that does not listen.
      for (const window of [one, two]) {
        const hidden = await window.of(endpoint(), { oneTime: true });
        assert.equal(new URL(hidden).host, url.host);
        assert.match((await get(hidden)).location, /tkn=token-a/);
        assert.doesNotMatch((await get(hidden)).location, /tkn=/);
      }
      two.dispose();
      assert.equal(
        (
          await eventually(
            () => get(url.origin).catch(() => undefined),
            (got) => got?.status === 200,
          )
        )?.body,
        'the devbox',
      );
      const three = new VscodeAddress({ memory });
      try {
        await three.of(endpoint());
        one.forget('dbx_a');
        await eventually(
          () => get(url.origin).catch(() => undefined),
          (got) => got?.status === 200,
        );
      } finally {
        three.dispose();
      }
      await eventually(
        () => get(url.origin).catch(() => undefined),
        (got) => got?.status === 503,
      );
    } finally {
      one.dispose();
      two.dispose();
    }
  });

  it('have another name on another port, as who has taken the first one hears the name and the cookies of its pages', async () => {
    const ports = new Map<string, number>();
    const memory: AddressMemory = { secret: 'kept', ...notesIn(ports) };
    const before = new VscodeAddress({ memory });
    const first = new URL(await before.of(endpoint()));
    before.dispose();
    const heard: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      heard.push(request.headers.host, request.headers.cookie);
      response.end();
    });
    await eventually(
      () =>
        new Promise<boolean>((resolve) => {
          stranger.once('error', () => resolve(false));
          stranger.listen(Number(first.port), '127.0.0.1', () => resolve(true));
        }),
      (listens) => listens,
    );
    const after = new VscodeAddress({ memory });
    try {
      // A page that is open goes on to ask.
      await get(first.origin, { cookie: 'vscode-tkn=token-a' });
      const now = new URL(await after.of(endpoint()));
      assert.notEqual(now.port, first.port);
      const [host, cookie] = heard;
      assert.deepEqual([host, cookie], [first.host, 'vscode-tkn=token-a']);
      const reached = await get(`http://${first.hostname}:${now.port}`, { cookie: 'vscode-tkn=token-a' });
      assert.equal(reached.status, 404);
      assert.equal((await get(now.origin)).body, 'the devbox');
    } finally {
      after.dispose();
      stranger.closeAllConnections();
      stranger.close();
    }
  });
});
