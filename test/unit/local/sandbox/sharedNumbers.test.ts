import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';
import { localPlatformBundle } from '../../../vscode/projectPaths';

const asRoot = { launch_parameters: { user_parameters: { username: 'root', uid: 0 } } };

/** Takes all that there is of something for its user, says how much that was, and keeps it for a while. */
const takeAll = `import ctypes, os, signal, sys, time
libc = ctypes.CDLL(None, use_errno=True)
class Sizes(ctypes.Structure): _fields_ = [("numbers", ctypes.c_long * 8)]
sizes, number = Sizes((ctypes.c_long * 8)(0, 10, 8192, 0, 0, 0, 0, 0)), {"x86_64": 240, "aarch64": 180}.get(os.uname().machine)
signal.pthread_sigmask(signal.SIG_BLOCK, {40})
take = {
  "inotify": lambda at: libc.inotify_init1(0),
  "queues": lambda at: libc.syscall(number, b"q%d" % at, os.O_CREAT | os.O_RDWR, 0o600, ctypes.byref(sizes)),
  "signals": lambda at: libc.sigqueue(os.getpid(), 40, None),
}[sys.argv[1]]
count = 0
while count < 5000000 and take(count) >= 0: count += 1
print(count, flush=True)
time.sleep(float(sys.argv[2]))`;

describe('local platform, what the kernel counts for each user', () => {
  let platform: TestPlatform | undefined;
  let client: Client;

  before(async function () {
    if (process.getuid?.() !== 0) skip(this, 'only root of this computer has other users to give');
    platform = await startPlatform();
    client = platform.client();
    if (/plain processes|root of this computer|root of that devbox/.test(platform.stderr())) {
      skip(this, 'other users cannot work here');
    }
  });
  after(() => platform?.stop());

  const run = async (id: string, command: string): Promise<string> => {
    const { stdout, stderr } = await client.devboxes.executeAndAwaitCompletion(id, { command });
    return `${stdout ?? ''}${stderr ?? ''}`;
  };

  for (const what of ['inotify', 'queues', 'signals']) {
    it(`has one devbox take all it gets, and leaves the others theirs: ${what}`, async () => {
      const ids = await Promise.all([1, 2].map(async () => (await client.devboxes.createAndAwaitRunning(asRoot)).id));
      const [greedy = '', other = ''] = ids;
      await Promise.all(ids.map((id) => run(id, `cat > /root/take.py <<'TAKE'\n${takeAll}\nTAKE`)));
      const taken = await run(
        greedy,
        `(python3 /root/take.py ${what} 100 > /root/taken 2>&1 &); for i in $(seq 400); do [ -s /root/taken ] && break; sleep 0.1; done; cat /root/taken`,
      );
      const left = await run(other, `python3 /root/take.py ${what} 0`);
      assert.ok(Number(taken) > 0, taken);
      // Their own of it, but for what their own processes have.
      assert.ok(Number(left) > 0.9 * Number(taken), `${taken.trim()} were taken, ${left.trim()} left`);
      await Promise.all(ids.map((id) => client.devboxes.shutdown(id)));
    });
  }
});

describe('local platform of an ordinary user, what the kernel counts for each user', () => {
  it('lets one devbox have half of it at most', async function () {
    const user = 1_100_000_000 + process.pid;
    const [setpriv, ...as] = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'] as const;
    if (process.getuid?.() !== 0 || spawnSync(setpriv, [...as, 'test', '-r', localPlatformBundle]).status !== 0) {
      skip(this, 'nobody else can be the platform’s user here');
    }
    const dataDir = mkdtempSync(join(tmpdir(), 'ordinary-'));
    chownSync(dataDir, user, user);
    const platform = await startPlatform([], { dataDir, within: [setpriv, ...as] });
    try {
      if (platform.stderr().includes('plain processes')) skip(this, 'namespaces are forbidden on this computer');
      await platform.client().devboxes.createAndAwaitRunning({});
      // The limits of a user namespace are seen from within it only.
      const spaces = new Map<string, string>();
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          if (statSync(`/proc/${pid}`).uid === user) spaces.set(readlinkSync(`/proc/${pid}/ns/user`), pid);
        } catch {
          // It has ended meanwhile.
        }
      }
      const limits = [...spaces.values()].map((pid) => {
        const of = ['--user', '--preserve-credentials', '--target', pid, '--', 'cat'];
        const names = ['inotify_instances', 'inotify_watches', 'user_namespaces', 'net_namespaces', 'mnt_namespaces'];
        const { stdout } = spawnSync('nsenter', [...of, ...names.map((name) => `/proc/sys/user/max_${name}`)]);
        return String(stdout).trim().split('\n').map(Number);
      });
      const host = (name: string): number => Number(readFileSync(`/proc/sys/${name}`, 'utf8'));
      const namespaces = Math.floor(host('kernel/threads-max') / 4);
      const half = [
        ...['instances', 'watches'].map((name) => Math.floor(host(`fs/inotify/max_user_${name}`) / 2)),
        ...[namespaces, namespaces, namespaces],
      ];
      assert.ok(
        limits.some((found) => String(found) === String(half)),
        `${JSON.stringify(limits)}, not ${String(half)}`,
      );
    } finally {
      await platform.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
