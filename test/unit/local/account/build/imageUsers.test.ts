import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { skip } from '../../../../run/skip';

describe('local platform, users of a Dockerfile’s image', () => {
  let platform: TestPlatform;
  let sdk: RunloopSDK;
  let hasUsers = true;

  before(async () => {
    platform = await startPlatform();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
    const trial = await sdk.devbox.create();
    hasUsers = (await (await trial.cmd.exec('id -u')).stdout()).trim() !== '0';
    await trial.shutdown();
  });
  after(() => platform.stop());

  /** What a command says in a devbox of a Dockerfile. */
  const seen = async (dockerfile: string, command: string, setup: readonly string[] = []): Promise<string> => {
    const blueprint = await sdk.blueprint.create({
      name: 'users',
      dockerfile,
      system_setup_commands: [...setup],
    });
    const devbox = await sdk.devbox.create({ blueprint_id: blueprint.id });
    const result = await devbox.cmd.exec(command);
    const output = (await result.stdout()) + (await result.stderr());
    await devbox.shutdown();
    return output;
  };

  it('have the numbers that Docker gives them, since the devbox’s own user is not in the image', async function () {
    if (!hasUsers) {
      skip(this, 'there is one user only');
    }
    assert.equal(
      await seen(
        'FROM python:3.11-slim\nRUN test ! -e /home/user && test ! -e /workspace && ! id user && mkdir /workspace\nRUN useradd -m -u 1000 -s /bin/bash appuser && mkdir /app && chown appuser:appuser /app\nUSER appuser\nWORKDIR /app\nRUN touch mine',
        'id -un; id -u; echo $HOME; stat -c "%U %u" /app/mine; stat -c %U /home/appuser; sudo id -un; ls -d /workspace; grep -c ^user: /etc/passwd',
      ),
      'appuser\n1000\n/home/appuser\nappuser 1000\nappuser\nroot\n/workspace\n0\n',
    );
    assert.equal(
      await seen(
        'FROM debian\nRUN useradd -m -u 1000 user\nUSER user\nENV HOME=/home/user PATH=/home/user/.local/bin:$PATH\nWORKDIR $HOME/app\nRUN touch mine',
        'id -un; stat -c %U ~/app/mine ~/app ~',
      ),
      'user\nuser\nuser\nuser\n',
    );
    assert.equal(
      await seen('FROM node:20\nUSER node\nRUN id -u > ~/number', 'id -un; id -u; cat ~/number'),
      'node\n1000\n1000\n',
    );
  });

  it('leave the number to the devbox’s user where USER names nobody', async function () {
    if (!hasUsers) {
      skip(this, 'there is one user only');
    }
    const dockerfile = 'FROM debian AS first\nRUN useradd -m -u 1000 app\nFROM first\nRUN id -u app && ! id user';
    assert.equal(
      await seen(dockerfile, 'id -un; id -u; stat -c %u ~; cat ~/setup; sudo id -un', [
        '{ id -un; pwd; sudo id -un; } > ~/setup',
      ]),
      'user\n1000\n1000\nuser\n/home/user\nroot\nroot\n',
    );
    assert.equal(await seen(dockerfile, 'id -un; id -u; stat -c %u ~ /workspace'), 'user\n1000\n1000\n1000\n');
  });

  it('are those of devboxes in Runloop’s own images', async function () {
    if (!hasUsers) {
      skip(this, 'there is one user only');
    }
    assert.equal(
      await seen(
        'FROM runloop:runloop/starter-arm64\nRUN id -un > ~/number && test -d /workspace',
        'cat ~/number; pwd',
      ),
      'user\n/home/user\n',
    );
  });
});
