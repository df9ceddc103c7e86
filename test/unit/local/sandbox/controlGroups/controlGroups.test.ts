import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { DevboxCreateParams } from '@runloop/api-client/resources/devboxes/devboxes';
import { limitWords } from '../../../../../src/local/sandbox/controlGroups/groupFiles';
import { type Hierarchy, findHierarchies } from '../../../../../src/local/sandbox/controlGroups/hierarchies';
import { fingerprint } from '../../../../../src/local/host/processFingerprint';
import { waitFor } from '../../../../eventually';
import { processesWith } from '../../../../platform/devboxProcesses';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../../platform/testPlatform';
import { send, tunnelHost } from '../../../../platform/tunnelRequests';
import { skip } from '../../../../run/skip';

type Launch = NonNullable<DevboxCreateParams['launch_parameters']>;

/** Where this process, and so a platform that it starts, is in the trees of control groups. */
const places = findHierarchies(readFileSync('/proc/self/cgroup', 'utf8'), readFileSync('/proc/self/mountinfo', 'utf8'));

/** The folders of a platform's groups, in each tree. */
function groupsOf({ child }: TestPlatform): string[] {
  return places.flatMap(({ own }) =>
    readdirSync(own)
      .filter((name) => name.startsWith('runloop-local.') && name.split('.')[2] === String(child.pid))
      .map((name) => join(own, name)),
  );
}

describe('control groups', () => {
  const mounts = (...lines: string[]): string =>
    lines.map((line, index) => `${30 + index} 23 0:${28 + index} ${line}`).join('\n');

  it('finds its place in trees of version 1, whatever they are called and how much of them is shown', () => {
    const groups = '9:name=systemd:/\n8:pids:/\n4:memory:/some/group\n2:cpu,cpuacct:/docker/0ab\n0::/\n';
    const shown = mounts(
      '/ /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
      '/ /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
      '/docker/0ab /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct',
      '/ /mnt/with\\040blank/pids rw shared:9 - cgroup cgroup rw,pids',
      '/ /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    );
    const found: Hierarchy[] = [
      { version: 1, own: '/mnt/with blank/pids', controllers: ['pids'] },
      { version: 1, own: '/sys/fs/cgroup/memory/some/group', controllers: ['memory'] },
      { version: 1, own: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu'] },
    ];
    assert.deepEqual(findHierarchies(groups, shown), found);
  });

  it('finds its place in version 2, which has what version 1 has not', () => {
    const unified = mounts('/ /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate');
    assert.deepEqual(findHierarchies('0::/user.slice/a.scope\n', unified), [
      { version: 2, own: '/sys/fs/cgroup/user.slice/a.scope', controllers: ['memory', 'pids', 'cpu'] },
    ]);
    const both = mounts('/ /c/memory rw - cgroup cgroup rw,memory', '/ /c/unified rw - cgroup2 cgroup2 rw');
    assert.deepEqual(findHierarchies('4:memory:/m\n0::/u\n', both), [
      { version: 1, own: '/c/memory/m', controllers: ['memory'] },
      { version: 2, own: '/c/unified/u', controllers: ['pids', 'cpu'] },
    ]);
  });

  it('finds none that cannot be written to or seen', () => {
    assert.deepEqual(findHierarchies('0::/a\n', mounts('/ /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw')), []);
    assert.deepEqual(findHierarchies('0::/../b\n', mounts('/ /sys/fs/cgroup rw - cgroup2 cgroup2 rw')), []);
    assert.deepEqual(findHierarchies('4:memory:/a\n', mounts('/other /c/memory rw - cgroup cgroup rw,memory')), []);
    assert.deepEqual(findHierarchies('', ''), []);
  });

  it('says the same limits in both versions', () => {
    const limits = { memory: 2 ** 30, processes: 2_048, cores: 0.5 };
    const controllers = ['memory', 'pids', 'cpu'] as const;
    assert.deepEqual(limitWords({ version: 1, path: '/g', controllers }, limits), [
      ['/g/memory.limit_in_bytes', '1073741824'],
      ['/g/pids.max', '2048'],
      ['/g/cpu.shares', '512'],
    ]);
    assert.deepEqual(limitWords({ version: 2, path: '/g', controllers }, limits), [
      ['/g/memory.max', '1073741824'],
      ['/g/pids.max', '2048'],
      ['/g/cpu.weight', '50'],
    ]);
  });
});

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
    for (const pid of processesWith(mark)) {
      const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
      assert.equal(
        lines.filter((line) => line.includes(`/${id}-`)).length,
        places.length,
        `${commandOf(pid)}: ${lines.join(' ')}`,
      );
    }
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
    for (const pid of processesWith(library).filter(
      (one) => !readFileSync(`/proc/${one}/environ`, 'utf8').includes('\0RUNLOOP_LOCAL_BIND='),
    )) {
      assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /(?:^|\0)LD_PRELOAD=/, commandOf(pid));
    }
    await Promise.all([id, seen].map((one) => client.devboxes.shutdown(one)));
  });
});

describe('local platform’s control groups over its own life', () => {
  before(async function () {
    const platform = await startPlatform();
    const groups = groupsOf(platform);
    await platform.stop();
    if (groups.length === 0) {
      skip(this, 'this computer allows no control groups');
    }
  });

  it('clears them away when it is killed', async () => {
    const platform = await startPlatform();
    await platform.client().devboxes.createAndAwaitRunning({ entrypoint: 'sleep 1000' });
    const groups = groupsOf(platform);
    assert.equal(groups.length, places.length);
    await platform.stop('SIGKILL');
    await waitFor('their removal', () => (groups.some((group) => existsSync(group)) ? undefined : true));
  });

  it('clears what a killed one has left, and nothing else', async () => {
    const own = places[0]?.own ?? '';
    const space = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
    const gone = spawnSync('true').pid;
    const left = join(own, `runloop-local.${space}.${gone}.1`);
    const living = join(own, `runloop-local.${space}.${(fingerprint(process.pid) ?? '').replace(' ', '.')}`);
    const others = [living, join(own, `runloop-local.1.${gone}.1`), join(own, `other-${process.pid}`)];
    for (const folder of [left, join(left, 'dbx_1-1'), ...others]) {
      mkdirSync(folder);
    }
    try {
      const platform = await startPlatform();
      await platform.stop();
      assert.ok(!existsSync(left));
      assert.deepEqual(
        others.filter((folder) => !existsSync(folder)),
        [],
      );
    } finally {
      others.forEach((folder) => rmdirSync(folder));
    }
  });

  it('holds plain processes as well', async () => {
    const platform = await startPlatform(['--sandbox', 'plain']);
    const client = platform.client();
    try {
      const { id } = await client.devboxes.create({
        entrypoint: `exec node -e 'Buffer.alloc(1800 * 2 ** 20, 1)'`,
        launch_parameters: { resource_size_request: 'X_SMALL' },
      });
      const ended = await waitFor('its end', async () => {
        const seen = await client.devboxes.retrieve(id);
        return seen.status === 'failure' || seen.status === 'shutdown' ? seen : undefined;
      });
      assert.equal(ended.failure_reason, 'out_of_memory');
      assert.match(await logText(client, id), /Out of memory: the devbox used 1\.00 GiB of 1\.00 GiB/);
    } finally {
      assert.equal(await platform.stop(), 0);
    }
  });

  it('does without them when asked to', async () => {
    const platform = await startPlatform(['--control-groups', 'off']);
    try {
      const { id } = await platform.client().devboxes.createAndAwaitRunning({
        launch_parameters: {
          launch_commands: [
            'ls -A /sys/fs/cgroup | wc -l; cut -d: -f3- /proc/self/cgroup | grep -c runloop-local; true',
          ],
        },
      });
      assert.deepEqual(groupsOf(platform), []);
      assert.match(await logText(platform.client(), id), /^0\n0$/m);
    } finally {
      await platform.stop();
    }
  });

  it('leaves something to the computer when all devboxes, or a build, want too much', async function () {
    const memory = places.find(({ version, controllers }) => version === 1 && controllers.includes('memory'));
    if (memory === undefined) {
      // Only version 1 lets a group have processes and groups at once.
      skip(this, 'only version 1 of control groups lets a group have processes and groups at once');
    }
    const computer = join(memory.own, `computer-${process.pid}`);
    mkdirSync(computer);
    writeFileSync(join(computer, 'memory.limit_in_bytes'), String(1_280 * 2 ** 20));
    try {
      const platform = await startPlatform([], { within: ['sh', '-c', 'echo 0 > "$0/tasks" && exec "$@"', computer] });
      const client = platform.client();
      try {
        const eater = `exec node -e 'const kept = []; for (let i = 0; i < 14; i++) kept.push(Buffer.alloc(50 * 2 ** 20, 1)); setTimeout(() => process.exit(3), 8000)'`;
        const ids = await Promise.all([1, 2].map(async () => (await client.devboxes.create({ entrypoint: eater })).id));
        const failed = await waitFor('one’s end', async () =>
          (await Promise.all(ids.map((id) => client.devboxes.retrieve(id)))).find(({ status }) => status === 'failure'),
        );
        assert.equal(failed.failure_reason, 'out_of_memory');
        assert.match(
          await logText(client, failed.id),
          /Out of memory: this computer has no more for devboxes\. The devbox used 0\.\d\d GiB of 2\.00 GiB/,
        );
        await Promise.all(ids.map((id) => client.devboxes.shutdown(id)));

        const { id } = await client.blueprints.create({
          name: 'eater',
          system_setup_commands: [`node -e 'Buffer.alloc(1500 * 2 ** 20, 1)'`],
        });
        const blueprint = await waitFor('the build’s end', async () => {
          const seen = await client.blueprints.retrieve(id);
          return seen.status === 'failed' ? seen : undefined;
        });
        assert.equal(blueprint.failure_reason, 'out_of_memory');
        const usable = await client.devboxes.createAndAwaitRunning({});
        await client.devboxes.shutdown(usable.id);
      } finally {
        assert.equal(await platform.stop(), 0);
      }
    } finally {
      rmdirSync(computer);
    }
  });
});

function commandOf(pid: number): string {
  return existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') : '';
}
