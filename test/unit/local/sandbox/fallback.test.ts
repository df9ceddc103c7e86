import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, describe, it } from 'mocha';
import { processesWith } from '../../../platform/devboxProcesses';
import { logText, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';

/** Words that start a program where the kernel's limits, of an own user namespace, forbid what is named. */
function without(...limits: string[]): string[] {
  const script = `${limits.map((limit) => `echo 0 > /proc/sys/user/${limit} && `).join('')}exec "$@"`;
  return ['unshare', '--user', '--map-root-user', 'bash', '-c', script, 'bash'];
}

const possible = spawnSync('unshare', [...without('max_user_namespaces').slice(1), 'true']).status === 0;

/** Starts a platform that may do less, and gives what its devbox and its stderr say. */
async function tryWith(limits: string[], command: string): Promise<{ log: string; stderr: string }> {
  const platform = await startPlatform([], { within: without(...limits) });
  const client = platform.client();
  const { id } = await client.devboxes.createAndAwaitRunning({ launch_parameters: { launch_commands: [command] } });
  const log = await logText(client, id);
  await client.devboxes.shutdown(id);
  assert.equal(await platform.stop(), 0);
  assert.deepEqual(processesWith(platform.dataDir), []);
  return { log, stderr: platform.stderr() };
}

describe('local platform where less is allowed', () => {
  before(function () {
    if (!possible) {
      // This computer forbids what the test would forbid: the other suites run in that way already.
      skip(this, 'this computer forbids namespaces already');
    }
  });

  it('uses mount and process namespaces as root when user namespaces are forbidden', async () => {
    const { log, stderr } = await tryWith(
      ['max_user_namespaces'],
      'mount -o remount,bind,rw /usr; touch /usr/x; ls -d /home/* /workspace; echo pid $$; true',
    );
    assert.match(stderr, /^User namespaces are forbidden here: [^\n]*\n(?:Names below|This mends|$)/);
    assert.match(log, /\/usr\/x': Read-only file system/);
    assert.match(log, /\/home\/user\n\/workspace\npid \d{1,3}$/m);
  });

  it('lets no devbox put a loader of its own in the way of what enters it with this computer’s rights', async () => {
    const { log } = await tryWith(
      ['max_user_namespaces'],
      `python3 - <<'END'
import os
for name in ("bin", "lib", "lib64", "usr", "etc"):
    for deed in (lambda: os.rename("/" + name, "/moved"), lambda: os.unlink("/" + name), lambda: open("/" + name + "/own", "w")):
        try: deed(); print("done", name)
        except OSError as error: pass
print("tried")
END`,
    );
    assert.match(log, /^tried$/m);
    assert.doesNotMatch(log, /done/);
  });

  it('has sudo and su that run things where there is one user only', async () => {
    const { log } = await tryWith(
      ['max_user_namespaces'],
      'su -c "echo by su"; su root -c "echo by name"; su - -c "echo in \\$PWD"; sudo -b echo behind; sudo sh -c "echo prefix \\$NPM_CONFIG_PREFIX"; sudo nothing-such || true',
    );
    assert.match(log, /by su\nby name\nin \/root\n/);
    assert.match(log, /^prefix \/home\/user\/\.local$/m);
    assert.match(log, /^sudo: nothing-such: command not found$/m);
  });

  it('falls back to plain processes, and says so once and why', async () => {
    const { log, stderr } = await tryWith(
      ['max_user_namespaces', 'max_mnt_namespaces'],
      'echo > /workspace/f && echo "root $RUNLOOP_LOCAL_ROOT"',
    );
    assert.match(
      stderr,
      /^Devboxes are plain processes [^\n]*because Linux namespaces cannot be used here \([^\n]*\n(?:Names below|This mends|$)/,
    );
    assert.match(log, /root \/.*\/root$/m);
  });
});
