import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { after, before, describe, it } from 'mocha';
import ssh2, { type ClientChannel, type PseudoTtyOptions, type SFTPWrapper } from 'ssh2';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

for (const sandbox of ['auto', 'plain'] as const) {
  describe(`local platform SSH (--sandbox ${sandbox})`, () => {
    let platform: TestPlatform;
    let client: Client;
    let id: string;
    let key: { url: string; ssh_user?: string; ssh_private_key: string };
    let ssh: ssh2.Client;

    before(async () => {
      platform = await startPlatform(['--sandbox', sandbox]);
      client = platform.client();
      ({ id } = await client.devboxes.createAndAwaitRunning({ environment_variables: { COLOUR: 'blue' } }));
      key = await client.devboxes.createSSHKey(id);
      ssh = await login(key.ssh_private_key);
    });
    after(async () => {
      try {
        ssh.end();
      } finally {
        // Also where the login before has failed and there is no client.
        await platform.stop();
      }
    });

    /** Logs in as `ssh` with the ProxyCommand of the README does. */
    function login(privateKey: string, url = key.url, username = key.ssh_user ?? ''): Promise<ssh2.Client> {
      return new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: platform.port, servername: url, rejectUnauthorized: false });
        socket.once('error', reject);
        const opened = new ssh2.Client();
        opened.once('ready', () => resolve(opened));
        opened.once('error', (error) => {
          socket.destroy();
          reject(error);
        });
        socket.once('secureConnect', () => opened.connect({ sock: socket, username, privateKey }));
      });
    }

    function outcomeOf(channel: ClientChannel): Promise<Outcome> {
      return new Promise((resolve) => {
        let stdout = '';
        let stderr = '';
        let code = -1;
        channel.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
        channel.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
        channel.on('exit', (status: number) => (code = status));
        channel.on('close', () => resolve({ code, stdout, stderr }));
      });
    }

    function exec(
      command: string,
      options: { pty?: PseudoTtyOptions; env?: Record<string, string> } = {},
    ): Promise<ClientChannel> {
      return new Promise((resolve, reject) =>
        ssh.exec(command, options, (error, channel) => (error === undefined ? resolve(channel) : reject(error))),
      );
    }

    function openSftp(): Promise<SFTPWrapper> {
      return new Promise((resolve, reject) =>
        ssh.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(error))),
      );
    }

    /** Calls an SFTP operation that takes a callback last. */
    function call<T>(
      operation: (done: (error: Error | null | undefined, value?: T) => void) => void,
    ): Promise<T | undefined> {
      return new Promise((resolve, reject) =>
        operation((error, value) => (error === null || error === undefined ? resolve(value) : reject(error))),
      );
    }

    it("gives an ECDSA P-256 key for the devbox's user, and keeps earlier ones valid", async () => {
      assert.match(key.ssh_private_key, /^-----BEGIN EC PRIVATE KEY-----/);
      assert.equal(createPrivateKey(key.ssh_private_key).asymmetricKeyDetails?.namedCurve, 'prime256v1');
      assert.equal(key.ssh_user, 'user');
      const second = await client.devboxes.createSSHKey(id);
      assert.equal(second.url, key.url);
      for (const one of [key, second]) {
        (await login(one.ssh_private_key)).end();
      }
      assert.equal(statSync(join(platform.dataDir, 'ssh_host_key')).mode & 0o777, 0o600);
      assert.ok(!readFileSync(join(platform.dataDir, 'devboxes', id, 'ssh_keys.json'), 'utf8').includes('PRIVATE'));
    });

    it('lets nobody in with another key, user or name', async () => {
      const other = await client.devboxes.createAndAwaitRunning({});
      const foreign = await client.devboxes.createSSHKey(other.id);
      await assert.rejects(login(foreign.ssh_private_key), /authentication/);
      await assert.rejects(login(key.ssh_private_key, key.url, 'somebody'), /authentication/);
      await assert.rejects(login(key.ssh_private_key, 'nobody.ssh.localhost'));
      await client.devboxes.shutdown(other.id);
    });

    it('refuses more variables than Linux could start something with, with the limit', async () => {
      const many = Object.fromEntries(Array.from({ length: 45 }, (_, at) => [`V${at}`, 'y'.repeat(30_000)]));
      const refused = await outcomeOf(await exec('echo ran', { env: many }));
      assert.equal(refused.stdout, '');
      assert.match(refused.stderr, /environment is too large: .*1048576 bytes/);
      assert.match(
        (await outcomeOf(await exec('echo ran', { env: many, pty: {} }))).stderr,
        /environment is too large/,
      );
      const more = Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`V${at}`, 'y'.repeat(30_000)]));
      assert.match((await outcomeOf(await exec('echo ran', { env: more }))).stderr, /variables are too many/);
      assert.equal((await outcomeOf(await exec('echo ${#V}', { env: { V: 'y'.repeat(30_000) } }))).stdout, '30000\n');
    });

    it('runs commands with their input, environment, outputs and exit codes', async () => {
      const channel = await exec('read -r line; echo "$line $COLOUR $EXTRA $PWD"; echo wrong >&2; exit 7', {
        env: { EXTRA: 'more' },
      });
      channel.end('input\n');
      const { code, stdout, stderr } = await outcomeOf(channel);
      assert.deepEqual([code, stderr], [7, 'wrong\n']);
      assert.match(stdout, /^input blue more .*\/home\/user\n$/);
      const signalled = await exec('trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.05; done');
      signalled.once('data', () => signalled.signal('TERM'));
      const ended = await outcomeOf(signalled);
      assert.deepEqual([ended.code, ended.stdout], [3, 'ready\ncaught\n']);
    });

    it('gives a shell on a terminal that can be resized', async () => {
      const shell = await new Promise<ClientChannel>((resolve, reject) =>
        ssh.shell({ cols: 91, rows: 33, term: 'xterm' }, (error, channel) =>
          error === undefined ? resolve(channel) : reject(error),
        ),
      );
      let text = '';
      shell.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const ended = outcomeOf(shell);
      shell.write('stty size; echo $TERM\r');
      await waitFor('the size', () => (/[\r\n]33 91\r\nxterm\r\n/.test(text) ? true : undefined));
      shell.setWindow(44, 101, 0, 0);
      await waitFor('the new size', () => {
        shell.write('stty size\r');
        return /[\r\n]44 101\r\n/.test(text) ? true : undefined;
      });
      shell.write('exit 6\r');
      assert.equal((await ended).code, 6);
    });

    it('moves and manages files by SFTP', async () => {
      const sftp = await openSftp();
      const home = (await call<string>((done) => sftp.realpath('.', done))) ?? '';
      assert.match(home, /\/home\/user$/);
      const bytes = randomBytes(3_000_000);
      await call((done) => sftp.mkdir('folder', done));
      await call((done) => sftp.writeFile('folder/a', bytes, done));
      assert.deepEqual(await call<Buffer>((done) => sftp.readFile(`${home}/folder/a`, done)), bytes);
      await call((done) => sftp.chmod('folder/a', 0o640, done));
      await call((done) => sftp.rename('folder/a', 'folder/b', done));
      await call((done) => sftp.symlink('b', 'folder/link', done));
      assert.equal(await call<string>((done) => sftp.readlink('folder/link', done)), 'b');
      const stats = await call<ssh2.Stats>((done) => sftp.stat('folder/link', done));
      assert.deepEqual([stats?.size, (stats?.mode ?? 0) & 0o777], [bytes.length, 0o640]);
      const names = (await call<ssh2.FileEntryWithStats[]>((done) => sftp.readdir('folder', done)))
        ?.map(({ filename }) => filename)
        .sort();
      assert.deepEqual(names, ['b', 'link']);
      await assert.rejects(
        call((done) => sftp.stat('none', done)),
        /No such file|ENOENT|no such file/,
      );
      await assert.rejects(
        call((done) => sftp.rename('folder/b', 'folder/link', done)),
        /is there already/,
      );
      await call((done) => sftp.unlink('folder/b', done));
      await call((done) => sftp.unlink('folder/link', done));
      await call((done) => sftp.rmdir('folder', done));
      sftp.end();
    });

    it('forwards connections to what listens in the devbox', async () => {
      const server =
        'require("net").createServer((s) => s.end("forwarded")).listen(4446, process.env.RUNLOOP_LOCAL_BIND, () => console.log("up"))';
      const running = await exec(`exec node -e '${server}'`);
      await new Promise((resolve) => running.once('data', resolve));
      const text = await new Promise<string>((resolve, reject) =>
        ssh.forwardOut('127.0.0.1', 1, 'localhost', 4446, (error, channel) => {
          if (error !== undefined) {
            reject(error);
            return;
          }
          let got = '';
          channel.on('data', (chunk: Buffer) => (got += chunk.toString()));
          channel.on('close', () => resolve(got));
        }),
      );
      assert.equal(text, 'forwarded');
      running.signal('KILL');
      await outcomeOf(running);
    });

    it('forwards connections that begin in the devbox, to ports and Unix sockets, until they are taken back', async () => {
      const port = (await call<number>((done) => ssh.forwardIn('localhost', 0, done))) ?? 0;
      ssh.on('tcp connection', (info, accept) => {
        const channel = accept();
        let got = '';
        channel.on('data', (chunk: Buffer) => (got += chunk.toString()));
        channel.on('end', () => channel.end(`${info.destPort} got ${got}`));
      });
      const dial = (to: string, text: string): string =>
        `node -e 'const s = require("net").connect({ allowHalfOpen: true, ${to} }, () => s.end("${text}")); s.on("error", (e) => console.log(e.code)).pipe(process.stdout)'`;
      const both = await Promise.all(
        ['one', 'two'].map(
          async (text) => (await outcomeOf(await exec(dial(`host: "127.0.0.1", port: ${port}`, text)))).stdout,
        ),
      );
      assert.deepEqual(both, [`${port} got one`, `${port} got two`]);
      await assert.rejects(
        call((done) => ssh.forwardIn('localhost', port, done)),
        /Unable to bind/,
      );
      await call((done) => ssh.unforwardIn('localhost', port, done));
      await waitFor('the end of the forward', async () =>
        (await outcomeOf(await exec(dial(`host: "127.0.0.1", port: ${port}`, 'x')))).stdout.trim() === 'ECONNREFUSED'
          ? true
          : undefined,
      );
      await assert.rejects(
        call((done) => ssh.unforwardIn('localhost', port, done)),
        /Unable to unbind/,
      );
      // An agent's socket, for example.
      await call((done) => ssh.openssh_forwardInStreamLocal('/tmp/from-client.sock', done));
      ssh.on('unix connection', (_info, accept) => accept().end('by a socket'));
      assert.equal((await outcomeOf(await exec(dial('path: "/tmp/from-client.sock"', 'x')))).stdout, 'by a socket');
      await call((done) => ssh.openssh_unforwardInStreamLocal('/tmp/from-client.sock', done));
    });

    it('ends with a suspend, and the key opens the resumed devbox', async () => {
      const closed = new Promise<void>((resolve) => ssh.once('close', () => resolve()));
      await client.devboxes.suspend(id);
      await closed;
      await client.devboxes.awaitSuspended(id);
      await assert.rejects(login(key.ssh_private_key));
      await client.devboxes.resume(id);
      await waitFor('a running devbox', async () =>
        (await client.devboxes.retrieve(id)).status === 'running' ? true : undefined,
      );
      ssh = await login(key.ssh_private_key);
      assert.equal((await outcomeOf(await exec('echo back'))).stdout, 'back\n');
    });
  });
}
