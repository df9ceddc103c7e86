import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { after, before, describe, it } from 'mocha';
import ssh2 from 'ssh2';
import { isHostKey, newHostKey } from '../../../../src/local/ssh/sshServer';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

describe('local platform, the SSH host key', () => {
  let platform: TestPlatform;

  before(async () => {
    platform = await startPlatform(['--sandbox', 'plain']);
  });
  after(() => platform.stop());

  it('can always be read again', () => {
    const keys = Array.from({ length: 1_500 }, newHostKey);
    assert.equal(keys.filter((key) => !isHostKey(key)).length, 0);
  });

  it('is replaced where the one that was kept cannot be read, which is said', async () => {
    const file = join(platform.dataDir, 'ssh_host_key');
    const whole = newHostKey();
    writeFileSync(file, `${whole.slice(0, 90)}${whole.slice(94)}`);
    assert.equal(isHostKey(readFileSync(file, 'utf8')), false);
    const client = platform.client();
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const { url } = await client.devboxes.createSSHKey(id);
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: platform.port, servername: url, rejectUnauthorized: false });
      const opened = new ssh2.Client();
      opened.once('handshake', () => {
        opened.end();
        resolve();
      });
      opened.on('error', reject);
      socket.once('error', reject);
      socket.once('secureConnect', () => opened.connect({ sock: socket, username: 'user', password: 'none' }));
    }).catch((error: unknown) => assert.fail(`${String(error)}: ${platform.stderr()}`));
    assert.equal(isHostKey(readFileSync(file, 'utf8')), true);
    assert.match(platform.stderr(), /SSH host key .* is replaced/);
  });
});
