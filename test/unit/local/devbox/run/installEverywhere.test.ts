import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import { stripVTControlCharacters } from 'node:util';
import { after, before, describe, it } from 'mocha';
import ssh2, { type ClientChannel } from 'ssh2';
import { WebSocket } from 'ws';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { send, tunnelHost } from '../../../../platform/tunnelRequests';
import { skip } from '../../../../run/skip';

/** Makes packages on the spot, so that nothing is asked of a registry, installs them in every way, and tells what came of it. */
const script = String.raw`
cd "$(mktemp -d)" && mkdir p && cd p
printf '{"name":"p","version":"1.0.0","bin":{"npm-tool":"t.js"}}' > package.json
printf '#!/usr/bin/env node\nconsole.log("npm works")\n' > t.js
chmod +x t.js
npm pack --silent > /dev/null && npm install -g --silent --offline ./p-1.0.0.tgz > /dev/null && npm-tool
npm uninstall -g --silent p > /dev/null
python3 - <<'END'
import zipfile
for name in ('one', 'two'):
    with zipfile.ZipFile(name + '-1.0-py3-none-any.whl', 'w') as wheel:
        wheel.writestr(name + '_module.py', 'def main():\n    print("pip %s works")\n' % name)
        info = name + '-1.0.dist-info/'
        wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n' % name)
        wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        wheel.writestr(info + 'entry_points.txt', '[console_scripts]\npip-%s = %s_module:main\n' % (name, name))
        wheel.writestr(info + 'RECORD', '')
END
python3 -m pip install --quiet --no-index --no-warn-script-location ./one-1.0-py3-none-any.whl && pip-one
python3 -m pip install --quiet --no-index --no-warn-script-location --user ./two-1.0-py3-none-any.whl && pip-two
python3 -m pip uninstall --quiet --yes one two
su root -c 'id -un'
su - -c 'id -un'
sudo id -un
id -un
echo the end
`;
const expected = ['npm works', 'pip one works', 'pip two works', 'root', 'root', 'root', 'user', 'the end'];

describe('local platform, what a user installs, in every way into a devbox', () => {
  let platform: TestPlatform;
  let client: Client;
  let id: string;

  before(async function () {
    platform = await startPlatform();
    client = platform.client();
    ({ id } = await client.devboxes.createAndAwaitRunning({ file_mounts: { '/home/user/check.sh': script } }));
    const { stdout } = await client.devboxes.executeAndAwaitCompletion(id, {
      command: 'id -u; command -v npm; python3 -m pip --version',
    });
    if (!/^1000\n.*npm\npip /.test(stdout ?? '')) {
      skip(this, 'there is one user only, or no npm or pip');
    }
  });
  after(() => platform.stop());

  const lines = (text: string): readonly string[] =>
    stripVTControlCharacters(text)
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => expected.includes(line));

  it('by executions and named shells', async () => {
    for (const shell_name of [undefined, 'named']) {
      const { stdout, stderr } = await client.devboxes.executeAndAwaitCompletion(id, {
        command: 'bash ~/check.sh',
        ...(shell_name === undefined ? {} : { shell_name }),
      });
      assert.deepEqual(lines(stdout ?? ''), expected, `${shell_name ?? 'execution'}: ${stdout ?? ''}${stderr ?? ''}`);
    }
  });

  it('by a terminal', async () => {
    const tunnel = await client.devboxes.createPtyTunnel(id);
    const host = tunnelHost(platform, 13, tunnel.tunnel_key);
    const opened = await send(platform, host, '/pty/install', {
      headers: { authorization: `Bearer ${tunnel.auth_token}` },
    });
    const { connect_url: path = '' } = JSON.parse(opened.text) as { connect_url?: string };
    const socket = new WebSocket(`ws://127.0.0.1:${platform.port}${path}`, tunnel.auth_token, { headers: { host } });
    let text = '';
    socket.on('message', (data: Buffer, binary) => (text += binary ? data.toString() : ''));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send(Buffer.from('bash ~/check.sh\r'));
    await waitFor('the end', () => (/^the end\r?$/m.test(text) ? true : undefined));
    socket.close();
    assert.deepEqual(lines(text), expected, text);
  });

  it('by SSH, as a command and in its shell', async () => {
    const key = await client.devboxes.createSSHKey(id);
    const socket = connect({ host: '127.0.0.1', port: platform.port, servername: key.url, rejectUnauthorized: false });
    const ssh = new ssh2.Client();
    await new Promise((resolve, reject) => {
      ssh.once('ready', () => resolve(undefined)).once('error', reject);
      socket.once('error', reject).once('secureConnect', () => {
        ssh.connect({ sock: socket, username: key.ssh_user, privateKey: key.ssh_private_key });
      });
    });
    const textOf = (channel: ClientChannel): Promise<string> =>
      new Promise((resolve) => {
        let text = '';
        channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
        channel.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
        channel.once('close', () => resolve(text));
      });
    const command = await new Promise<ClientChannel>((resolve, reject) =>
      ssh.exec('bash ~/check.sh', (error, channel) => (error === undefined ? resolve(channel) : reject(error))),
    );
    const said = await textOf(command);
    assert.deepEqual(lines(said), expected, said);
    const shell = await new Promise<ClientChannel>((resolve, reject) =>
      ssh.shell((error, channel) => (error === undefined ? resolve(channel) : reject(error))),
    );
    shell.write('bash ~/check.sh\nexit\n');
    const typed = await textOf(shell);
    assert.deepEqual(lines(typed), expected, typed);
    ssh.end();
  });
});
