import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { freePort } from '../../../platform/freePort';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { pathWith, rsyncFolderVariable, whyMissing } from '../../../run/programs';
import { skip } from '../../../run/skip';

const needed = ['ssh', 'scp', 'sftp', 'rsync', 'openssl'];
const ownRsync = process.env[rsyncFolderVariable];
const missing = needed.filter(
  (name) => !(name === 'rsync' && ownRsync !== undefined) && spawnSync('which', [name]).status !== 0,
);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('local platform SSH by the usual programs', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let client: Client;
  let id: string;
  let folder: string;
  const running: ChildProcessWithoutNullStreams[] = [];

  before(async function () {
    if (missing.length > 0) {
      skip(this, `${missing.join(', ')} cannot be had here: ${whyMissing(rsyncFolderVariable) ?? 'not installed'}`);
    }
    platform = await startPlatform();
    client = platform.client();
    folder = mkdtempSync(join(tmpdir(), 'ssh-programs-'));
    ({ id } = await client.devboxes.createAndAwaitRunning({ environment_variables: { COLOUR: 'blue' } }));
    const key = await client.devboxes.createSSHKey(id);
    writeFileSync(join(folder, 'key.pem'), key.ssh_private_key, { mode: 0o600 });
    // As the README of the local platform gives it.
    writeFileSync(
      join(folder, 'config'),
      `Host devbox
  HostName ${key.url}
  User ${key.ssh_user}
  IdentityFile ${join(folder, 'key.pem')}
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile ${join(folder, 'known_hosts')}
  ProxyCommand openssl s_client -quiet -servername %h -connect 127.0.0.1:${platform.port} 2>/dev/null
`,
    );
  });
  after(async () => {
    running.forEach((child) => child.kill('SIGKILL'));
    await (platform as TestPlatform | undefined)?.stop();
    if (missing.length === 0) {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  function start(program: string, words: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn(program, ['-F', join(folder, 'config'), ...words], { cwd: folder, stdio: 'pipe' });
    running.push(child);
    child.stdin.on('error', () => undefined);
    return child;
  }

  async function finish(child: ChildProcessWithoutNullStreams, input = ''): Promise<Ended> {
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  const ssh = (words: readonly string[], input?: string): Promise<Ended> => finish(start('ssh', words), input);

  /** Starts `ssh` with a forward, and waits until it takes connections. */
  async function forward(words: readonly string[], port: number): Promise<ChildProcessWithoutNullStreams> {
    const child = start('ssh', ['-o', 'ExitOnForwardFailure=yes', ...words]);
    await waitFor(
      'the forward',
      () =>
        new Promise<true | undefined>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => {
            socket.destroy();
            resolve(true);
          }).on('error', () => resolve(undefined));
        }),
    );
    return child;
  }

  function fetched(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(text));
      }).on('error', reject);
    });
  }

  it('ssh: runs commands and long scripts on standard input, on a terminal if asked to', async () => {
    const ran = await ssh(['devbox', 'echo $COLOUR; pwd; echo no >&2; exit 9']);
    assert.deepEqual([ran.code, ran.stdout], [9, 'blue\n/home/user\n']);
    assert.match(ran.stderr, /no\n$/);
    const script = `${'# a line of a long script, as VS Code sends them\n'.repeat(8_000)}echo "last $1"\n`;
    const sent = await ssh(['-T', 'devbox', 'bash', '-s', '--', 'word'], script);
    assert.deepEqual([sent.code, sent.stdout], [0, 'last word\n']);
    const terminal = await ssh(['-tt', 'devbox', 'tty; stty size; exit 3']);
    assert.equal(terminal.code, 3);
    assert.match(terminal.stdout, /\/dev\/pts\/\d+\r\n/);
  });

  it('scp and sftp: move files and folders both ways', async () => {
    const source = join(folder, 'source');
    mkdirSync(join(source, 'sub'), { recursive: true });
    writeFileSync(join(source, 'run.sh'), '#!/bin/sh\necho ran\n', { mode: 0o750 });
    writeFileSync(join(source, 'sub', 'ü name.bin'), Buffer.alloc(300_000, 7));
    const there = await finish(start('scp', ['-r', '-p', source, 'devbox:there']));
    assert.deepEqual(
      [
        there.code,
        (await ssh(['devbox', 'there/run.sh && stat -c %a there/run.sh && wc -c < "there/sub/ü name.bin"'])).stdout,
      ],
      [0, 'ran\n750\n300000\n'],
      there.stderr,
    );
    const back = await finish(start('scp', ['-O', 'devbox:there/run.sh', join(folder, 'old-protocol.sh')]));
    assert.equal(back.code, 0, back.stderr);
    assert.equal(readFileSync(join(folder, 'old-protocol.sh'), 'utf8'), '#!/bin/sh\necho ran\n');
    const batch = await finish(
      start('sftp', ['-b', '-', 'devbox']),
      `get -r there ${join(folder, 'fetched')}\nrm there/run.sh\nls there\n`,
    );
    assert.equal(batch.code, 0, batch.stderr);
    assert.equal(statSync(join(folder, 'fetched', 'sub', 'ü name.bin')).size, 300_000);
  });

  it('rsync: brings folders into step both ways', async () => {
    const source = join(folder, 'tree');
    mkdirSync(join(source, 'sub'), { recursive: true });
    writeFileSync(join(source, 'a'), 'one');
    writeFileSync(join(source, 'sub', 'b'), 'two');
    symlinkSync('a', join(source, 'link'));
    const there: string[] = [];
    if (ownRsync !== undefined) {
      // A devbox has the computer's programs, and this one is not installed on the computer.
      const brought = await finish(start('scp', ['-r', dirname(ownRsync), 'devbox:rsync']));
      assert.equal(brought.code, 0, brought.stderr);
      there.push('--rsync-path=rsync/bin/rsync');
    }
    const rsync = (...words: string[]): Promise<Ended> => {
      const remote = ['-e', `ssh -F ${join(folder, 'config')}`, ...there];
      const child = spawn('rsync', ['-a', '--delete', ...remote, ...words], {
        stdio: 'pipe',
        env: { ...process.env, PATH: pathWith(rsyncFolderVariable) },
      });
      running.push(child);
      return finish(child);
    };
    const first = await rsync(`${source}/`, 'devbox:tree/');
    assert.equal(first.code, 0, first.stderr);
    assert.equal(
      (await ssh(['devbox', 'cat tree/link tree/sub/b; echo three > tree/c; rm tree/sub/b'])).stdout,
      'onetwo',
    );
    const second = await rsync('devbox:tree/', `${source}/`);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(readFileSync(join(source, 'c'), 'utf8'), 'three\n');
    assert.throws(() => statSync(join(source, 'sub', 'b')), /ENOENT/);
  });

  it('ssh -L, -W and -D: reach ports and Unix sockets of the devbox', async () => {
    const service = `require("http").createServer((q, s) => s.end("by " + process.argv[1])).listen(process.argv[1] === "port" ? { host: process.env.RUNLOOP_LOCAL_BIND, port: 4646 } : process.argv[1], () => console.log("ready"))`;
    for (const where of ['port', '/tmp/service.sock']) {
      const { execution_id: execution } = await client.devboxes.executeAsync(id, {
        command: `exec node -e '${service}' ${where}`,
      });
      await waitFor(where, async () =>
        (
          await ssh([
            'devbox',
            where === 'port'
              ? "curl -s $RUNLOOP_LOCAL_BIND:4646 || node -e \"fetch('http://'+process.env.RUNLOOP_LOCAL_BIND+':4646').then(r=>r.text()).then(console.log)\""
              : `test -S ${where} && echo by`,
          ])
        ).stdout.includes('by')
          ? true
          : undefined,
      );
      assert.ok(execution);
    }
    const [tcp, unix, socks] = [await freePort(), await freePort(), await freePort()];
    const child = await forward(
      [
        '-N',
        '-L',
        `127.0.0.1:${tcp}:localhost:4646`,
        '-L',
        `127.0.0.1:${unix}:/tmp/service.sock`,
        '-D',
        `127.0.0.1:${socks}`,
        'devbox',
      ],
      socks,
    );
    assert.deepEqual([await fetched(tcp), await fetched(unix)], ['by port', 'by /tmp/service.sock']);
    // By SOCKS, to the devbox's localhost.
    const proxied = await new Promise<string>((resolve, reject) => {
      const socket = connect(socks, '127.0.0.1', () => socket.write(Buffer.from([5, 1, 0])));
      let text = '';
      socket.once('data', () => {
        socket.write(
          Buffer.concat([Buffer.from([5, 1, 0, 3, 9]), Buffer.from('localhost'), Buffer.from([4646 >> 8, 4646 & 255])]),
        );
        socket.once('data', () => {
          socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
          socket.write('GET / HTTP/1.0\r\n\r\n');
        });
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    assert.match(proxied, /by port$/);
    child.kill();
    const direct = await ssh(['-W', 'localhost:4646', 'devbox'], 'GET / HTTP/1.0\r\n\r\n');
    assert.match(direct.stdout, /by port$/);
    const nothing = await ssh(['-W', 'localhost:4647', 'devbox']);
    assert.notEqual(nothing.code, 0);
    const none = await forward(['-N', '-L', `127.0.0.1:${unix}:/tmp/none.sock`, 'devbox'], unix);
    await assert.rejects(fetched(unix));
    none.kill();
  });

  it("does what VS Code's Remote-SSH does: a script by standard input starts a server, whose port is then forwarded", async () => {
    const script = `set -e
uuid=11111111
echo "$uuid: running"
mkdir -p ~/.vscode-server && cat > ~/.vscode-server/server.js <<'END'
const server = require('http').createServer((request, response) => response.end('server of ' + process.env.COLOUR));
server.listen(0, '127.0.0.1', () => console.log('Extension host agent listening on ' + server.address().port));
END
setsid node ~/.vscode-server/server.js > ~/.vscode-server/log 2>&1 < /dev/null &
for i in $(seq 200); do grep -q 'listening on' ~/.vscode-server/log && break; sleep 0.1; done
echo "listeningOn==$(sed -n 's/.*listening on //p' ~/.vscode-server/log)=="
echo "osReleaseId==$(. /etc/os-release; echo $ID)=="
uname -m
`;
    const installed = await ssh(['-T', 'devbox', 'sh'], script);
    assert.equal(installed.code, 0, installed.stderr);
    const port = /listeningOn==(\d+)==/.exec(installed.stdout)?.[1] ?? '';
    assert.notEqual(port, '', installed.stdout);
    // The server outlives the connection that started it, as a window that reconnects finds it.
    const local = await freePort();
    const child = await forward(['-N', '-L', `127.0.0.1:${local}:127.0.0.1:${port}`, 'devbox'], local);
    assert.equal(await fetched(local), 'server of blue');
    child.kill();
  });
});
