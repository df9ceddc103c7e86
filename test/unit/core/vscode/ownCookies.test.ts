import assert from 'node:assert/strict';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { VscodeAddress } from '../../../../src/core/vscode/vscodeAddress';
import { getPage } from './askAddress';

/** A devbox that notes the cookies which it is shown, and sets those that it is told. */
class CookieDevbox {
  readonly seen: (string | undefined)[] = [];
  sets: readonly string[] = [];
  /** How it answers whoever wants another protocol. */
  upgradeStatus = '101 Switching Protocols';
  readonly server: Server;

  constructor() {
    this.server = createServer((incoming, answer) => {
      this.seen.push(incoming.headers.cookie);
      answer.setHeader('set-cookie', this.sets);
      answer.end('ok');
    });
    this.server.on('upgrade', (incoming, socket) => {
      this.seen.push(incoming.headers.cookie);
      const cookies = this.sets.map((cookie) => `Set-Cookie: ${cookie}\r\n`).join('');
      socket.end(`HTTP/1.1 ${this.upgradeStatus}\r\nUpgrade: x\r\nConnection: Upgrade\r\n${cookies}\r\n`);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe('cookies of devboxes that browsers reach under one host name', () => {
  let a: CookieDevbox;
  let b: CookieDevbox;
  let addresses: VscodeAddress;
  let originOfA: string;
  let atA: string;
  let atB: string;
  /** The same devbox under its own host name. */
  let namedA: string;

  beforeEach(async () => {
    [a, b] = [new CookieDevbox(), new CookieDevbox()];
    addresses = new VscodeAddress();
    originOfA = await a.start();
    const place = (devboxId: string, origin: string, token: string) => ({
      ...{ devboxId, origin, token },
      tunnelToken: 'tunnel-token',
      folder: '/workspace',
    });
    const forA = place('dbx_a', originOfA, 'token of a');
    atA = new URL(await addresses.of(forA, { anyHost: true })).origin;
    atB = new URL(await addresses.of(place('dbx_b', await b.start(), 'token-of-b'), { anyHost: true })).origin;
    namedA = new URL(await addresses.of(forA)).origin;
  });
  afterEach(() => {
    addresses.dispose();
    a.stop();
    b.stop();
  });

  const shown = async (to: CookieDevbox, at: string, cookie: string): Promise<string | undefined> => {
    await getPage(`${at}/x`, { cookie });
    return to.seen.at(-1);
  };
  const upgrade = async (at: string, cookie: string): Promise<IncomingMessage> => {
    const { port, host } = new URL(at);
    const headers = { host, cookie, connection: 'Upgrade', upgrade: 'x' };
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path: '/x', headers, agent: false });
      asked.once('upgrade', (answer, socket) => {
        socket.destroy();
        resolve(answer);
      });
      asked.once('response', (answer) => {
        answer.resume();
        resolve(answer);
      });
      asked.once('error', reject);
      asked.end();
    });
  };
  const tokens = 'vscode-tkn=token%20of%20a; vscode-tkn=token-of-b';

  it('reach the devbox that has set them, and neither another one nor those of the editor any', async () => {
    a.sets = ['session=a; Path=/; HttpOnly', 'empty=; Secure'];
    b.sets = ['session=b'];
    await getPage(`${atA}/x`);
    await getPage(`${atB}/x`);
    const all = `editor-session=secret; session=a; ${tokens}; session=b; empty=; other=1`;
    assert.equal(await shown(a, atA, all), 'session=a; vscode-tkn=token%20of%20a; empty=');
    assert.equal(await shown(b, atB, all), 'vscode-tkn=token-of-b; session=b');
    assert.equal(await shown(b, atB, 'editor-session=secret; session=a'), undefined);
    // Under its own host name nothing is anybody else's.
    assert.equal(await shown(a, namedA, 'set-by-its-page=1'), 'set-by-its-page=1');
  });

  it('reach no other one by a WebSocket either, whose answers set some as well', async () => {
    const all = `editor-session=secret; from-socket=1; ${tokens}`;
    await upgrade(atB, all);
    assert.equal(b.seen.at(-1), 'vscode-tkn=token-of-b');
    for (const status of ['101 Switching Protocols', '401 Unauthorized']) {
      a.upgradeStatus = status;
      a.sets = [`from-socket=${status.slice(0, 3)}`];
      await upgrade(atA, all);
      assert.equal(await shown(a, atA, `from-socket=${status.slice(0, 3)}`), `from-socket=${status.slice(0, 3)}`);
      assert.equal(await shown(b, atB, `from-socket=${status.slice(0, 3)}`), undefined);
    }
  });

  it('are known again after a reload of the window: its token and its language, and nobody else’s', async () => {
    addresses.dispose();
    addresses = new VscodeAddress();
    await addresses.expect('dbx_a', { folder: '/workspace', single: true });
    addresses.serveAgain('dbx_a', { origin: originOfA, tunnelToken: undefined, tokens: ['token of a'] });
    const place = { devboxId: 'dbx_b', origin: originOfA, token: 'x', tunnelToken: undefined, folder: '/' };
    await addresses.of(place, { anyHost: true, oneTime: true });
    const again = await addresses.of({ ...place, devboxId: 'dbx_a', tunnelToken: 't' }, { anyHost: true });
    const language = 'vscode.nls.locale=zh-cn';
    const own = `vscode-tkn=token%20of%20a; ${language}`;
    assert.equal(await shown(a, new URL(again).origin, `${tokens}; vscode-tkn=%; vscode-tkn; ${language}`), own);
  });

  it('are the devbox’s alone, whatever domain it sets them for', async () => {
    a.sets = [
      'one=1; Domain=localhost; Path=/',
      'two=2; domain = .example.com',
      'three=3; DOMAIN; HttpOnly',
      'four=domain=x;Domain=localhost;domain=localhost',
    ];
    const expected = ['one=1; Path=/', 'two=2', 'three=3; HttpOnly', 'four=domain=x'];
    const answers = [await upgrade(namedA, '')];
    a.upgradeStatus = '403 Forbidden';
    answers.push(await upgrade(atA, ''));
    for (const { headers } of answers) assert.deepEqual(headers['set-cookie'], expected);
    const { port, host } = new URL(namedA);
    const page = await new Promise<IncomingMessage>((resolve) =>
      request({ host: '127.0.0.1', port, headers: { host, 'sec-fetch-dest': 'iframe' } }, resolve).end(),
    );
    page.resume();
    assert.deepEqual(
      page.headers['set-cookie'],
      expected.map((cookie) => `${cookie}; SameSite=None; Secure; Partitioned`),
    );
  });
});
