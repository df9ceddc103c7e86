import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { DevboxCreateParams } from '@runloop/api-client/resources/devboxes/devboxes';
import { waitFor } from '../../../../eventually';
import { processesWith } from '../../../../platform/devboxProcesses';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../../platform/testPlatform';
import { send, tunnelHost } from '../../../../platform/tunnelRequests';
import { skip } from '../../../../run/skip';
import { groupsOf, places } from './platformGroups';

type Launch = NonNullable<DevboxCreateParams['launch_parameters']>;

describe('local platform with control groups', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async function () {
    platform = await startPlatform();
    client = platform.client();
    if (groupsOf(platform).length === 0) {
      // Not allowed on this computer: the other suites run without them already.
      skip(this, 'this computer allows no control groups');
    }
  });
  after(async () => {
    const groups = groupsOf(platform);
    assert.equal(await platform.stop(), 0);
    assert.deepEqual(
      groups.filter((group) => existsSync(group)),
      [],
    );
  });

  /** Starts a devbox with an attack that ends by itself, and waits for the devbox's end. */
  async function endOf(
    params: DevboxCreateParams,
  ): Promise<{ id: string; outcome: (string | null | undefined)[]; kernel: string }> {
    const { id } = await client.devboxes.create(params);
    const ended = await waitFor('its end', async () => {
      const seen = await client.devboxes.retrieve(id);
      return ['failure', 'shutdown'].includes(seen.status) ? seen : undefined;
    });
    const { logs } = await client.devboxes.logs.list(id);
    const kernel = logs
      .filter((entry) => entry.source === 'kmsg')
      .map((entry) => entry.message ?? '')
      .join('\n');
    return { id, outcome: [ended.status, ended.failure_reason ?? ended.shutdown_reason], kernel };
  }
  /** Root of a devbox can do most. */
  const asRoot: Launch = { user_parameters: { username: 'root', uid: 0 } };
  const small: Launch = { ...asRoot, resource_size_request: 'X_SMALL' };
  const foldersOf = (id: string): string[] =>
    groupsOf(platform).flatMap((group) =>
      readdirSync(group)
        .filter((name) => name.startsWith(`${id}-`))
        .map((name) => join(group, name)),
    );

  it('has every process of a devbox in its group, with the limits of its size, and removes the group with it', async () => {
    const mark = `mark-of-${process.pid}-groups`;
    const { id } = await client.devboxes.createAndAwaitRunning({
      environment_variables: { MARK: mark },
      entrypoint: 'setsid sleep 1000 & sleep 1000',
      launch_parameters: { ...small, launch_commands: ['(setsid sleep 1000 > /dev/null 2>&1 &)'] },
    });
    await client.devboxes.executeAsync(id, { command: 'unshare --user --map-root-user --pid --fork sleep 1000' });
    const tunnel = await client.devboxes.createPtyTunnel(id);
    const shell = await send(platform, tunnelHost(platform, 13, tunnel.tunnel_key), '/pty/one', {
      headers: { authorization: `Bearer ${tunnel.auth_token}` },
    });
    assert.equal(shell.status, 200, shell.text);
    // The platform's own shell, which brings a command into the groups, is outside until it has.
    await waitFor('all of them, inside', () => {
      const commands = processesWith(mark).map((pid) => commandOf(pid));
      const isOnTheWay = commands.some((command) => command.includes('n=$1; shift'));
      return commands.filter((command) => command.startsWith('sleep')).length === 4 && !isOnTheWay ? true : undefined;
    });
    let inside = 0;
    for (const pid of processesWith(mark)) {
      const lines = toldOf(pid, 'cgroup')?.split('\n');
      // What starts a shell is gone within a moment.
      if (lines === undefined) continue;
      assert.equal(
        lines.filter((line) => line.includes(`/${id}-`)).length,
        places.length,
        `${commandOf(pid)}: ${lines.join(' ')}`,
      );
      inside += 1;
    }
    assert.ok(inside >= 4, `${inside} processes`);
    const folders = foldersOf(id);
    assert.equal(folders.length, places.length);
    const said = folders.flatMap((folder) =>
      ['memory.limit_in_bytes', 'memory.max', 'pids.max', 'cpu.shares', 'cpu.weight']
        .filter((name) => existsSync(join(folder, name)))
        .map((name) => [name.replace(/limit_in_bytes|max$/, ''), readFileSync(join(folder, name), 'utf8').trim()]),
    );
    assert.equal(new Map(said.map(([name = '', value = '']) => [name, value])).get('memory.'), '1073741824');
    await client.devboxes.suspend(id);
    await waitFor('no group while it is suspended', async () =>
      (await client.devboxes.retrieve(id)).status === 'suspended' && foldersOf(id).length === 0 ? true : undefined,
    );
    await client.devboxes.resume(id);
    await client.devboxes.awaitRunning(id);
    assert.equal(foldersOf(id).length, places.length);
    await client.devboxes.shutdown(id);
    assert.deepEqual(foldersOf(id), []);
  });

  it('holds memory that is taken faster than anybody looks', async () => {
    const eater = `exec node -e 'Buffer.alloc(1800 * 2 ** 20, 1)'`;
    const { outcome, kernel } = await endOf({ entrypoint: eater, launch_parameters: small });
    assert.deepEqual(outcome, ['failure', 'out_of_memory']);
    assert.match(kernel, /^Out of memory: the devbox used 1\.00 GiB of 1\.00 GiB and was ended\./);
  });

  it('says out of memory, and not that a launch command or the entrypoint failed', async () => {
    const killed = await endOf({
      launch_parameters: { ...small, launch_commands: [`node -e 'Buffer.alloc(1800 * 2 ** 20, 1)'; exit 5`] },
    });
    assert.deepEqual(killed.outcome, ['failure', 'out_of_memory']);
    assert.doesNotMatch(await logText(client, killed.id), /shut down with it/);
  });

  it('holds many processes that are each small, and memory file systems of the devbox’s own', async () => {
    const many = `for i in $(seq 12); do timeout 40 node -e 'const kept = Buffer.alloc(120 * 2 ** 20, 1); setTimeout(() => kept.length, 30000)' & done; wait; exit 3`;
    const mounted = `mount -t tmpfs -o size=3g tmpfs /mnt && timeout 40 head -c 1800M /dev/zero > /mnt/full; sleep 30; exit 3`;
    const mapped = `timeout 40 python3 -c 'import mmap; kept = [mmap.mmap(-1, 100 << 20) for _ in range(18)]; [part.write(b"x" * (100 << 20)) for part in kept]' || sleep 30; exit 3`;
    for (const entrypoint of [many, mounted, ...(spawnSync('python3', ['--version']).status === 0 ? [mapped] : [])]) {
      const { outcome, kernel } = await endOf({ entrypoint, launch_parameters: small });
      assert.deepEqual(outcome, ['failure', 'out_of_memory'], entrypoint);
      assert.match(kernel, /^Out of memory: the devbox used 1\.00 GiB of 1\.00 GiB/, entrypoint);
    }
  });

  it('lets a devbox keep more of its files in memory than its size, as that can be given back', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({
      launch_parameters: {
        ...small,
        launch_commands: ['head -c 1200M /dev/zero > /workspace/large && cat /workspace/large | wc -c'],
      },
    });
    assert.match(await logText(client, id), /^1258291200$/m);
    await client.devboxes.shutdown(id);
  });

  it('refuses processes and threads beyond the limit, and goes on', async () => {
    const threads = `import threading, time
refused = 0
for i in range(1500):
    try: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError: refused += 1
print("refused", refused)`;
    const { id } = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { resource_size_request: 'CUSTOM_SIZE', custom_gb_memory: 0.5 },
    });
    const bomb = await client.devboxes.executeAndAwaitCompletion(id, {
      command: `timeout -s KILL 50 python3 -c '${threads}'; echo "after $?"`,
    });
    const refused = Number(/refused (\d+)/.exec(bomb.stdout ?? '')?.[1]);
    assert.ok(
      refused >= 476 || spawnSync('python3', ['--version']).status !== 0,
      `${bomb.stdout ?? ''}${bomb.stderr ?? ''}`,
    );
    assert.equal((await client.devboxes.executeAndAwaitCompletion(id, { command: 'echo usable' })).stdout, 'usable\n');
    await client.devboxes.shutdown(id);
  });

  it('holds what is on its way through its sockets, of which all programs have so much together', async function () {
    if (!places.some(({ version, controllers }) => version === 1 && controllers.includes('memory'))) {
      skip(this, 'version 2 counts it with all other memory');
    }
    const fill = `import socket
server = socket.create_server(("127.0.0.1", 0), backlog=500)
kept, sent = [], 0
for _ in range(150):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 ** 21)
    one.settimeout(5)
    one.connect(server.getsockname())
    other, _ = server.accept()
    one.setblocking(False)
    kept += [one, other]
    try:
        while True: sent += one.send(b"x" * 65536)
    except BlockingIOError: pass
print(sent >> 20)`;
    const { id } = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { resource_size_request: 'CUSTOM_SIZE', custom_gb_memory: 0.5 },
    });
    const { stdout, stderr } = await client.devboxes.executeAndAwaitCompletion(id, { command: `python3 -c '${fill}'` });
    // An eighth of half a GiB, and what the kernel lends each socket for a start; without a limit 500 MiB and more.
    const sent = Number(stdout);
    assert.ok(sent > 16 && sent < 200, `${stdout ?? ''}${stderr ?? ''}`);
    await client.devboxes.shutdown(id);
  });

  it('does not let a devbox see other groups, leave its own or change its limits', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({ launch_parameters: small });
    const other = await client.devboxes.createAndAwaitRunning({});
    const attack = `exec 2>&1
try() { echo "== $1"; shift; timeout 30 "$@" | tail -3; }
try place bash -c 'cut -d: -f3- /proc/self/cgroup | sort -u'
try found bash -c 'find /sys/fs/cgroup -name "*${other.id}*" -o -name "runloop-local*" | wc -l'
try writable bash -c 'for f in $(find /sys/fs/cgroup -type f); do { echo 0 > $f; } 2> /dev/null && echo $f; done; mkdir /sys/fs/cgroup/x /sys/fs/cgroup/*/x 2> /dev/null; find /sys/fs/cgroup -name x'
try remount bash -c 'for m in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,rw $m || mount -o remount,bind,rw $m; done 2> /dev/null; touch /sys/fs/cgroup/x; echo 0 > /sys/fs/cgroup/memory/memory.force_empty'
try uncover bash -c 'umount /sys/fs/cgroup; umount -l /sys/fs/cgroup; mount --bind /sys /mnt; mount --rbind /sys /mnt && umount /mnt/fs/cgroup; ls /mnt/fs/cgroup | grep -c -e unified -e systemd -e runloop'
try namespace unshare --cgroup true
try namespaces unshare --user --map-root-user --mount --cgroup true
try raise bash -c 'echo 9 > /proc/sys/user/max_cgroup_namespaces'
try mount1 mount -t cgroup -o memory none /mnt
try mount2 mount -t cgroup2 none /mnt
try again unshare --user --map-root-user --mount bash -c 'mkdir /tmp/m; mount -t cgroup -o memory none /tmp/m || mount -t cgroup2 none /tmp/m; ls /tmp/m | wc -l'
try outer nsenter --target 1 --cgroup true
echo "== end"`;
    const { stdout } = await client.devboxes.executeAndAwaitCompletion(id, { command: attack });
    const part = (name: string): string =>
      new RegExp(`== ${name}\\n([^]*?)(?=\\n?== |$)`).exec(stdout ?? '')?.[1]?.trim() ?? `(no part ${name})`;
    assert.equal(part('place'), '/');
    assert.equal(part('found'), '0');
    assert.equal(part('writable'), '');
    assert.match(part('remount'), /Read-only file system[^]*Read-only file system/);
    assert.match(part('uncover'), /(?:^|\n)0$/);
    assert.match(part('namespace'), /unshare failed/);
    assert.match(part('namespaces'), /unshare failed/);
    assert.match(part('raise'), /Read-only|denied|not permitted/);
    assert.match(part('mount1'), /permission denied|not permitted/);
    assert.match(part('mount2'), /permission denied|not permitted/);
    assert.match(part('again'), /(?:^|\n)0$/);
    assert.ok(foldersOf(id).every((folder) => !existsSync(join(folder, 'x'))));
    await Promise.all([id, other.id].map((one) => client.devboxes.shutdown(one)));
  });

  it('gives nothing of a devbox’s environment to the programs that lead into it', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const library = join(platform.dataDir, 'devboxes', id, 'root', 'workspace', 'x.so');
    const environment = { LD_PRELOAD: library, BASH_ENV: '/workspace/env', WITH: ' blanks\nand lines ', EMPTY: '' };
    const { id: seen } = await client.devboxes.createAndAwaitRunning({
      environment_variables: environment,
      entrypoint: 'sleep 1000',
    });
    const { stdout } = await client.devboxes.executeAndAwaitCompletion(seen, {
      command: 'echo "[$LD_PRELOAD][$BASH_ENV][$WITH][$EMPTY][${NONE-none}]"; env | grep -c DEVBOX_CARRIES',
    });
    assert.equal(stdout, `[${library}][/workspace/env][ blanks\nand lines ][][none]\n0\n`);
    for (const pid of processesWith(library)) {
      const carried = toldOf(pid, 'environ');
      if (carried === undefined || carried.includes('\0RUNLOOP_LOCAL_BIND=')) continue;
      assert.doesNotMatch(carried, /(?:^|\0)LD_PRELOAD=/, commandOf(pid));
    }
    await Promise.all([id, seen].map((one) => client.devboxes.shutdown(one)));
  });
});

/** What the system tells of a process; undefined where that has ended meanwhile. */
function toldOf(pid: number, what: 'cgroup' | 'cmdline' | 'environ'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch (error) {
    // ESRCH where it ended while it was read.
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code))) return undefined;
    throw error;
  }
}

function commandOf(pid: number): string {
  return toldOf(pid, 'cmdline')?.replaceAll('\0', ' ') ?? '';
}
