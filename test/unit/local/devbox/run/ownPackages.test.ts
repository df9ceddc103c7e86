import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { skip } from '../../../../run/skip';

describe('local platform, what a user installs for itself', () => {
  let platform: TestPlatform;
  let sdk: RunloopSDK;

  before(async () => {
    platform = await startPlatform();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
  });
  after(() => platform.stop());

  it('goes into its home and is found, by npm and pip, and su makes it root', async function () {
    const devbox = await sdk.devbox.create();
    const run = async (command: string): Promise<string> => {
      const result = await devbox.cmd.exec(command);
      return (await result.stdout()) + (await result.stderr());
    };
    if ((await run('id -u')).trim() === '0') {
      await devbox.shutdown();
      skip(this, 'there is one user only');
    }
    // Packages made on the spot, so that nothing is asked of a registry.
    assert.match(
      await run(
        `mkdir p && cd p && printf '{"name":"p","version":"1.0.0","bin":{"own-tool":"t.js"}}' > package.json && printf '#!/usr/bin/env node\\nconsole.log("by npm")\\n' > t.js && chmod +x t.js && npm pack --silent && npm install -g --silent --offline ./p-1.0.0.tgz && own-tool; command -v own-tool`,
      ),
      /by npm\n\/home\/user\/.local\/bin\/own-tool/,
    );
    assert.equal(
      await run('echo $PIP_BREAK_SYSTEM_PACKAGES; sudo sh -c "echo \\$PIP_BREAK_SYSTEM_PACKAGES \\$NPM_CONFIG_PREFIX"'),
      '1\n1\n',
    );
    assert.equal(
      await run("su root -c 'id -un'; su -c 'id -un; echo $HOME'; su - -c pwd; su -s /bin/sh root -c 'echo $0'"),
      'root\nroot\n/root\n/root\n/bin/sh\n',
    );
    await devbox.shutdown();
  });

  it('is found by login shells too, and not taken by sudo for what the system has', async function () {
    const devbox = await sdk.devbox.create();
    const run = async (command: string): Promise<string> => {
      const result = await devbox.cmd.exec(command);
      return (await result.stdout()) + (await result.stderr());
    };
    if ((await run('id -u')).trim() === '0') {
      await devbox.shutdown();
      skip(this, 'there is one user only');
    }
    await run(
      'mkdir -p ~/.local/bin && for name in own pip3; do printf "#!/bin/sh\necho of the user\n" > ~/.local/bin/$name; done; chmod +x ~/.local/bin/*',
    );
    assert.equal(await run('bash -lc own; sudo own; su - user -c own'), 'of the user\n'.repeat(3));
    assert.equal(await run('pip3; sudo sh -c "command -v pip3 || echo /usr/bin/pip3"'), 'of the user\n/usr/bin/pip3\n');
    assert.equal(
      await run('sudo --preserve-env=PATH sh -c "command -v pip3"; sudo env PATH=/nowhere /bin/sh -c "echo \\$PATH"'),
      '/home/user/.local/bin/pip3\n/nowhere\n',
    );
    // What the computer's npm is set to for everybody.
    await run(
      'file=$(sudo npm config get globalconfig) && sudo mkdir -p "$(dirname "$file")" && echo fund=false | sudo tee -a "$file"',
    );
    assert.equal(await run('npm config get fund; npm config get prefix'), 'false\n/home/user/.local\n');
    if ((await run('command -v corepack')) !== '') {
      assert.equal(
        await run(
          'corepack enable && command -v yarn; corepack disable; command -v yarn; bash -lc "corepack enable; command -v yarn"',
        ),
        '/home/user/.local/bin/yarn\n'.repeat(2),
      );
      assert.match(
        await run('corepack disable; sudo corepack enable; command -v yarn; ls /run/devbox/bin'),
        /^\/usr\/(local\/)?bin\/yarn\n[^]*sudo\n$/,
      );
      assert.doesNotMatch(await run('ls /run/devbox/bin'), /yarn/);
    }
    await devbox.shutdown();
  });

  it('has python under both of its names', async function () {
    const devbox = await sdk.devbox.create();
    const run = async (command: string): Promise<string> => {
      const result = await devbox.cmd.exec(command);
      return (await result.stdout()) + (await result.stderr());
    };
    if ((await run('command -v python3')) === '') {
      await devbox.shutdown();
      skip(this, 'this computer has no python3');
    }
    const version = await run('python3 --version');
    assert.equal(await run('python --version; sudo python --version'), version.repeat(2));
    if ((await run('id -u')).trim() !== '0') {
      assert.equal(await run("bash -lc 'python --version'; sudo -i python --version"), version.repeat(2));
    }
    // One of its own comes first, and one made by python knows where it is.
    assert.equal(
      await run('python -m venv --without-pip v && . v/bin/activate && python -c "import sys; print(sys.prefix)"'),
      '/home/user/v\n',
    );
    await devbox.shutdown();
  });

  it('in builds is each user’s own, and root’s the system', async function () {
    if (process.getuid?.() !== 0) {
      skip(this, 'there is one user only');
    }
    const built = await sdk.blueprint.create({
      name: 'packages',
      dockerfile:
        'FROM debian\nRUN echo "root:[$NPM_CONFIG_PREFIX]" && (id -u bob || useradd -m bob)\nUSER bob\nRUN echo "bob:[$NPM_CONFIG_PREFIX]"',
      system_setup_commands: ['echo "setup:[$NPM_CONFIG_PREFIX] $PATH"'],
    });
    const log = (await built.logs()).logs.map(({ message }) => message).join('\n');
    if (!/root:\[\]/.test(log)) skip(this, 'there is one user only');
    assert.match(
      log,
      /root:\[\][^]*bob:\[\/home\/bob\/\.local\][^]*setup:\[\/home\/bob\/\.local\] .*:\/home\/bob\/\.local\/bin:/,
    );
  });
});
