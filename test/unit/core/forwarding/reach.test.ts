import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { englishPages } from '../../../../src/core/forwarding/forwarderPage';
import { PortForwarder } from '../../../../src/core/ports/portForwarder';
import { LoopbackForwarder } from '../../../../src/core/vscode/loopbackForwarder';
import { freePort } from '../../../platform/freePort';

/** What a browser would remember for more than the page: for a host, for all below it, or for the user of the computer. */
const everywhere: OutgoingHttpHeaders = {
  'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
  'Alt-Svc': 'h3="evil.example:443"; ma=31536000; persist=1',
  NEL: '{"report_to":"evil","max_age":31536000,"include_subdomains":true}',
  'Report-To': '{"group":"evil","max_age":1,"endpoints":[{"url":"https://evil.example"}]}',
  'Public-Key-Pins': 'pin-sha256="x"; max-age=1',
  'Expect-CT': 'max-age=1',
};
const clearing = { 'Clear-Site-Data': '"cookies", "storage"' };
const worker = { 'Service-Worker-Allowed': '/' };
/** What concerns the devbox's pages only, or is the page's own affair. */
const own = {
  'content-security-policy': "default-src 'self'",
  link: '</a.css>; rel=preload',
  refresh: '3; url=https://elsewhere.example/',
  'x-frame-options': 'DENY',
  'access-control-allow-origin': '*',
  'reporting-endpoints': 'main="/reports"',
};

describe('Headers of a devbox’s answer that act on more than its pages', function () {
  this.timeout(30_000);
  let devbox: Server;
  let status = 200;
  let sent: OutgoingHttpHeaders = {};
  let pages: LoopbackForwarder;
  let ports: PortForwarder;
  /** Where the devbox is reached, with the name that a browser knows it by. */
  const places = new Map<string, { readonly port: number; readonly host: string }>();

  before(async () => {
    devbox = createServer((_, answer) => answer.writeHead(status, sent).end('ok'));
    devbox.on('upgrade', (_, socket) => {
      const lines = Object.entries(sent).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n${lines.join('')}\r\n`);
    });
    devbox.listen(0, '127.0.0.1');
    await once(devbox, 'listening');
    const target = { origin: `http://127.0.0.1:${(devbox.address() as AddressInfo).port}`, tunnelToken: undefined };
    pages = new LoopbackForwarder();
    ports = new PortForwarder({
      target: () => Promise.resolve(target),
      onDoubt: () => undefined,
      onInput: () => undefined,
      onOther: () => undefined,
      page: (why) => englishPages(why, undefined),
    });
    const port = { devboxId: 'dbx_1', port: 80 };
    const note = (name: string, address: string): void => {
      const { host, port: listens } = new URL(address);
      places.set(name, { host, port: Number(listens) });
    };
    note('VS Code, under its own name', await pages.originFor('dbx_1', target));
    const single = await pages.singlePortFor('dbx_1', target);
    places.set('VS Code, under the editor’s name', { port: single, host: 'editor.example' });
    note('a port, under its own name', await ports.addressOf(port));
    const fixed = await freePort();
    await ports.forwardTo(port, fixed);
    note('a port, on a fixed one', `http://localhost:${fixed}`);
    const outside = await ports.outsidePort(port, () => Promise.resolve('editor.example'));
    places.set('a port, under the editor’s name', { port: outside, host: 'editor.example' });
  });
  after(() => {
    pages.dispose();
    ports.dispose();
    devbox.closeAllConnections();
    devbox.close();
  });

  async function answerAt(where: string, headers: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
    const { port, host } = places.get(where) ?? assert.fail(where);
    const asked = request({ host: '127.0.0.1', port, path: '/x', headers: { ...headers, host }, agent: false }).end();
    const [answer] = (await Promise.race([once(asked, 'response'), once(asked, 'upgrade')])) as [IncomingMessage];
    answer.destroy();
    return answer;
  }

  /** The names of `wanted` that came. */
  function namesIn(answer: IncomingMessage, wanted: OutgoingHttpHeaders): string[] {
    return Object.keys(wanted).filter((name) => answer.headers[name.toLowerCase()] !== undefined);
  }

  for (const [where, passes] of Object.entries({
    'VS Code, under its own name': [...Object.keys(clearing), ...Object.keys(worker)],
    'VS Code, under the editor’s name': [],
    'a port, under its own name': [...Object.keys(clearing), ...Object.keys(worker)],
    'a port, on a fixed one': Object.keys(worker),
    'a port, under the editor’s name': [],
  })) {
    for (const asked of ['an answer', 'a refusal', 'a WebSocket']) {
      it(`do not reach the browser: ${where}, with ${asked}`, async () => {
        const upgrade = asked === 'a WebSocket' ? { connection: 'Upgrade', upgrade: 'x' } : {};
        status = asked === 'a refusal' ? 404 : 200;
        sent = { ...everywhere, ...clearing, ...worker, ...own };
        const answer = await answerAt(where, upgrade);
        assert.deepEqual(namesIn(answer, everywhere), []);
        assert.deepEqual(namesIn(answer, { ...clearing, ...worker }), passes);
        assert.deepEqual(namesIn(answer, own), Object.keys(own));
      });
    }

    it(`ask for no account of this computer: ${where}`, async () => {
      status = 401;
      for (const [told, passed] of [
        ['NTLM', undefined],
        ['Negotiate', undefined],
        ['negotiate YII+/=', undefined],
        ['Negotiate, NTLM', undefined],
        ['NTLM, Basic realm="a, b"', 'Basic realm="a, b"'],
        ['Basic realm="a", Negotiate', 'Basic realm="a"'],
        ['Basic realm="NTLM"', 'Basic realm="NTLM"'],
        ['Digest realm="x", nonce="ntlm"', 'Digest realm="x", nonce="ntlm"'],
        ['Bearer', 'Bearer'],
      ] as const) {
        sent = { 'WWW-Authenticate': told };
        const { headers, statusCode } = await answerAt(where);
        assert.deepEqual([statusCode, headers['www-authenticate']], [401, passed], told);
      }
      sent = { 'WWW-Authenticate': ['Negotiate', 'Basic realm="x"', 'NTLM'] };
      assert.equal((await answerAt(where)).headers['www-authenticate'], 'Basic realm="x"');
    });
  }
});
