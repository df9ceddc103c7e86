import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import { after, before, describe, it } from 'mocha';
import ssh2 from 'ssh2';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

describe('local platform, long things over SSH', () => {
  let platform: TestPlatform;
  let ssh: ssh2.Client;

  before(async () => {
    platform = await startPlatform();
    const client = platform.client();
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const key = await client.devboxes.createSSHKey(id);
    const socket = connect({ host: '127.0.0.1', port: platform.port, servername: key.url, rejectUnauthorized: false });
    ssh = new ssh2.Client();
    await new Promise((resolve, reject) => {
      ssh.once('ready', () => resolve(undefined)).once('error', reject);
      socket.once('error', reject).once('secureConnect', () => {
        ssh.connect({ sock: socket, username: key.ssh_user, privateKey: key.ssh_private_key });
      });
    });
  });
  after(async () => {
    ssh.end();
    await platform.stop();
  });

  function run(command: string, env: Record<string, string> = {}): Promise<{ text: string; code: number }> {
    return new Promise((resolve, reject) => {
      ssh.exec(command, { env }, (error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        let text = '';
        let code = -1;
        channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
        channel.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
        channel.once('exit', (status: number) => (code = status)).once('close', () => resolve({ text, code }));
      });
    });
  }

  it('takes commands and variables as long as Linux does, and names the limit of longer ones', async () => {
    assert.deepEqual(await run('echo ${#LONG}', { LONG: 'x'.repeat(100_000) }), { text: '100000\n', code: 0 });
    assert.deepEqual(await run(`: ${'x'.repeat(100_000)}; echo done`), { text: 'done\n', code: 0 });
    const refused = await run('echo ${#LONG}', { LONG: 'x'.repeat(200_000) });
    assert.equal(refused.code, 126);
    assert.match(refused.text, /^The environment variable LONG is too long: [^\n]* 131055 bytes/);
    assert.deepEqual(await run('echo still here'), { text: 'still here\n', code: 0 });
  });
});
