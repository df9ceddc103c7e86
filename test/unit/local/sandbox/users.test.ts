import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunloopSDK, toFile } from '@runloop/api-client';
import type { DevboxCreateParams } from '@runloop/api-client/resources/devboxes/devboxes';
import { after, before, describe, it } from 'mocha';
import ssh2 from 'ssh2';
import { connect as connectTls } from 'node:tls';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';
import { send, tunnelHost, whenListening } from '../../../platform/tunnelRequests';
import { skip } from '../../../run/skip';

type Launch = NonNullable<DevboxCreateParams['launch_parameters']>;

describe('local platform, the users of a devbox', () => {
  let platform: TestPlatform;
  let client: Client;
  let sdk: RunloopSDK;
  before(async function () {
    platform = await startPlatform();
    client = platform.client();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
    if (process.getuid?.() !== 0 || /is root of|plain processes/.test(platform.stderr())) {
      // Only root of this computer has users to lend.
      skip(this, 'only root of this computer has users to lend');
    }
  });
  after(() => platform.stop());

  const ada: Launch = { user_parameters: { username: 'ada', uid: 1234 } };
  const start = async (launch: Launch = {}, more: object = {}): Promise<string> =>
    (await client.devboxes.createAndAwaitRunning({ launch_parameters: launch, ...more })).id;
  const run = async (id: string, command: string): Promise<string> => {
    const { stdout, stderr } = await client.devboxes.execute(id, { command, command_id: randomUUID() });
    return `${stdout ?? ''}${stderr ?? ''}`.trimEnd();
  };

  it('user, whose home is its own, who may not do what root may, and who becomes root with sudo', async () => {
    const id = await start(
      { launch_commands: ['echo "launch $(id -un) $PWD"'] },
      { entrypoint: 'echo "entry $(id -un)"; exec sleep 1000' },
    );
    await waitFor('both lines', async () =>
      /launch user \/home\/user\n[^]*entry user/.test(await logText(client, id)) ? true : undefined,
    );
    assert.equal(
      await run(id, 'id -u; id -un; id -Gn; echo $HOME $USER; stat -c %U:%G ~ /workspace; pwd'),
      '1000\nuser\nuser sudo\n/home/user user\nuser:user\nuser:user\n/home/user',
    );
    assert.match(
      await run(id, 'cat /etc/shadow; touch /usr/x /etc/x /root/x; ls /root; kill -9 1'),
      /^(?:[^\n]*(?:Permission denied|not permitted)\n?){6}$/,
    );
    assert.equal(
      await run(
        id,
        'sudo id -un; sudo install -m 600 /dev/null /var/of-root; cat /var/of-root; sudo cat /var/of-root; sudo sh -c \'echo "$HOME $USER $SUDO_USER $SUDO_UID"\'',
      ),
      'root\n/root root user 1000\ncat: /var/of-root: Permission denied',
    );
    assert.equal(
      await run(id, 'sudo -u nobody id -un; sudo -i pwd; sudo -iu nobody true; sudo -u user id -Gn; sudo -nE id -u'),
      'nobody\n/root\nThis account is currently not available.\nuser sudo\n0',
    );
    assert.equal(await run(id, `bash -lc 'sudo id -u; sudo sh -c "command -v useradd"'`), '0\n/usr/sbin/useradd');
    // A user without sudo has none, by whatever way.
    assert.equal(
      await run(
        id,
        'sudo useradd -m bob; sudo -u bob bash -c "id -un; sudo id -un; /run/devbox/rights/setpriv --reuid 0 id -un; cat ~user/x /run/devbox/shells/x" 2>&1 | sed "s/.*: //"; sudo usermod -aG sudo bob; sudo -u bob sudo id -un',
      ),
      'bob\nbob is not in the sudoers file.\nPermission denied\nNo such file or directory\nPermission denied\nroot',
    );
    // The host's people and their passwords are none of the devbox's.
    const secrets = readFileSync('/etc/shadow', 'utf8')
      .split('\n')
      .map((line) => line.split(':')[1] ?? '')
      .filter((hash) => hash.startsWith('$'));
    const shadow = await run(id, 'sudo cat /etc/shadow');
    assert.ok(secrets.every((hash) => !shadow.includes(hash)));
    await client.devboxes.shutdown(id);
  });

  it('the one that is asked for, in executions, shells, files, terminals and over a suspend', async () => {
    const id = await start({ ...ada, launch_commands: ['id -un; sudo touch launched; id -un > by-launch'] });
    assert.equal(
      await run(id, 'id; pwd; stat -c "%n %U:%G" ~ launched by-launch'),
      'uid=1234(ada) gid=1234(ada) groups=1234(ada),27(sudo)\n/home/ada\n/home/ada ada:ada\nlaunched root:root\nby-launch ada:ada',
    );
    const shell = async (command: string): Promise<string> =>
      (await client.devboxes.executeAndAwaitCompletion(id, { command, shell_name: 'named' })).stdout ?? '';
    await shell('cd /tmp; mine=kept');
    assert.equal(await shell('echo "$PWD $mine $(id -un)"'), '/tmp kept ada\n');
    await client.devboxes.writeFileContents(id, { file_path: 'folder/written', contents: 'w' });
    await client.devboxes.uploadFile(id, { path: '/tmp/uploaded', file: await toFile(Buffer.from('u'), 'u') });
    const denied = await client.devboxes.writeFileContents(id, { file_path: '/etc/written', contents: 'w' });
    assert.notEqual(denied.exit_status, 0);
    await run(id, 'sudo install -m 600 /dev/null /var/of-root');
    await assert.rejects(client.devboxes.readFileContents(id, { file_path: '/var/of-root' }), /Permission denied/);
    await assert.rejects(
      client.devboxes.uploadFile(id, { path: '/etc/uploaded', file: await toFile(Buffer.from('u'), 'u') }),
      /Permission denied/,
    );
    assert.equal(
      await run(id, 'stat -c "%n %U" folder folder/written /tmp/uploaded'),
      'folder ada\nfolder/written ada\n/tmp/uploaded ada',
    );
    const long = await run(id, `: ${'x'.repeat(200_000)}; id -un`);
    assert.equal(long, 'ada');
    await client.devboxes.suspend(id);
    await client.devboxes.awaitSuspended(id);
    const { id: snapshot } = await client.devboxes.snapshotDisk(id);
    await client.devboxes.resume(id);
    await client.devboxes.awaitRunning(id);
    const owners = 'id -un; stat -c "%n %U:%G" ~ launched by-launch /var/of-root; cat /var/of-root';
    const expected = (user: string): string =>
      `${user}\n/home/ada ada:ada\nlaunched root:root\nby-launch ada:ada\n/var/of-root root:root\ncat: /var/of-root: Permission denied`;
    assert.equal(await run(id, owners), expected('ada'));
    const copy = await start(ada, { snapshot_id: snapshot });
    assert.equal(await run(copy, owners), expected('ada'));
    // Another number for the same name: its home follows.
    const renumbered = await start({ user_parameters: { username: 'ada', uid: 4321 } }, { snapshot_id: snapshot });
    assert.equal(
      await run(renumbered, 'id -u; stat -c "%n %u" ~ by-launch launched'),
      '4321\n/home/ada 4321\nby-launch 4321\nlaunched 0',
    );
    await Promise.all([id, copy, renumbered].map((one) => client.devboxes.shutdown(one)));
  });

  it('over SSH and SFTP', async () => {
    const id = await start(ada);
    const key = await client.devboxes.createSSHKey(id);
    assert.equal(key.ssh_user, 'ada');
    const sock = connectTls({ host: '127.0.0.1', port: platform.port, servername: key.url, rejectUnauthorized: false });
    const ssh = new ssh2.Client();
    await new Promise<void>((resolve, reject) =>
      ssh
        .once('ready', resolve)
        .once('error', reject)
        .connect({ sock, username: 'ada', privateKey: key.ssh_private_key }),
    );
    const said = await new Promise<string>((resolve, reject) =>
      ssh.exec('id -un; pwd; cat /etc/shadow', (error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        let text = '';
        channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
        channel.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
        channel.once('close', () => resolve(text));
      }),
    );
    assert.equal(said, 'ada\n/home/ada\ncat: /etc/shadow: Permission denied\n');
    const sftp = await new Promise<ssh2.SFTPWrapper>((resolve, reject) =>
      ssh.sftp((error, wrapper) => (error === undefined ? resolve(wrapper) : reject(error))),
    );
    await new Promise<void>((resolve, reject) =>
      sftp.writeFile('by-sftp', 'x', (error) => (error === null || error === undefined ? resolve() : reject(error))),
    );
    await assert.rejects(
      new Promise<void>((resolve, reject) =>
        sftp.readFile('/etc/shadow', (error) => (error === undefined ? resolve() : reject(error))),
      ),
      /Permission|EACCES/i,
    );
    assert.equal(await run(id, 'stat -c %U by-sftp'), 'ada');
    ssh.end();
    await client.devboxes.shutdown(id);
  });

  it('mounts files and objects for the user, where only root may write too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runloop-users-'));
    writeFileSync(join(folder, 'packed'), 'p');
    const archive = await sdk.storageObject.uploadFromDir(folder, { name: 'archive' });
    const text = await sdk.storageObject.uploadFromText('object', 'object');
    const id = await start(ada, {
      file_mounts: { '/home/ada/in/mine': 'm', '/opt/own/theirs': 't' },
      mounts: [
        { type: 'object_mount', object_id: archive.id, object_path: '/srv/unpacked' },
        { type: 'object_mount', object_id: text.id, object_path: 'here/object' },
      ],
    });
    assert.equal(
      await run(
        id,
        'stat -c "%n %U %a" in in/mine /opt/own/theirs /srv/unpacked/packed here/object; cat in/mine /opt/own/theirs here/object',
      ),
      'in ada 755\nin/mine ada 600\n/opt/own/theirs ada 600\n/srv/unpacked/packed ada 644\nhere/object ada 644\nmtobject',
    );
    rmSync(folder, { recursive: true });
    await client.devboxes.shutdown(id);
  });

  it('runs the action server as root, and what it does as openhands', async () => {
    const entrypoint =
      "sudo bash -c 'exec /openhands/micromamba/bin/micromamba run -n openhands poetry run python -u -m openhands.runtime.action_execution_server 4444 --working-dir /workspace --username openhands --user-id 1000 --no-enable-browser'";
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      blueprint_name: 'openhands',
      entrypoint,
      tunnel: {},
    });
    const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
    await whenListening(platform, host);
    const act = async (
      action: string,
      args: object,
    ): Promise<{ content: string; extras: { metadata: { username: string } } }> => {
      for (;;) {
        const answer = await send(platform, host, '/execute_action', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ action: { action, args } }),
        });
        if (answer.status !== 503) {
          return JSON.parse(answer.text) as { content: string; extras: { metadata: { username: string } } };
        }
      }
    };
    await act('write', { path: '/workspace/deep/written', content: 'w' });
    await act('edit', { path: '/workspace/edited', command: 'create', file_text: 'e' });
    const seen = await act('run', {
      command:
        'id -u; echo $HOME $USER; touch here; ! cat /etc/shadow; sudo id -un; stat -c "%n %u:%g %a" /workspace here deep deep/written edited',
    });
    assert.equal(seen.extras.metadata.username, 'openhands');
    assert.equal(
      seen.content,
      '1000\n/home/openhands openhands\ncat: /etc/shadow: Permission denied\nroot\n/workspace 1000:0 775\nhere 1000:0 644\ndeep 1000:1000 755\ndeep/written 1000:1000 664\nedited 1000:1000 644',
    );
    assert.equal(
      await run(id, 'ps -o user= -p $(pgrep -f "actionServer.mjs 4444" | head -1); id -un; touch /workspace/by-user'),
      'root\nuser',
    );
    await client.devboxes.shutdown(id);
  });

  it('refuses users that cannot be', async () => {
    for (const user_parameters of [
      { username: 'Not A Name', uid: 5 },
      { username: 'ada', uid: -1 },
      { username: 'ada', uid: 1.5 },
      { username: 'ada', uid: 100_000 },
      { username: 'root', uid: 5 },
    ]) {
      await assert.rejects(client.devboxes.create({ launch_parameters: { user_parameters } }), /400/);
    }
    const id = await start({ user_parameters: { username: 'root', uid: 0 } });
    assert.equal(await run(id, 'id -u; pwd; sudo id -u; touch /usr/x; echo $?'), '0\n/root\n0\n0');
    await client.devboxes.shutdown(id);
  });
});
