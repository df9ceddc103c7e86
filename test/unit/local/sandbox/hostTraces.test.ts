import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { PlatformOptions } from '../../../platform/platformProcess';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';

const asRoot = { launch_parameters: { user_parameters: { username: 'root', uid: 0 } } };

/** Gives a computer an `/etc`, `/opt` and `/usr/local` with things of its owner's in them, for the program in the other words. */
const furnished = String.raw`set -e
disk=$1; shift
mount -t tmpfs disk "$disk"
for name in etc opt usr/local; do
  mkdir -p "$disk/$name/upper" "$disk/$name/work"
  mount -t overlay -o "lowerdir=/$name,upperdir=$disk/$name/upper,workdir=$disk/$name/work" own "/$name"
done
echo of-the-computer > /etc/own-service.conf
mkdir -p /etc/own-folder /etc/ssl/private /etc/apt/auth.conf.d /etc/ssh /etc/logrotate.d /opt/own /usr/local/own
echo of-the-computer | tee /etc/own-folder/setting /etc/ssl/private/key /etc/apt/auth.conf.d/registry /etc/ssh/ssh_host_rsa_key /etc/logrotate.d/own /etc/environment /opt/own/open /etc/profile.d/open.sh > /dev/null
for file in /etc/profile.d/closed.sh /opt/own/closed /usr/local/own/closed; do echo of-the-computer > $file; chmod 600 $file; done
mkdir -m 700 /etc/profile.d/closed; echo of-the-computer > /etc/profile.d/closed/file
echo "person:x:1234:1234::/home/person:/bin/bash" >> /etc/passwd
echo "127.0.0.1 $(hostname) other.example" >> /etc/hosts
exec "$@"`;

const hidden = [
  '/etc/own-service.conf',
  '/etc/own-folder',
  '/etc/ssl/private',
  '/etc/apt/auth.conf.d',
  '/etc/ssh/ssh_host_rsa_key',
  '/etc/logrotate.d/own',
  '/etc/environment',
  '/etc/shadow-',
  '/etc/profile.d/closed.sh',
  '/etc/profile.d/closed',
  '/opt/own/closed',
  '/usr/local/own/closed',
];

const look = `cat ${hidden.join(' ')} ${hidden.map((path) => `${path}/*`).join(' ')} 2> /dev/null
echo "mounts $(cat /proc/mounts | tr '\\n' ' ')"
echo "name $(hostname) $(cat /etc/hostname) $(cat /proc/sys/kernel/hostname)"
echo "address $(getent ahostsv4 "$(hostname)" | head -1)"
echo "hosts $(tr '\\n' ' ' < /etc/hosts)"
echo "machine $(cat /etc/machine-id)"
echo "boot $(cat /proc/sys/kernel/random/boot_id)"
echo "person $(grep -c person /etc/passwd)"
echo "open $(cat /opt/own/open /etc/profile.d/open.sh | tr '\\n' ' ')"
echo "kernel $(wc -c < /proc/cmdline) $(ls /sys/firmware /sys/kernel/debug /sys/kernel/security /sys/fs/bpf /sys/class /sys/bus /sys/block 2> /dev/null | grep -cv ':$\\|^$')"
echo "processors $(nproc) $(ls -d /sys/devices/system/cpu/cpu0)"
echo "programs $(bash -lc 'id -u; getent group root > /dev/null && getent services ssh > /dev/null && date > /dev/null && echo well' | tr '\\n' ' ')"`;

// Words that make this computer another one before the platform starts.
const noUserNamespaces = ['unshare', '--user', '--map-root-user'].concat([
  'bash',
  '-c',
  'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
  'bash',
]);
const noPerl = ['bash', '-c', 'mount --bind /dev/null "$(readlink -f "$(command -v perl)")" && exec "$@"', 'bash'];
/** On a disk that can hold neither layers nor what hides things. */
const layeredDisk =
  'mkdir "$0/low" "$0/up" "$0/work" && mount -t overlay -o "lowerdir=$0/low,upperdir=$0/up,workdir=$0/work" data "$0/data" && exec "$@"';

describe('local platform, what a devbox finds of the computer it runs on', () => {
  let disk: string;
  let number = 0;

  before(function () {
    disk = mkdtempSync(join(tmpdir(), 'runloop-computer-'));
    if (spawnSync('unshare', ['--mount', 'bash', '-c', furnished, 'bash', disk, 'true']).status !== 0) {
      // An ordinary user's view is tested with the start of the platform as one.
      skip(this, 'it takes root, and mounts of its own');
    }
  });
  after(() => rmSync(disk, { recursive: true, force: true }));

  async function on(
    words: readonly string[],
    test: (platform: TestPlatform, client: Client) => Promise<void>,
    options: PlatformOptions = {},
  ): Promise<void> {
    number += 1;
    const folder = join(disk, String(number));
    mkdirSync(folder);
    const platform = await startPlatform([], {
      within: ['unshare', '--mount', 'bash', '-c', furnished, 'bash', folder, ...words],
      ...options,
    });
    try {
      await test(platform, platform.client());
    } finally {
      await platform.stop();
    }
  }

  async function run(client: Client, command: string): Promise<{ id: string; text: string }> {
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    const { stdout, stderr } = await client.devboxes.executeAndAwaitCompletion(id, { command });
    return { id, text: `${stdout ?? ''}${stderr ?? ''}` };
  }

  function check(text: string, dataDir: string, hides = true): void {
    const lines = new Map(text.split('\n').map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]));
    const of = (name: string): string => lines.get(name) ?? '';
    assert.doesNotMatch(text.slice(0, text.indexOf('mounts ')), /./, text);
    assert.ok(!of('mounts').includes(dataDir), of('mounts'));
    // This computer's own is nowhere below what is seen.
    const mounted = [...of('mounts').matchAll(/(\S+) \/etc \S+ /g)].map(([, source]) => source);
    if (hides) assert.ok(mounted.length > 0 && mounted.every((source) => source === 'devbox'), mounted.join());
    const [name = ''] = of('name').split(' ');
    assert.match(name, /^devbox-[a-z0-9]{12}$/);
    assert.equal(of('name'), `${name} ${name} ${name}`);
    assert.match(of('address'), /^127\.0\.1\.1 /);
    assert.ok(of('hosts').includes(' other.example ') && of('hosts').includes(`127.0.1.1 ${name}`), of('hosts'));
    assert.ok(!of('hosts').split(' ').includes(hostname()) || hostname() === 'localhost', of('hosts'));
    assert.match(of('machine'), /^[0-9a-f]{32}$/);
    assert.notEqual(of('machine'), machineId());
    assert.match(of('boot'), /^[0-9a-f-]{36}$/);
    assert.notEqual(of('boot'), readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    assert.equal(of('person'), '0');
    assert.equal(of('open').trim(), 'of-the-computer of-the-computer');
    assert.equal(of('kernel'), '0 0');
    assert.match(of('processors'), /^\d+ \/sys\/devices\/system\/cpu\/cpu0$/);
    assert.equal(of('programs').trim(), '0 well');
  }

  it('is none of its names, numbers, people and paths, and of its settings those that programs need', () =>
    on([], async (platform, client) => {
      const { text } = await run(client, look);
      check(text, platform.dataDir);
    }));

  it('nor where there are no user namespaces', () =>
    on(noUserNamespaces, async (platform, client) => {
      assert.match(platform.stderr(), /^User namespaces are forbidden/);
      const { text } = await run(client, look);
      check(text, platform.dataDir);
    }));

  it('nor without Perl', () =>
    on(noPerl, async (platform, client) => {
      assert.match(platform.stderr(), /Perl is missing/);
      const { text } = await run(client, look);
      check(text, platform.dataDir);
    }));

  it('nor on a disk that can hold nothing that hides things', async () => {
    const folder = mkdtempSync(join(disk, 'layered-'));
    mkdirSync(join(folder, 'data'));
    spawnSync('mount', ['-t', 'tmpfs', 'disk', folder]);
    try {
      mkdirSync(join(folder, 'data'));
      await on(
        ['bash', '-c', layeredDisk, folder],
        async (platform, client) => {
          const { text } = await run(client, `touch /etc/x 2>/dev/null && echo changeable; ${look}`);
          check(text, platform.dataDir, false);
        },
        { dataDir: join(folder, 'data'), keepData: true },
      );
    } finally {
      spawnSync('umount', [folder]);
    }
  });

  it('nor where something is mounted in its settings, as containers have it', () =>
    on(['bash', '-c', 'mount --bind /etc/hosts /etc/hosts && exec "$@"', 'bash'], async (platform, client) => {
      const { text } = await run(client, look);
      check(text, platform.dataDir, false);
    }));

  it('and what is new there while the platform runs is hidden from the next one', () =>
    on([], async (platform, client) => {
      await run(client, 'true');
      const added = 'echo of-the-computer | tee /etc/new-secret /etc/ssh/new-secret > /dev/null';
      const { status } = spawnSync('nsenter', ['--target', String(platform.pid), '--mount', 'sh', '-c', added]);
      assert.equal(status, 0);
      const { text } = await run(client, 'cat /etc/new-secret /etc/ssh/new-secret');
      assert.match(text, /^cat: \/etc\/new-secret: No such file[^\n]*\ncat: \/etc\/ssh\/new-secret: No such file/);
    }));

  it('keeps its name and its list of hosts over a rest, and a copy of it has names of its own', () =>
    on([], async (_platform, client) => {
      const { id, text } = await run(client, 'echo "10.1.2.3 added" >> /etc/hosts; hostname; cat /etc/machine-id');
      await client.devboxes.suspend(id);
      await client.devboxes.awaitSuspended(id);
      const snapshot = await client.devboxes.snapshotDisk(id);
      await client.devboxes.resume(id);
      await client.devboxes.awaitRunning(id);
      const names = 'hostname; cat /etc/machine-id; grep -c "10.1.2.3 added" /etc/hosts; grep -c 127.0.1.1 /etc/hosts';
      const again = await client.devboxes.executeAndAwaitCompletion(id, { command: names });
      assert.equal(again.stdout, `${text}1\n1\n`);
      const copy = await client.devboxes.createAndAwaitRunning({ ...asRoot, snapshot_id: snapshot.id });
      const other = await client.devboxes.executeAndAwaitCompletion(copy.id, { command: names });
      const [name, machine, ...rest] = (other.stdout ?? '').trim().split('\n');
      assert.deepEqual(rest, ['1', '1']);
      assert.ok(!text.includes(name ?? '') && !text.includes(machine ?? ''), `${text}${other.stdout ?? ''}`);
    }));
});

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    // Not every computer has one.
    return '';
  }
}
