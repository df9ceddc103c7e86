import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';

/** Root of a devbox can do most. */
const asRoot = { launch_parameters: { user_parameters: { username: 'root', uid: 0 } } };

// Ways out that use what the platform itself does for a devbox: starting it again, entering it, copying its disk.
describe('local platform, ways out of a devbox', () => {
  let platform: TestPlatform;
  let client: Client;
  let host: string;

  before(async function () {
    host = mkdtempSync(join(tmpdir(), 'runloop-host-'));
    platform = await startPlatform();
    client = platform.client();
    if (platform.stderr().includes('plain processes') || process.getuid?.() !== 0) {
      // Where root of the platform is not root of this computer, its files are not the devbox's to change anyway.
      skip(this, 'it takes namespaces, and root of this computer');
    }
  });
  after(async () => {
    await platform.stop();
    rmSync(host, { recursive: true, force: true });
  });

  const run = async (id: string, command: string): Promise<string> => {
    const { stdout, stderr } = await client.devboxes.executeAndAwaitCompletion(id, { command });
    return `${stdout ?? ''}${stderr ?? ''}`;
  };
  const suspended = async (id: string): Promise<void> => {
    await client.devboxes.suspend(id);
    await waitFor('its rest', async () =>
      (await client.devboxes.retrieve(id)).status === 'suspended' ? true : undefined,
    );
  };

  it('runs none of a devbox’s own programs with more rights than it has, when it starts again', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    const space = await run(id, 'readlink /proc/self/ns/user');
    const own = `#!/bin/bash
mount=/usr/bin/mount.real; [ -x $mount ] || mount=/usr/bin/mount
{ echo "ran as $0 in $(readlink /proc/self/ns/user)"; $mount -o remount,bind,rw /sys && echo "sys is open"; $mount -o remount,bind,rw /run/devbox/actionServer.mjs && echo "tools are open"; } >> /workspace/ran 2>&1
exec "$0.real" "$@"`;
    const words = `cat > /workspace/own <<'OWN'
${own}
OWN
chmod 755 /workspace/own
for program in /usr/bin/unshare /usr/bin/umount /usr/bin/mount /usr/bin/rm /usr/bin/dash; do cp $program $program.real && cp /workspace/own $program.new && mv $program.new $program; done
echo /workspace/none.so > /etc/ld.so.preload
mkdir -p ${join(platform.dataDir, 'devboxes', id, 'root', 'run', 'devbox', 'bin')}; cp /workspace/own ${join(platform.dataDir, 'devboxes', id, 'root', 'run', 'devbox', 'bin')}/umount`;
    await run(id, words);
    await suspended(id);
    await client.devboxes.resume(id);
    await client.devboxes.awaitRunning(id);
    const [inside = ''] = (await run(id, 'readlink /proc/self/ns/user')).split('\n');
    const ran = await run(id, 'cat /workspace/ran 2> /dev/null; true');
    assert.match(space, /^user:/);
    // The last steps of a start may use them: with the rights that the devbox's own commands have.
    for (const line of ran.split('\n').filter((one) => one.startsWith('ran as'))) {
      assert.ok(line.endsWith(inside), `${line}, not ${inside}`);
    }
    assert.doesNotMatch(ran, /is open|are open/);
    await client.devboxes.shutdown(id);
  });

  it('loads no program by what it has put in the place of the system’s folders, when it starts again', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    const replace = `import os, shutil
for name in ("bin", "lib", "lib64"):
    if os.path.islink("/" + name): os.unlink("/" + name); os.mkdir("/" + name); open("/" + name + "/own", "w").close()`;
    await run(id, `python3 -c '${replace}'`);
    await suspended(id);
    await client.devboxes.resume(id);
    await client.devboxes.awaitRunning(id);
    assert.match(
      await run(id, 'ls -d /bin /lib64/ld-linux* /lib/ld-linux* 2> /dev/null | head -1; ls /bin.replaced'),
      /^\/(?:bin|lib)\S*\nown\n/,
    );
    await client.devboxes.shutdown(id);
  });

  it('writes to nothing of the host’s when it starts again, whatever links its disk has', async () => {
    mkdirSync(join(host, 'run', 'devbox'), { recursive: true });
    writeFileSync(join(host, 'run', 'devbox', 'kept'), 'kept');
    writeFileSync(join(host, 'setting'), 'kept');
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    await run(
      id,
      `mkdir -p /etc/apt/apt.conf.d; rm -f /etc/apt/apt.conf.d/99devbox; ln -s ${host}/setting /etc/apt/apt.conf.d/99devbox; rm -f /usr/bin/sudo; ln -s ${host}/setting /usr/bin/sudo`,
    );
    // Its folder of run-time data is in use inside, so the link comes from where its disk is seen from outside.
    await suspended(id);
    const disk = join(platform.dataDir, 'devboxes', id, 'root');
    rmSync(join(disk, 'run'), { recursive: true });
    symlinkSync(join(host, 'run'), join(disk, 'run'));
    await client.devboxes.resume(id);
    await client.devboxes.awaitRunning(id);
    assert.equal(readFileSync(join(host, 'run', 'devbox', 'kept'), 'utf8'), 'kept');
    assert.equal(readFileSync(join(host, 'setting'), 'utf8'), 'kept');
    assert.deepEqual(readdirSync(join(host, 'run', 'devbox')), ['kept']);
    await client.devboxes.shutdown(id);
  });

  it('gives no way to change the program that enters a devbox, nor the computer’s devices', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    const hunt = `import os, time
end, held = time.time() + 8, None
while time.time() < end and held is None:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if "nsenter" in os.readlink(f"/proc/{pid}/exe"):
                held = os.open(f"/proc/{pid}/exe", os.O_RDONLY)
                break
        except OSError: pass
print("held" if held else "not seen", flush=True)
for i in range(60 if held else 0):
    try:
        os.open(f"/proc/self/fd/{held}", os.O_WRONLY)
        print("open for writing"); break
    except OSError as error: last = error.strerror; time.sleep(0.05)
else: print("refused", last if held else "")`;
    await run(
      id,
      `cat > /workspace/hunt.py <<'HUNT'
${hunt}
HUNT
cp /usr/bin/setsid /usr/bin/setsid.real
(python3 /workspace/hunt.py > /workspace/hunted 2>&1 &)
printf '#!/proc/self/exe\\n' > /usr/bin/setsid.new; chmod 755 /usr/bin/setsid.new
(sleep 0.7; mv /usr/bin/setsid.new /usr/bin/setsid; sleep 2; mv /usr/bin/setsid.real /usr/bin/setsid) > /dev/null 2>&1 &`,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await client.devboxes.executeAsync(id, { command: 'true' });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const hunted = await waitFor('the hunt’s end', async () => {
      const text = await run(id, 'cat /workspace/hunted');
      return /refused|open for|not seen|No such file/.test(text) ? text : undefined;
    });
    assert.doesNotMatch(hunted, /open for writing/);
    assert.match(hunted, /Permission denied|not seen|No such file|not found/);
    assert.match(
      await run(
        id,
        `chmod ${(statSync('/dev/null').mode & 0o777).toString(8)} /dev/null /dev/zero; echo "code $?"; echo text > /dev/null && echo writable`,
      ),
      /^code 1\nwritable\n[^]*Read-only file system/,
    );
    await client.devboxes.shutdown(id);
  });

  it('shares no memory and no queues with the host or other devboxes', async () => {
    const own = readlinkSync('/proc/self/ns/ipc');
    const ids = await Promise.all([1, 2].map(async () => (await client.devboxes.createAndAwaitRunning(asRoot)).id));
    const spaces = await Promise.all(ids.map((id) => run(id, 'readlink /proc/self/ns/ipc /proc/1/ns/ipc')));
    const all = new Set([own, ...spaces.flatMap((text) => text.trim().split('\n'))]);
    assert.equal(all.size, 3, [...all].join(' '));
    await Promise.all(ids.map((id) => client.devboxes.shutdown(id)));
  });

  it('takes nothing of the host’s into a snapshot while folders turn into links', async () => {
    for (let index = 0; index < 20; index += 1) {
      writeFileSync(join(host, `secret-${index}`), 'of the host');
    }
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    // Whenever one folder is opened by the copy, the next one turns into a link: now and then between two looks at it.
    const swap = `import ctypes, os, struct
libc = ctypes.CDLL(None)
os.makedirs("/workspace/w"); os.chdir("/workspace/w")
count, watched = 1500, libc.inotify_init()
for i in range(count):
    os.mkdir(f"a{i:04}"); open(f"a{i:04}/own", "w").close(); os.symlink("${host}", f"b{i:04}")
number = {libc.inotify_add_watch(watched, f"a{i:04}".encode(), 0x20): i for i in range(count)}
open("/workspace/ready", "w").close()
while True:
    events = os.read(watched, 65536)
    at = 0
    while at < len(events):
        descriptor, _, _, length = struct.unpack_from("iIII", events, at)
        at += 16 + length
        i = number.get(descriptor, count) + 1
        if i < count: libc.renameat2(-100, f"a{i:04}".encode(), -100, f"b{i:04}".encode(), 2)`;
    await run(
      id,
      `cat > /workspace/swap.py <<'SWAP'
${swap}
SWAP
(timeout 25 python3 /workspace/swap.py > /dev/null 2>&1 &); for i in $(seq 200); do [ -e /workspace/ready ] && break; sleep 0.05; done`,
    );
    const found: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      // Where a folder has become a link that leads nowhere, the copy fails.
      const snapshot = await client.devboxes.snapshotDisk(id).catch((error: unknown) => {
        assert.match(String(error), /could not be copied/);
        return undefined;
      });
      if (snapshot !== undefined) {
        const folder = join(platform.dataDir, 'snapshots', snapshot.id, 'workspace');
        // Links may be in it, to wherever they like; what must not be in it is what they lead to.
        found.push(
          ...spawnSync('find', [folder, '-name', 'secret-*'], { encoding: 'utf8' })
            .stdout.split('\n')
            .filter((name) => name !== ''),
        );
        await client.devboxes.diskSnapshots.delete(snapshot.id);
      }
    }
    assert.deepEqual(found, []);
    await client.devboxes.shutdown(id);
  });

  it('puts a mounted object where the devbox says, and nowhere on the host', async () => {
    const sdk = new RunloopSDK({
      baseURL: platform.baseUrl,
      bearerToken: platform.apiKey,
      http2: false,
      maxRetries: 0,
    });
    const object = await sdk.storageObject.uploadFromText('of an object', `object-${randomUUID()}`);
    const { id } = await client.devboxes.createAndAwaitRunning({
      ...asRoot,
      mounts: [{ type: 'object_mount', object_id: object.id, object_path: '/workspace/a/object' }],
    });
    assert.equal(
      await run(id, 'cat /workspace/a/object; ls -A /var/tmp; ls -A /run/devbox | grep -c obj_'),
      'of an object0\n',
    );
    await client.devboxes.shutdown(id);
    await object.delete();
    assert.ok(!existsSync(join(host, object.id)));
  });
});
