import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type Devbox, RunloopSDK } from '@runloop/api-client';
import { type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { eventually } from '../../../../eventually';
import { skip } from '../../../../run/skip';

describe('local platform, sudo and su as programs call them', () => {
  let platform: TestPlatform;
  let devbox: Devbox;

  before(async function () {
    platform = await startPlatform();
    const sdk = new RunloopSDK({
      baseURL: platform.baseUrl,
      bearerToken: platform.apiKey,
      http2: false,
      maxRetries: 0,
    });
    devbox = await sdk.devbox.create();
    if ((await run('id -u')) === '0\n') {
      skip(this, 'there is one user only');
    }
  });
  after(() => platform.stop());

  async function run(command: string): Promise<string> {
    const result = await devbox.cmd.exec(command);
    return (await result.stdout()) + (await result.stderr());
  }

  it('asks nothing, remembers nothing, and says what is allowed', async () => {
    assert.equal(await run('sudo -k; sudo -K; sudo -v; sudo -ABNn id -u; sudo -kn id -u'), '0\n0\n');
    assert.match(await run('sudo -nl'), /^User user may run .*\n +\(ALL : ALL\) NOPASSWD: ALL\n$/);
    assert.equal(await run('sudo -l ls; sudo -l no-such-program || echo no'), '/usr/bin/ls\nno\n');
    assert.match(await run('sudo -V'), /^Sudo version 1\./);
  });

  it('names a program that is not there, and ends with 1', async () => {
    assert.equal(await run('sudo no-such-program; echo $?'), '1\nsudo: no-such-program: command not found\n');
  });

  it('runs behind, within a time, with groups', async () => {
    assert.equal(await run('sudo -b touch /tmp/behind; echo $?'), '0\n');
    await eventually(
      () => run('stat -c %U /tmp/behind'),
      (owner) => owner === 'root\n',
    );
    assert.equal(await run('sudo -T 0.2 sleep 30; echo $?'), '124\n');
    assert.equal(await run('sudo -gsudo id -gn; sudo -Pu root id -Gn'), 'sudo\nroot sudo user\n');
    assert.equal(await run('sudo -D/tmp pwd; sudo -uuser id -un'), '/tmp\nuser\n');
  });

  it('su takes its letters together too', async () => {
    assert.equal(
      await run("su -lc 'id -un; pwd'; su -s/bin/sh -c 'echo $0'; su -g sudo -c 'id -gn'; su -fc 'id -un' user"),
      'root\n/root\n/bin/sh\nsudo\nuser\n',
    );
    assert.equal(
      await run("echo 'id -un; pwd' | sudo -i; echo 'id -un; pwd' | sudo -s; echo 'id -un; pwd' | su -"),
      'root\n/root\nroot\n/home/user\nroot\n/root\n',
    );
  });
});
