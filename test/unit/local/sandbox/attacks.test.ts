import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { DevboxCreateParams } from '@runloop/api-client/resources/devboxes/devboxes';
import { waitFor } from '../../../eventually';
import { processesWith } from '../../../platform/devboxProcesses';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';

type Launch = NonNullable<DevboxCreateParams['launch_parameters']>;

// Every attack ends by itself, whether it is held or not: so many forks, so many bytes, so many seconds.
for (const groups of ['auto', 'off'] as const) {
  describe(`local platform under attack from a devbox (--control-groups ${groups})`, () => {
    let platform: TestPlatform;
    let client: Client;
    let secrets: string;

    before(async function () {
      secrets = mkdtempSync(join(tmpdir(), 'runloop-host-'));
      writeFileSync(join(secrets, 'secret'), 'of the host');
      platform = await startPlatform(['--control-groups', groups], { apiKey: 'ak_attack_target_key' });
      client = platform.client();
      if (platform.stderr().includes('plain processes')) {
        skip(this, 'namespaces are forbidden on this computer');
      }
    });
    after(async () => {
      await platform.stop();
      rmSync(secrets, { recursive: true, force: true });
    });

    /** The strongest attacker that a devbox can have. */
    const asRoot: Launch = { user_parameters: { username: 'root', uid: 0 } };

    /** Runs a shell text as a devbox starts, as its root, and gives what it printed. */
    async function run(command: string, launch: Launch = {}): Promise<{ id: string; text: string }> {
      const { id } = await client.devboxes.createAndAwaitRunning({
        launch_parameters: { ...asRoot, ...launch, launch_commands: [command] },
      });
      return { id, text: await logText(client, id) };
    }

    /** Starts a devbox with an attack as its entrypoint and waits for its end. */
    async function endOf(
      entrypoint: string,
      launch: Launch,
    ): Promise<{ id: string; status: string; reason: string | null | undefined; kernel: string }> {
      const { id } = await client.devboxes.create({ entrypoint, launch_parameters: { ...asRoot, ...launch } });
      const ended = await waitFor('its end', async () => {
        const seen = await client.devboxes.retrieve(id);
        return ['failure', 'shutdown'].includes(seen.status) ? seen : undefined;
      });
      const { logs } = await client.devboxes.logs.list(id);
      const kernel = logs
        .filter((entry) => entry.source === 'kmsg')
        .map((entry) => entry.message ?? '')
        .join('\n');
      return { id, status: ended.status, reason: ended.failure_reason ?? ended.shutdown_reason, kernel };
    }

    const usable = async (): Promise<void> => {
      const { id } = await client.devboxes.createAndAwaitRunning({});
      await client.devboxes.shutdown(id);
    };

    it('holds a fork bomb without losing devbox or platform', async () => {
      // Of 1,500 children that live until all were tried, however slow the computer is, this size has room for about a thousand.
      const bomb = `const { spawn } = require("node:child_process"); const children = []; let started = 0, refused = 0;
      const told = () => { if (started + refused === 1500) { console.log("bomb", started, refused); children.forEach((child) => child.kill()); } };
      for (let i = 0; i < 1500; i++) { const child = spawn("sleep", ["60"], { stdio: "ignore" }); children.push(child);
        child.on("error", () => { refused++; told(); }); child.on("spawn", () => { started++; told(); }); }`;
      const { id, text } = await run(`timeout -s KILL 60 node -e '${bomb}' || echo "ended with $?"; echo survived`, {
        resource_size_request: 'CUSTOM_SIZE',
        custom_gb_memory: 0.5,
      });
      assert.match(text, /survived/);
      const [, started = 0, refused = 0] = (/bomb (\d+) (\d+)/.exec(text) ?? []).map(Number);
      assert.ok(refused > 300 && started < 1_024, text);
      const devbox = await client.devboxes.retrieve(id);
      assert.equal(devbox.status, 'running');
      await usable();
      await client.devboxes.shutdown(id);
    });

    it('ends a devbox that eats memory, and says so in the kernel’s part of the log', async () => {
      const eater = `exec node -e 'const kept = []; for (let i = 0; i < 24; i++) kept.push(Buffer.alloc(50 * 2 ** 20, 1)); setTimeout(() => process.exit(3), 30000)'`;
      const { id, status, reason, kernel } = await endOf(eater, { resource_size_request: 'X_SMALL' });
      assert.deepEqual([status, reason], ['failure', 'out_of_memory']);
      assert.match(
        kernel,
        groups === 'off'
          ? /Out of memory: the devbox used 1\.\d\d GiB of 1\.00 GiB .* largest process/
          : /Out of memory: the devbox used 1\.\d\d GiB of 1\.00 GiB and was ended\./,
      );
      assert.deepEqual(processesWith(id), []);
      await usable();
    });

    it('counts what many small processes eat together, and /dev/shm', async () => {
      const many = `for i in 1 2 3 4 5 6; do timeout 40 node -e 'const kept = Buffer.alloc(150 * 2 ** 20, 1); setTimeout(() => kept.length, 30000)' & done; head -c 240M /dev/zero > /dev/shm/full; wait; exit 3`;
      const { status, reason } = await endOf(many, { resource_size_request: 'X_SMALL' });
      assert.deepEqual([status, reason], ['failure', 'out_of_memory']);
      const { id, text } = await run(
        'head -c 400M /dev/zero > /dev/shm/full; stat -c "%s" /dev/shm/full; rm /dev/shm/full',
        { resource_size_request: 'X_SMALL' },
      );
      assert.match(text, /No space left on device[^]*268435456/);
      await client.devboxes.shutdown(id);
    });

    it('counts files that were removed while they are open', async () => {
      const size: Launch = { resource_size_request: 'CUSTOM_SIZE', custom_gb_memory: 1, custom_disk_size: 2 };
      const hidden =
        'exec 8<>/tmp/a 9<>/tmp/b; fallocate -l 1150M /tmp/a; fallocate -l 1150M /tmp/b; rm /tmp/a /tmp/b; sleep 30; exit 3';
      const removed = await endOf(hidden, size);
      assert.deepEqual([removed.status, removed.reason], ['failure', 'out_of_disk']);
    });

    it('ends a devbox that has very many files open, which others then cannot open', async () => {
      const many = `for i in 1 2 3 4 5 6; do node -e 'const fs = require("node:fs"); try { for (let i = 0; i < 15000; i++) fs.openSync("/dev/null"); } catch {} setTimeout(() => 0, 30000)' & done; wait; exit 3`;
      const { status, reason, kernel } = await endOf(many, { resource_size_request: 'X_SMALL' });
      assert.deepEqual([status, reason], ['failure', 'out_of_memory']);
      assert.match(kernel, /^Out of memory for open files: the devbox had \d{5} of 65536 and was ended\./);
      await usable();
    });

    it('ends a devbox that has the kernel watch very many files, which others then cannot have watched', async () => {
      const many = `exec python3 -c '
import os, resource, select, time
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
pipe, _ = os.pipe()
files = [os.dup(pipe) for _ in range(min(most, 12000) - 500)]
polls = []
for _ in range(400000 // len(files)):
    polls.append(select.epoll())
    for file in files: polls[-1].register(file)
time.sleep(30)'`;
      const { status, reason, kernel } = await endOf(many, { resource_size_request: 'X_SMALL' });
      assert.deepEqual([status, reason], ['failure', 'out_of_memory']);
      assert.match(kernel, /^Out of memory for watched files: the devbox had \d{5,6} of \d{4,6} and was ended\./);
      await usable();
    });

    it('counts what is in a file system of memory that the devbox has made for itself', async () => {
      const own = `unshare -Urm sh -c 'mount -t tmpfs own /mnt && head -c 1500M /dev/zero > /mnt/full; sleep 30'; exit 3`;
      const { status, reason } = await endOf(own, { resource_size_request: 'X_SMALL' });
      assert.deepEqual([status, reason], ['failure', 'out_of_memory']);
    });

    it('ends a devbox that fills its disk, with one file or several', async () => {
      const size: Launch = { resource_size_request: 'CUSTOM_SIZE', custom_gb_memory: 1, custom_disk_size: 2 };
      // Room is reserved, not written: the disk has the blocks all the same.
      const several = await endOf('fallocate -l 1100M /workspace/a; fallocate -l 1100M /tmp/b; sleep 30; exit 3', size);
      assert.deepEqual([several.status, several.reason], ['failure', 'out_of_disk']);
      assert.match(several.kernel, /Out of disk: the devbox had 2\.\d\d GiB of 2\.00 GiB/);
      await waitFor('the disk’s release', () =>
        existsSync(join(platform.dataDir, 'devboxes', several.id, 'root', 'tmp', 'b')) ? undefined : true,
      );
      const { id, text } = await run('fallocate -l 2100M /workspace/a; echo "code $?"; rm -f /workspace/a', size);
      assert.match(text, /File (?:size limit exceeded|too large)|code 153/);
      assert.equal((await client.devboxes.retrieve(id)).status, 'running');
      await client.devboxes.shutdown(id);
    });

    it('keeps the control group of whoever started the platform out of reach', async () => {
      const attack = `exec 2> /dev/null; cut -d: -f3- /proc/self/cgroup | sort -u
for how in "unshare --mount --cgroup" "unshare --user --map-root-user --mount --cgroup"; do $how true && echo "entered by $how"; done
for kind in "cgroup -o memory" cgroup2; do mkdir -p /tmp/group; mount -t $kind none /tmp/group && echo "mounted $kind"; done; true`;
      const { id, text } = await run(attack);
      assert.equal(text.trim(), '/');
      await client.devboxes.shutdown(id);
    });

    if (groups === 'off') {
      // The ones below are about what is seen, which groups do not change.
      return;
    }

    it('shows nothing of the platform, the host or another devbox by whatever way', async () => {
      const other = await run(
        'echo "of the other" > /workspace/secret; exec -a other-devbox sleep 1000 > /dev/null 2>&1 & sleep 0.1',
      );
      const otherRoot = join(platform.dataDir, 'devboxes', other.id, 'root');
      assert.equal(readFileSync(join(otherRoot, 'workspace', 'secret'), 'utf8'), 'of the other\n');
      const passwords = readFileSync('/etc/passwd', 'utf8');
      const { id, text } = await run(`exec 2>&1
try() { echo "== $1"; shift; timeout 30 "$@" | tail -2; }
try files cat ${secrets}/secret ${otherRoot}/workspace/secret ${platform.dataDir}/owner
ln -s ${secrets}/secret /workspace/link; try link cat /workspace/link
try parents cat /../../../../../..${secrets}/secret
try procroot cat /proc/1/root${secrets}/secret /proc/1/cwd${secrets}/secret
try environment bash -c 'cat /proc/*/environ | tr "\\0" "\\n" | grep -a -c "[a]ttack_target"'
try arguments bash -c 'cat /proc/*/cmdline | tr "\\0" "\\n" | grep -a -c -e "[l]ocal.mjs" -e "[o]ther-devbox"'
try hostpid bash -c 'kill -9 ${process.pid} ${platform.pid}'
try ptrace bash -c 'cat /proc/${platform.pid}/mem'
try setns nsenter --target 1 --mount cat ${secrets}/secret
try sethost nsenter --mount=/proc/${platform.pid}/ns/mnt true
try unshare unshare --user --map-root-user --mount bash -c 'mount --bind / /mnt && ls -d /mnt${secrets}; umount /usr; echo unmounted $?; touch /usr/written-by-attack; umount /.layers; echo uncovered $?'
try remount mount -o remount,rw /sys
try remountbind mount -o remount,bind,rw /sys
try etc bash -c 'echo attack >> /etc/passwd; rm -rf /etc/apt /usr/share/doc; cp /bin/true /usr/bin/cat; ls -A /.layers | wc -l'
try newproc bash -c 'mount -t proc proc /mnt && ls -d /mnt/${platform.pid}; umount /mnt'
try chroot node -e 'try { process.chdir("/"); for (let i = 0; i < 40; i++) process.chdir(".."); console.log(require("fs").existsSync("${secrets}")) } catch (e) { console.log(e.code) }'
try mknod mknod /tmp/disk b 254 0
try disk bash -c 'mknod /tmp/mem c 1 1; head -c 1 /tmp/mem'
try devices bash -c 'ls /dev/vda /dev/sda /dev/mem /dev/kmsg 2>/dev/null | wc -l'
try sysctl bash -c 'echo 5 > /proc/sys/kernel/pid_max; echo core > /proc/sys/kernel/core_pattern'
try sysfs bash -c 'echo mem > /sys/power/state || touch /sys/x'
try sysrq bash -c 'echo h > /proc/sysrq-trigger'
try limits bash -c 'ulimit -Hd unlimited; ulimit -Hf unlimited; echo raised $?'
try api node -e 'fetch("http://127.0.0.1:${platform.port}/v1/devboxes").then((r) => console.log(r.status))'
echo "== end"`);
      const part = (name: string): string =>
        new RegExp(`== ${name}\\n([^]*?)(?=\\n== |$)`).exec(text)?.[1] ?? `(no part ${name})`;
      assert.doesNotMatch(text, /of the host|of the other/);
      for (const name of ['files', 'link', 'parents', 'procroot', 'setns']) {
        assert.match(part(name), /No such file|Permission denied|not permitted/, name);
      }
      assert.equal(part('environment'), '0');
      assert.equal(part('arguments'), '0');
      assert.match(part('hostpid'), /No such process/);
      assert.match(part('ptrace'), /No such file/);
      assert.match(part('sethost'), /No such file/);
      assert.match(part('unshare'), /uncovered [1-9]/);
      assert.match(part('remount'), /permission denied|not permitted|denied/i);
      assert.match(part('remountbind'), /permission denied|not permitted|denied/i);
      // Its own layer at most: the computer's files are as they were, and the layer itself is not to be seen.
      assert.match(part('etc'), /(?:^|\n)0$/);
      assert.equal(readFileSync('/etc/passwd', 'utf8'), passwords);
      assert.ok(!existsSync('/usr/written-by-attack') && existsSync('/usr/share/doc'));
      assert.doesNotMatch(part('newproc'), new RegExp(`^/mnt/${platform.pid}$`, 'm'));
      assert.equal(part('chroot'), 'false');
      assert.match(part('mknod'), /not permitted|Permission denied/);
      assert.match(part('disk'), /not permitted|No such file|Permission denied/);
      assert.equal(part('devices'), '0');
      assert.match(part('sysctl'), /Read-only[^]*Read-only/);
      assert.match(part('sysfs'), /Read-only|denied|not permitted/);
      assert.match(part('sysrq'), /Read-only|denied|not permitted|No such file/);
      assert.match(part('limits'), /cannot modify limit|raised 1/);
      assert.equal(part('api'), '401');
      assert.equal((await client.devboxes.retrieve(id)).status, 'running');
      await Promise.all([id, other.id].map((one) => client.devboxes.shutdown(one)));
    });

    it('does not follow a devbox’s links out of it through the API, nor when its folder is removed', async () => {
      const { id } = await run(
        `ln -s ${secrets}/secret /workspace/file; ln -s / /workspace/root; ln -s ${secrets} /workspace/folder; mkdir -p /workspace/a/b; ln -s ../../../../../../../../..${secrets} /workspace/a/b/up`,
      );
      for (const path of [
        '/workspace/file',
        `/workspace/root${secrets}/secret`,
        '/workspace/folder/secret',
        '/workspace/a/b/up/secret',
        `/proc/1/root${secrets}/secret`,
        '../../../../../..' + secrets + '/secret',
      ]) {
        await assert.rejects(client.devboxes.readFileContents(id, { file_path: path }), /404/, path);
      }
      await client.devboxes.writeFileContents(id, { file_path: '/workspace/file', contents: 'overwritten' });
      await client.devboxes.shutdown(id);
      assert.equal(readFileSync(join(secrets, 'secret'), 'utf8'), 'of the host');
    });
  });
}
