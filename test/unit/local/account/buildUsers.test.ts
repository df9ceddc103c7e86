import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunloopSDK } from '@runloop/api-client';
import type { DevboxCreateParams } from '@runloop/api-client/resources/devboxes/devboxes';
import { after, before, describe, it } from 'mocha';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';

type Launch = NonNullable<DevboxCreateParams['launch_parameters']>;

describe('local platform, the users of a build', () => {
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

  it('builds as root, as whom USER names and as the user, and gives devboxes the last one', async () => {
    const context = mkdtempSync(join(tmpdir(), 'runloop-users-'));
    writeFileSync(join(context, 'file'), 'f');
    const files = await sdk.storageObject.uploadFromDir(context, { name: 'context' });
    const dockerfile = `FROM debian
RUN id -un > /by-root && echo $HOME >> /by-root && useradd -m -G sudo -u 2345 -s /bin/bash bob
COPY file /copied/plain
COPY --chown=bob:mail file /copied/bobs
COPY --chown=2345 file /copied/numbered
USER bob
WORKDIR /home/bob
RUN id -un > by-bob && echo "$HOME $USER" >> by-bob && ! touch /usr/x
USER 0
RUN id -un > /by-zero
USER bob:mail
RUN id -gn > by-mail`;
    const built = await sdk.blueprint.create({
      name: 'users',
      dockerfile,
      build_context: files,
      system_setup_commands: ['id -un > ~/by-setup; sudo touch /usr/by-setup'],
    });
    const devbox = await built.createDevbox();
    const seen = await devbox.cmd.exec(
      'id -un; pwd; cat /by-root by-bob /by-zero by-mail by-setup; stat -c "%n %U:%G" /copied/* by-bob ~ /usr/by-setup',
    );
    assert.equal(
      await seen.stdout(),
      'bob\n/home/bob\nroot\n/root\nbob\n/home/bob bob\nroot\nmail\nbob\n/copied/bobs bob:mail\n/copied/numbered bob:bob\n/copied/plain root:root\nby-bob bob:bob\n/home/bob bob:bob\n/usr/by-setup root:root\n',
    );
    // What launch parameters say comes first.
    const other = await client.devboxes.createAndAwaitRunning({ blueprint_id: built.id, launch_parameters: ada });
    assert.equal(await run(other.id, 'id -un; stat -c %U /home/bob'), 'ada\nbob');
    const plain = await client.blueprints.createAndAwaitBuildCompleted({
      name: 'setup',
      system_setup_commands: ['id -un > made; ! touch /etc/made'],
      launch_parameters: ada,
    });
    const third = await start({}, { blueprint_id: plain.id });
    assert.equal(await run(third, 'id -un; cat made'), 'ada\nada');
    const { id: missing } = await client.blueprints.create({
      name: 'missing',
      dockerfile: 'FROM debian\nUSER nobody-knows\nRUN true',
    });
    await assert.rejects(sdk.api.blueprints.awaitBuildComplete(missing), /failed/);
    assert.match(
      (await client.blueprints.logs(missing)).logs.map(({ message }) => message).join('\n'),
      /no user nobody-knows/,
    );
    await Promise.all([devbox.id, other.id, third].map((one) => client.devboxes.shutdown(one)));
    rmSync(context, { recursive: true });
  });
});
