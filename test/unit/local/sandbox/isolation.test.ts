import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';

describe('local platform, what a devbox sees', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform([], { environment: { RUNLOOP_API_KEY: 'ak_of_the_host', SECRET_OF_THE_HOST: 'x' } });
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
  });

  /** Starts a devbox, runs a command in it as it starts, and gives what the command printed. */
  async function see(command: string): Promise<{ id: string; text: string }> {
    const devbox = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { user_parameters: { username: 'root', uid: 0 }, launch_commands: [command] },
    });
    return { id: devbox.id, text: await logText(client, devbox.id) };
  }

  it('neither another devbox nor the host', async function () {
    if (platform.stderr().includes('plain processes')) {
      // Where namespaces are forbidden there is nothing to test; the plain suite covers what is left.
      skip(this, 'namespaces are forbidden on this computer');
    }
    const first = await see('echo mine > /workspace/mine; (exec -a neighbour-process sleep 1000 > /dev/null 2>&1) &');
    const { id, text } = await see(`
      ls -A /workspace | wc -l
      cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "[n]eighbour-process"
      touch /usr/written-inside /etc/written-inside 2>/dev/null
      mount -o remount,bind,rw /sys 2>&1 | head -1
      ls -d ${platform.dataDir} ${process.cwd()} 2>&1 | grep -c "cannot access"
      env | grep -c -e HOST -e RUNLOOP_API_KEY
      cat /proc/1/environ | tr "\\0" "\\n" | grep -c -e HOST -e RUNLOOP_API_KEY
      echo home $HOME $PWD
      { echo 1 > /proc/sys/vm/drop_caches; } 2>&1
      for f in /workspace /root /tmp /opt-own; do mkdir -p $f/new && echo writable $f; done
      test -d /openhands || echo no openhands
      test -c /dev/null && test -c /dev/ptmx && echo devices
    `);
    const lines = text.split('\n').filter((line) => line !== '');
    assert.deepEqual(lines.slice(0, 2), ['0', '0']);
    // What it may write there is in a layer of its own.
    assert.ok(!existsSync('/usr/written-inside') && !existsSync('/etc/written-inside'));
    assert.match(
      (await see('ls /usr/written-inside /etc/written-inside 2>&1; true')).text,
      /cannot access '\/usr[^]*cannot access '\/etc/,
    );
    assert.match(text, /permission denied/i);
    assert.match(text, /\n2\n0\n0\nhome \/root \/root\n/);
    assert.match(text, /drop_caches: Read-only file system/);
    assert.match(
      text,
      /writable \/workspace\nwritable \/root\nwritable \/tmp\nwritable \/opt-own\nno openhands\ndevices/,
    );
    await Promise.all([first.id, id].map((devbox) => client.devboxes.shutdown(devbox)));
  });

  it('the VS Code server and its Node, read-only', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'runloop vscode '));
    mkdirSync(join(folder, 'server', 'out'), { recursive: true });
    mkdirSync(join(folder, 'server', 'node_modules'));
    writeFileSync(join(folder, 'server', 'out', 'server-main.js'), 'the server');
    writeFileSync(join(folder, 'server', 'node_modules', 'module'), 'a module');
    symlinkSync('node_modules', join(folder, 'server', 'node_modules.asar'));
    mkdirSync(join(folder, 'bin'));
    copyFileSync('/bin/true', join(folder, 'bin', 'node'));
    const own = await startPlatform([
      '--vscode-server',
      join(folder, 'server'),
      '--vscode-node',
      join(folder, 'bin', 'node'),
    ]);
    try {
      if (own.stderr().includes('plain processes')) {
        // Then the devbox sees them where they are.
        skip(this, 'namespaces are forbidden on this computer');
      }
      const devbox = await own.client().devboxes.createAndAwaitRunning({
        launch_parameters: {
          launch_commands: [
            'cd "$RUNLOOP_LOCAL_VSCODE_SERVER" && cat out/server-main.js node_modules.asar/module && "$RUNLOOP_LOCAL_VSCODE_NODE" && ! touch new "$RUNLOOP_LOCAL_VSCODE_NODE"',
          ],
        },
      });
      assert.match(await logText(own.client(), devbox.id), /the servera module/);
    } finally {
      await own.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it('sudo, which resets the environment', async () => {
    const devbox = await client.devboxes.createAndAwaitRunning({
      environment_variables: { GIVEN: 'yes' },
      launch_parameters: {
        launch_commands: [
          `echo "1 $GIVEN"; sudo bash -c 'echo "2 $GIVEN|$HOME|$SUDO_USER|$RUNLOOP_LOCAL_BIND"'; sudo -E bash -c 'echo "3 $GIVEN"'; sudo A=b bash -c 'echo "4 $A"'`,
        ],
      },
    });
    assert.match(await logText(client, devbox.id), /1 yes\n2 \|\/(?:root|home\/user)\|user\|127\.[\d.]+\n3 yes\n4 b/);
    await client.devboxes.shutdown(devbox.id);
  });
});
