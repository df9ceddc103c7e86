import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { TooMuchMounted, hiddenUse } from '../../../../src/local/host/hiddenUse';
import { holdersOf } from '../../../../src/local/host/sockets/holders';
import { ProcessTable } from '../../../../src/local/host/processTable';
import { waitFor } from '../../../eventually';

describe('what a devbox holds beside its folder', () => {
  it('is looked for in turns with everything else, as it may be very much', async () => {
    const scope = { kind: 'mark', mark: 'with-many-files' } as const;
    const script =
      'const fs = require("node:fs"); for (let i = 0; i < 900; i++) fs.openSync("/dev/null"); console.log("open"); setTimeout(() => 0, 100000);';
    const holders = [1, 2, 3, 4, 5].map(() =>
      spawn(process.execPath, ['-e', script], {
        env: { ...process.env, RUNLOOP_LOCAL_DEVBOX: scope.mark },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    let turns = 0;
    let next: NodeJS.Immediate | undefined;
    const takeTurn = (): void => {
      turns += 1;
      next = setImmediate(takeTurn);
    };
    try {
      await Promise.all(holders.map(({ stdout }) => once(stdout, 'data')));
      next = setImmediate(takeTurn);
      await hiddenUse(scope);
      assert.ok(turns >= 4, String(turns));
    } finally {
      clearImmediate(next);
      holders.forEach((holder) => holder.kill('SIGKILL'));
    }
  });

  it('is counted while some of its processes have ended and nobody asks how', async () => {
    const scope = { kind: 'mark', mark: 'with-a-zombie' } as const;
    // It becomes another program with a child that ends, and with a file that has no name any more.
    const script =
      'file=$(mktemp) && exec 3> "$file" && rm "$file" && head -c 1000000 /dev/zero >&3; sleep 0.5 & echo $!; exec sleep 100';
    const parent = spawn('sh', ['-c', script], {
      env: { ...process.env, RUNLOOP_LOCAL_DEVBOX: scope.mark },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = Number(chunk.toString());
      await waitFor('the end of its child', () =>
        Promise.resolve(/\) Z /.test(readFileSync(`/proc/${zombie}/stat`, 'latin1')) ? true : undefined),
      );
      const { disk, memory } = await hiddenUse(scope);
      assert.ok(disk + memory >= 1_000_000, `${disk} ${memory}`);
      assert.ok((new ProcessTable().measure([scope])[0]?.processes ?? 0) >= 1);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is counted deeper than the longest path and under names that are no English, and hinders nobody from looking', async () => {
    const scope = { kind: 'mark', mark: 'with-depth' } as const;
    const script = `cd "$(mktemp -d)" && top=$PWD && mkdir $'\\xc3\\xbc \\xff'
      mount -t tmpfs x $'\\xc3\\xbc \\xff' && head -c 2000000 /dev/zero > $'\\xc3\\xbc \\xff/file'
      name=$(printf 'd%.0s' {1..200}); for step in {1..30}; do mkdir "$name" && cd "./$name" || exit; done
      mkdir deep && mount -t tmpfs x ./deep && head -c 3000000 /dev/zero > deep/file
      exec 3> file; rm file; head -c 1000000 /dev/zero >&3
      exec 4<> <(:); echo "$top"; read -r _; umount ./deep; cd "$top" && umount $'\\xc3\\xbc \\xff'; rm -r "$top"`;
    const holder = spawn('unshare', ['-Urm', 'bash', '-c', script], {
      env: { ...process.env, RUNLOOP_LOCAL_DEVBOX: scope.mark },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await once(holder.stdout, 'data');
      const { disk, memory } = await hiddenUse(scope);
      assert.ok(disk >= 1_000_000, `${disk} on disk`);
      assert.ok(memory >= 5_000_000, `${memory} in memory`);
      assert.equal(holdersOf(['0']).size, 0);
    } finally {
      const ended = once(holder, 'exit');
      holder.stdin.end('\n');
      assert.deepEqual(await ended, [0, null]);
    }
  });

  it('is counted where what a process has mapped takes more to tell than any text can hold', async () => {
    const scope = { kind: 'mark', mark: 'with-maps' } as const;
    const script = `import ctypes, os, shutil, tempfile
top = tempfile.mkdtemp(); os.chdir(top)
for _ in range(45): os.mkdir('m' * 250); os.chdir('m' * 250)
file = os.open('file', os.O_RDWR | os.O_CREAT); os.write(file, b'x' * 1000000); os.unlink('file')
map = ctypes.CDLL(None).mmap; map.restype = ctypes.c_void_p
map.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for _ in range(60000): map(None, 4096, 1, 1, file, 0)
os.close(file); print('mapped', flush=True); input(); os.chdir('/'); shutil.rmtree(top, ignore_errors=True)`;
    const holder = spawn('python3', ['-c', script], {
      env: { ...process.env, RUNLOOP_LOCAL_DEVBOX: scope.mark },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await once(holder.stdout, 'data');
      const { disk } = await hiddenUse(scope);
      assert.ok(disk >= 1_000_000, `${disk} on disk`);
    } finally {
      const ended = once(holder, 'exit');
      holder.stdin.end('\n');
      assert.deepEqual(await ended, [0, null]);
    }
  });

  it('is not looked for to the end where to tell of what is mounted would take for ever', async () => {
    const scope = { kind: 'mark', mark: 'with-mounts' } as const;
    const script = `top=$(mktemp -d) && cd "$top" && perl -e '
        my $name = "d" x 250;
        mkdir($name) && chdir($name) || exit(1) for 1 .. 4300;
        exec("mount", "-c", "-t", "tmpfs", "x", ".")' && echo "$top"; read -r _`;
    const holder = spawn('unshare', ['-Urm', 'bash', '-c', script], {
      env: { ...process.env, RUNLOOP_LOCAL_DEVBOX: scope.mark },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [top] = (await once(holder.stdout, 'data')) as [Buffer];
    try {
      await assert.rejects(hiddenUse(scope), TooMuchMounted);
    } finally {
      const ended = once(holder, 'exit');
      holder.stdin.end('\n');
      await ended;
      execFileSync('rm', ['-r', top.toString().trim()]);
    }
  });
});
