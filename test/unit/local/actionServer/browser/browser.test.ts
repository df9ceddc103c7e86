import { after, before, describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { deadline } from '../../../../../src/ground/deadline';
import { ensureChromium } from '../../../../vscode/chromium';
import { ActionExecutionClient } from '../../../../../src/core/actionServer/actionExecutionClient';
import { observationIs } from '../../../../../src/core/actionServer/observation';
import { processesWith, RunningServer, sessionKey } from '../runningServer';
import { processesEnd } from '../../../../platform/devboxProcesses';

const pages: Record<string, string> = {
  '/': `<!doctype html><html lang="en"><head><title>A page</title></head><body>
<h1>Heading one</h1><p>Some <b>bold</b> text with a <a href="/two">link</a>.</p>
<form action="/two"><label for="n">Name</label> <input id="n" name="n"><select name="s"><option value="1">One</option><option value="2">Two</option></select></form>
<button onclick="document.getElementById('out').textContent='clicked'">Click me</button><div id="out">nothing</div>
<iframe src="/frame" title="inner"></iframe><script>document.cookie = 'a=1'</script></body></html>`,
  '/plain': '<!doctype html><title>Plain</title><p>Nothing to use',
  '/two': '<!doctype html><title>Two</title><p>Second page <a href="/" target="_blank">back</a></p>',
  '/frame': '<!doctype html><title>Frame</title><button>In the frame</button>',
};

interface Browse {
  readonly type: string;
  readonly content: string;
  readonly extras: Record<string, unknown>;
}

/** Pixels that are neither grey, black nor white, in a PNG as Chromium makes them: 8 bits, not interlaced. */
function colouredPixels(dataUrl: string): number {
  const png = Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64');
  const [width, height, channels] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3];
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') {
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    }
  }
  const data = inflateSync(Buffer.concat(parts));
  const row = width * channels;
  let above = Buffer.alloc(row);
  let count = 0;
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (row + 1)];
    const line = Buffer.from(data.subarray(y * (row + 1) + 1, (y + 1) * (row + 1)));
    for (let x = 0; x < row; x += 1) {
      const [left, up, corner] = [
        line[x - channels] ?? 0,
        above[x] ?? 0,
        x < channels ? 0 : (above[x - channels] ?? 0),
      ];
      const guess = left + up - corner;
      const near = [left, up, corner].reduce(
        (best, one) => (Math.abs(guess - one) < Math.abs(guess - best) ? one : best),
        left,
      );
      line[x] = (line[x] ?? 0) + ([0, left, up, (left + up) >> 1, near][filter ?? 0] ?? 0);
    }
    for (let x = 0; x < row; x += channels) {
      const colours = [line[x] ?? 0, line[x + 1] ?? 0, line[x + 2] ?? 0];
      if (Math.max(...colours) - Math.min(...colours) > 60) count += 1;
    }
    above = line;
  }
  return count;
}

describe('browse', () => {
  let server: RunningServer;
  let site: Server;
  let programs: string;
  let address: string;

  before(async function () {
    this.timeout(240_000);
    const chromium = await ensureChromium(() => undefined, deadline(230_000));
    programs = await mkdtemp(join(tmpdir(), 'browse-test-'));
    // Its libraries are for this program only, as if it had been installed.
    const { LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: fonts } = chromium.env;
    const own = [
      libraries === undefined ? '' : `LD_LIBRARY_PATH='${libraries}'`,
      fonts === undefined ? '' : `FONTCONFIG_PATH='${fonts}'`,
    ].join(' ');
    await writeFile(join(programs, 'chromium'), `#!/bin/sh\nexec env ${own} '${chromium.executablePath}' "$@"\n`);
    await chmod(join(programs, 'chromium'), 0o755);
    site = createServer((request, response) => {
      const page = pages[new URL(request.url ?? '/', 'http://site').pathname];
      response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(page);
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    const at = site.address();
    address = `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`;
    server = await RunningServer.start({
      arguments: ['--working-dir', join(programs, 'workspace')],
      environment: { PATH: `${programs}:${process.env['PATH'] ?? ''}` },
    });
  });

  after(async () => {
    await RunningServer.stopAll();
    site.closeAllConnections();
    site.close();
    await rm(programs, { recursive: true, force: true });
  });

  async function browse(type: 'browse' | 'browse_interactive', args: Record<string, unknown>): Promise<Browse> {
    const { status, json } = await server.action(type, args);
    assert.equal(status, 200, JSON.stringify(json));
    return {
      type: String(json['observation']),
      content: String(json['content']),
      extras: json['extras'] as Record<string, unknown>,
    };
  }

  const act = (code: string): Promise<Browse> => browse('browse_interactive', { browser_actions: code });

  it('shows the text of a page, with a picture that is kept', async () => {
    const { type, content, extras } = await browse('browse', { url: address });
    assert.equal(type, 'browse');
    assert.match(
      content,
      /^\[Current URL: http:[^\n]*\]\n=+ BEGIN webpage content =+\n# Heading one\n\nSome \*\*bold\*\* text with a \[link\]\(\/two\)\./,
    );
    assert.doesNotMatch(content, /cookie/);
    const file = String(extras['screenshot_path']);
    assert.deepEqual(await readdir(join(programs, 'workspace', '.browser_screenshots')), [
      file.slice(file.lastIndexOf('/') + 1),
    ]);
    assert.match(String(extras['screenshot']), /^data:image\/png;base64,iVBOR/);
    // Clients of this protocol do not take more keys, nor fewer.
    const keys =
      'url trigger_by_action screenshot screenshot_path set_of_marks error goal_image_urls open_pages_urls active_page_index dom_object axtree_object extra_element_properties last_browser_action last_browser_action_error focused_element_bid filter_visible_only';
    assert.deepEqual(Object.keys(extras).sort(), keys.split(' ').sort());
    assert.deepEqual(
      [extras['open_pages_urls'], extras['active_page_index'], extras['error']],
      [[`${address}/`], 0, false],
    );
  });

  it('marks what can be used in a second picture, and changes nothing in the page for that', async () => {
    const plain = await act(`goto("${address}/plain")`);
    assert.match(String(plain.extras['set_of_marks']), /^data:image\/png;base64,iVBOR/);
    const added = ({ extras }: Browse): number =>
      colouredPixels(String(extras['set_of_marks'])) - colouredPixels(String(extras['screenshot']));
    assert.equal(added(plain), 0);
    // The link, the fields, the buttons and the frame have a mark each.
    const full = added(await act(`goto("${address}")`));
    assert.ok(full > 1_000, `${full} coloured pixels`);
    assert.match((await act('click("14")')).content, /StaticText 'clicked'/);
  });

  it('says in its answer why an address cannot be visited', async () => {
    const { content, extras } = await browse('browse', { url: 'http://127.0.0.1:1/' });
    assert.equal(extras['error'], true);
    assert.match(
      String(extras['last_browser_action_error']),
      /^Error: Page\.goto: net::ERR_\w+ at http:\/\/127\.0\.0\.1:1\/\n/,
    );
    assert.match(content, /BEGIN error message/);
  });

  it("gives the core's client typed observations of both actions, with all other fields kept", async () => {
    const client = new ActionExecutionClient({
      url: `http://127.0.0.1:${server.port}`,
      sessionKey,
      tunnelToken: undefined,
    });
    const visited = await client.runAction({ action: 'browse', args: { url: address } });
    assert.ok(observationIs(visited, 'browse'));
    assert.deepEqual(
      [visited.url, visited.failed, visited.extras['trigger_by_action']],
      [`${address}/`, false, 'browse'],
    );
    assert.match(visited.screenshot ?? '', /^data:image\/png;base64,iVBOR/);
    const done = await client.runAction({
      action: 'browse_interactive',
      args: { browser_actions: `goto("${address}/two")` },
    });
    assert.ok(observationIs(done, 'browse'));
    assert.deepEqual(
      [done.url, done.failed, done.extras['trigger_by_action']],
      [`${address}/two`, false, 'browse_interactive'],
    );
    const failed = await client.runAction({ action: 'browse', args: { url: 'http://127.0.0.1:1/' } });
    assert.ok(observationIs(failed, 'browse') && failed.failed);
    client.dispose();
  });

  it('names the elements of a page as BrowserGym does, those in frames by the frame', async () => {
    const { content } = await act(`goto("${address}")`);
    assert.match(content, /\[Action executed successfully\.\]\n/);
    const tree = /BEGIN accessibility tree =+\n(.*)\n=+ END/s.exec(content)?.[1]?.split('\n') ?? [];
    for (const line of [
      `RootWebArea 'A page', focused, url='${address}/'`,
      '\t[3] generic',
      "\t\t[4] heading 'Heading one'",
      "\t\t\t[7] link 'link', clickable, url='" + `${address}/two'`,
      "\t\t\t[10] textbox 'Name', clickable",
      "\t\t\t[11] combobox '' value='One', hasPopup='menu', expanded=False",
      "\t\t[14] button 'Click me', clickable",
      "\t\t[a] Iframe 'inner'",
      "\t\t\t\t\t[a4] button 'In the frame'",
    ]) {
      assert.ok(tree.includes(line), `${line}\nis not in\n${tree.join('\n')}`);
    }
  });

  it('clicks, fills, chooses and presses', async () => {
    assert.match((await act('click("14")')).content, /StaticText 'clicked'/);
    const { content, extras } = await act(
      'fill("10", "Ann")\nselect_option("11", "Two")  # the second\npress("10", "End")',
    );
    assert.match(content, /\[10\] textbox 'Name' value='Ann', clickable, focused/);
    assert.match(content, /\[11\] combobox '' value='Two'/);
    assert.equal(extras['focused_element_bid'], '10');
    assert.match((await act('clear("10")')).content, /\[10\] textbox 'Name', clickable/);
    assert.match((await act('press("10", "x")')).content, /\[10\] textbox 'Name' value='x'/);
  });

  it('goes forth and back, and keeps tabs', async () => {
    assert.equal((await act('click("7")')).extras['url'], `${address}/two`);
    assert.equal((await act('go_back()')).extras['url'], `${address}/`);
    assert.equal((await act('go_forward()')).extras['url'], `${address}/two`);
    const opened = await act('new_tab()\ngoto("' + address + '/frame")');
    assert.deepEqual(
      [opened.extras['open_pages_urls'], opened.extras['active_page_index']],
      [[`${address}/two`, `${address}/frame`], 1],
    );
    assert.equal((await act('tab_focus(0)')).extras['url'], `${address}/two`);
    const link = /\[(\d+)\] link 'back'/.exec((await act('noop(1)')).content)?.[1] ?? '';
    assert.deepEqual((await act(`click("${link}")`)).extras['open_pages_urls'], [
      `${address}/two`,
      `${address}/frame`,
      `${address}/`,
    ]);
    const closed = await act('tab_close()\ntab_close()');
    assert.deepEqual([closed.extras['open_pages_urls'], closed.extras['url']], [[`${address}/two`], `${address}/two`]);
  });

  it('says what of an action cannot be done, as BrowserGym does', async () => {
    for (const [code, error] of [
      ['click("9999")', /^ValueError: Could not find element with bid "9999"$/],
      ['dance()', /^NameError: Invalid action type 'dance'\.$/],
      ['click(', /^ValueError: Received an empty action\.$/],
      ['x = 1', /^ValueError: Received an empty action\.$/],
      ['click()', /^TypeError: click\(\): bid: /],
      ['fill("0", "x")', /^Error: Error: Element is not an <input>/],
    ] as const) {
      const { content, extras } = await act(code);
      assert.match(String(extras['last_browser_action_error']), error);
      assert.match(content, /BEGIN error message/);
    }
  });

  it('starts again after the browser was killed, and leaves none behind', async () => {
    const profile = `${server.folder}/action-server-browser-`;
    const main = processesWith(profile).filter(
      (pid) => processesWith('--remote-debugging-pipe').includes(pid) && !processesWith('--type=').includes(pid),
    );
    assert.notDeepEqual(main, []);
    for (const pid of main) process.kill(Number(pid), 'SIGKILL');
    while (processesWith(profile).some((pid) => main.includes(pid))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // Whether the server has noticed by now is not known.
    const next = await act('noop(1)');
    assert.equal(next.type === 'browse' ? next.type : (await act('noop(1)')).type, 'browse');
    await server.stop();
    await processesEnd(profile);
  });
});
