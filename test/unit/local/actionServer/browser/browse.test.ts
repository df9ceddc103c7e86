import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { deadline } from '../../../../../src/ground/deadline';
import { ensureChromium } from '../../../../vscode/chromium';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { send, tunnelHost, whenListening } from '../../../../platform/tunnelRequests';
import { skip } from '../../../../run/skip';

/** The action server as OpenHands' Runloop runtime starts it, in a devbox that has the named Chromium. */
const entrypoint =
  "sudo bash -c 'exec /openhands/micromamba/bin/micromamba run -n openhands poetry run python -u -m openhands.runtime.action_execution_server 4444 --working-dir /workspace --username openhands --user-id 1000'";

/** A site that only the devbox itself reaches: it listens on the devbox's own address. */
const site = `require("http").createServer((q, s) => s.setHeader("content-type", "text/html").end("<title>Inside</title><h1>Served inside</h1><button onclick=document.querySelector('p').textContent='pressed'>Press</button><p>quiet</p>")).listen(8000, process.env.RUNLOOP_LOCAL_BIND)`;

describe('browsing in a devbox, through its tunnel', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let client: Client;
  let folder: string;

  before(async function () {
    this.timeout(240_000);
    folder = mkdtempSync(join(tmpdir(), 'runloop-browse-'));
    platform = await startPlatform();
    client = platform.client();
    if (platform.stderr().includes('plain processes')) {
      // There a devbox sees the computer's own programs, and the action server's own tests have done the same.
      skip(this, 'namespaces are forbidden on this computer');
    }
  });
  after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Brings the tests' Chromium into devboxes, which see nothing of the project's folder. */
  async function chromiumObject(): Promise<{ id: string; program: string }> {
    const { executablePath, env } = await ensureChromium(() => undefined, deadline(230_000));
    if (env['LD_LIBRARY_PATH'] === undefined) {
      // A Chromium of the system, which devboxes see too.
      return { id: '', program: executablePath };
    }
    const archive = join(folder, 'chromium.tar');
    execFileSync('tar', ['-cf', archive, '-C', dirname(executablePath), '.']);
    const { id, upload_url: address } = await client.objects.create({ name: 'chromium', content_type: 'tar' });
    assert.equal((await fetch(address ?? '', { method: 'PUT', body: await openAsBlob(archive) })).status, 200);
    await client.objects.complete(id);
    rmSync(archive);
    return { id, program: '/home/user/chromium/run' };
  }

  it('shows a page of the devbox and what becomes of it', async () => {
    const { id: object, program } = await chromiumObject();
    const inHome =
      '#!/bin/sh\ncd /home/user/chromium || exit 1\nLD_LIBRARY_PATH=$PWD/lib FONTCONFIG_PATH=$PWD exec ./chromium "$@"\n';
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      blueprint_name: 'openhands',
      environment_variables: { RUNLOOP_LOCAL_CHROMIUM: program },
      mounts: object === '' ? [] : [{ type: 'object_mount', object_id: object, object_path: '/home/user/chromium' }],
      launch_parameters: {
        resource_size_request: 'MEDIUM',
        launch_commands: [
          ...(object === ''
            ? []
            : [
                `printf %s '${inHome}' > chromium/run; chmod 755 chromium/run; sed -i 's#<dir>.*</dir>#<dir>/home/user/chromium/fonts</dir>#' chromium/fonts.conf`,
              ]),
          `echo "$RUNLOOP_LOCAL_BIND" > address; node -e '${site.replaceAll("'", String.raw`'\''`)}' > site.log 2>&1 &`,
        ],
      },
      entrypoint,
      tunnel: { auth_mode: 'authenticated' },
    });
    const headers = { 'x-runloop-tunnel-authorization': `Bearer ${tunnel?.auth_token ?? ''}` };
    const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
    await whenListening(platform, host, headers);
    const act = async (action: string, args: object): Promise<{ content: string; extras: Record<string, unknown> }> => {
      for (;;) {
        const answer = await send(platform, host, '/execute_action', {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ action: { action, args } }),
        });
        if (answer.status !== 503) {
          assert.equal(answer.status, 200, answer.text);
          return JSON.parse(answer.text) as { content: string; extras: Record<string, unknown> };
        }
      }
    };
    const bind = (await act('run', { command: 'cat ~user/address' })).content.trim();
    const visited = await act('browse', { url: `http://${bind}:8000/` });
    assert.match(visited.content, /# Served inside/, JSON.stringify(visited).slice(0, 2_000));
    assert.match(String(visited.extras['screenshot']), /^data:image\/png;base64,iVBOR/);
    const pressed = await act('browse_interactive', {
      browser_actions: `click("${/\[(\w+)\] button 'Press'/.exec((await act('browse_interactive', { browser_actions: 'noop(0)' })).content)?.[1] ?? ''}")`,
    });
    assert.match(pressed.content, /StaticText 'pressed'/);
    assert.match(String(pressed.extras['set_of_marks']), /^data:image\/png;base64,iVBOR/);
    const kept = await act('run', {
      command: 'ls -l .browser_screenshots | wc -l; stat -c %u .browser_screenshots .browser_screenshots/* | sort -u',
    });
    assert.equal(kept.content, '4\n1000');
    await client.devboxes.shutdown(id);
  });
});
