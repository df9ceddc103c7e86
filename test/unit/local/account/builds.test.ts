import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type StorageObject, APIError, RunloopSDK } from '@runloop/api-client';
import { type GitServer, startGitServer } from './gitServer';
import { waitFor } from '../../../eventually';
import { processesWith } from '../../../platform/devboxProcesses';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';
import { skip } from '../../../run/skip';

const status =
  (wanted: number, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof APIError && error.status === wanted && text.test(error.message);

/** What `statfs` calls a file system in memory, where files must not be that large. */
const memoryFileSystem = 0x01021994;

const dockerfile = `# syntax=docker/dockerfile:1
FROM --platform=linux/amd64 ubuntu:22.04 AS base
WORKDIR /app
COPY . .
COPY ["app/main.txt", "/data/renamed"]
COPY *.cfg /etc-of-mine/
COPY --chmod=755 --chown=user:user script.sh /usr-of-mine/run
COPY --from=extra x ./x
RUN chown user /app
USER user
RUN --mount=type=secret,id=KEY,uid=1000 sha256sum < /run/secrets/KEY > /app/sum
RUN <<EOF
echo one > /app/document
echo two >> /app/document
EOF
`;

/** Paths below a folder whose names have a text in them; folders that go meanwhile have none. */
function filesOf(folder: string, name: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const found = entry.name.includes(name) ? [path] : [];
    try {
      return entry.isDirectory() ? [...found, ...filesOf(path, name)] : found;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return found;
      throw error;
    }
  });
}

describe('local platform, builds and code', () => {
  let platform: TestPlatform;
  let client: Client;
  let sdk: RunloopSDK;
  let folder: string;
  let git: GitServer;
  const token = 'ghp_very-secret-token';

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-builds-'));
    git = await startGitServer('someone', 'project', token);
    platform = await startPlatform([], { environment: { RUNLOOP_LOCAL_GIT_BASE: git.address } });
    client = platform.client();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
  });
  after(async () => {
    await platform.stop();
    git.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const buildLog = async (id: string): Promise<string> =>
    (await client.blueprints.logs(id)).logs.map(({ message }) => message).join('\n');
  const failedBuild = async (
    body: Parameters<Client['blueprints']['create']>[0],
  ): Promise<{ reason: string; log: string }> => {
    const { id } = await client.blueprints.create(body);
    const failed = await waitFor('the failure', async () => {
      const blueprint = await client.blueprints.retrieve(id);
      return blueprint.status === 'failed' ? blueprint : undefined;
    });
    return { reason: failed.failure_reason ?? '', log: await buildLog(id) };
  };
  const context = async (name: string, files: Record<string, string>): Promise<StorageObject> => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, path, '..'), { recursive: true });
      writeFileSync(join(folder, name, path), text);
    }
    return sdk.storageObject.uploadFromDir(join(folder, name), { name });
  };

  it('copies from build contexts as a Dockerfile says', async function () {
    if (process.getuid?.() !== 0) {
      skip(this, 'there is one user only');
    }
    const files = await context('files', {
      'app/main.txt': 'main',
      'app/.hidden': 'hidden',
      'a.cfg': 'a',
      'b.cfg': 'b',
      'script.sh': '#!/bin/sh\necho ran',
    });
    const others = await context('others', { x: 'from others' });
    await client.secrets.create({ name: 'BUILD_KEY', value: 'build-secret' });
    const contexts = { named_build_contexts: { extra: { type: 'object', object_id: others.id } } };
    const built = await sdk.blueprint.create({
      name: 'copies',
      dockerfile,
      build_context: files,
      secrets: { KEY: 'BUILD_KEY' },
      ...contexts,
    });
    const devbox = await built.createDevbox();
    const seen = await devbox.cmd.exec(
      'cat /app/app/main.txt /app/app/.hidden /data/renamed /etc-of-mine/* /app/x /app/document; /usr-of-mine/run; ls /run/secrets; cut -c1-8 /app/sum; ls /run/devbox',
    );
    const sum = createHash('sha256').update('build-secret').digest('hex').slice(0, 8);
    assert.match(
      await seen.stdout(),
      new RegExp(`^mainhiddenmainabfrom othersone\ntwo\nran\n${sum}\n(?![^]*contexts)`),
    );
    await devbox.shutdown();
    await Promise.all([files.delete(), others.delete()]);
  });

  it('refuses what it cannot copy, with the line', async () => {
    const refused = (body: object, text: RegExp): Promise<void> =>
      assert.rejects(client.blueprints.create({ name: 'x', ...body }), status(400, text));
    await refused({ dockerfile: 'FROM ubuntu\nCOPY a /b' }, /none is given/);
    await refused({ dockerfile: 'FROM ubuntu\nCOPY ../a /b' }, /none is given/);
    await refused({ dockerfile: 'FROM ubuntu\nCOPY --from=builder a /b' }, /"builder"/);
    await refused({ dockerfile: 'FROM ubuntu\nCOPY a' }, /Line 2.*needs/);
    await refused({ dockerfile: 'FROM ubuntu\nADD --from=x a /b' }, /Line 2.*--from=x/);
    await refused({ dockerfile: 'FROM ubuntu\nRUN --mount=type=bind,source=a true' }, /Line 2.*needs a target/);
    await refused({ dockerfile: 'FROM ubuntu\nRUN --mount=type=bind,source=a,target=/a true' }, /none is given/);
    await refused({ build_context: { type: 'object', object_id: 'obj_none' } }, /no complete object/);
    const text = await sdk.storageObject.uploadFromText('text', 'text');
    await refused({ build_context: { type: 'object', object_id: text.id } }, /no archive/);
  });

  it('does not let a link in a build context lead out of the build', async () => {
    mkdirSync(join(folder, 'links'));
    symlinkSync(platform.dataDir, join(folder, 'links', 'away'));
    const links = await sdk.storageObject.uploadFromDir(join(folder, 'links'), { name: 'links' });
    const build_context = { type: 'object' as const, object_id: links.id };
    const { log } = await failedBuild({
      name: 'links',
      dockerfile: 'FROM debian\nCOPY . /got\nRUN ls /got/away/platform.db',
      build_context,
    });
    assert.match(log, /No such file/);
    const missing = await failedBuild({ name: 'missing', dockerfile: 'FROM debian\nCOPY none /got', build_context });
    assert.match(missing.log, /there is no none in the build context/);
    assert.equal(missing.reason, 'build_failed');
  });

  it('mounts files and code before the setup commands, and neither keeps nor shows the token', async () => {
    const built = await client.blueprints.createAndAwaitBuildCompleted({
      name: 'mounted',
      file_mounts: { '/home/user/settings': 'from a file mount' },
      code_mounts: [
        { repo_owner: 'someone', repo_name: 'project', token, git_ref: 'other', install_command: 'cp file installed' },
      ],
      system_setup_commands: ['cat ~/settings project/installed > both'],
    });
    assert.ok(!JSON.stringify(built).includes(token));
    assert.ok(!(await buildLog(built.id)).includes(token));
    const { id } = await client.devboxes.createAndAwaitRunning({ blueprint_id: built.id });
    assert.equal(await client.devboxes.readFileContents(id, { file_path: 'both' }), 'from a file mounton other');
    const { exit_status: found } = await client.devboxes.execute(id, {
      command: `cat ~/project/.git/config; sudo grep -rsl 'ghp_[v]ery-secret' /home /run /workspace /tmp /var`,
      command_id: randomUUID(),
    });
    assert.equal(found, 1);
    await client.devboxes.shutdown(id);
    for (const name of readdirSync(platform.dataDir).filter(
      (file) => file.startsWith('platform.db') && !file.endsWith('lock'),
    )) {
      assert.ok(!readFileSync(join(platform.dataDir, name)).includes(token), name);
    }
  });

  it('clones code mounts, legacy ones too, at the branch that is asked for', async () => {
    const mount = { repo_owner: 'someone', repo_name: 'project', token };
    const { id } = await client.devboxes.createAndAwaitRunning({
      mounts: [{ type: 'code_mount', ...mount, install_command: 'git rev-parse --abbrev-ref HEAD > branch' }],
      launch_parameters: { launch_commands: ['cat project/file project/branch'] },
    });
    assert.match(await logText(client, id), /on mainmain/);
    assert.ok(git.tokens.includes(token));
    const other = await client.devboxes.createAndAwaitRunning({ code_mounts: [{ ...mount, git_ref: 'other' }] });
    assert.equal(await client.devboxes.readFileContents(other.id, { file_path: 'project/file' }), 'on other');
    const refused = await client.devboxes.create({ code_mounts: [{ ...mount, token: 'wrong' }] });
    await waitFor('the refusal', async () =>
      (await client.devboxes.retrieve(refused.id)).failure_reason === 'execution_failed' ? true : undefined,
    );
    assert.match(await logText(client, refused.id), /could not be cloned/);
    const install = await client.devboxes.create({ code_mounts: [{ ...mount, install_command: 'exit 3' }] });
    await waitFor('the failed install', async () =>
      /install command of project ended with exit code 3/.test(await logText(client, install.id)) ? true : undefined,
    );
    await Promise.all([id, other.id].map((one) => client.devboxes.shutdown(one)));
  });

  it('keeps what a build changes in system folders, other users’ files too, for devboxes and their snapshots', async function () {
    const trial = await sdk.devbox.create();
    const { exitCode } = await trial.cmd.exec('sudo touch /usr/trial && sudo chown daemon /usr/trial');
    await trial.shutdown();
    if (exitCode !== 0) {
      // Only root of this computer can lend its users to a devbox, and not every kernel and disk can do layers.
      skip(this, 'system folders cannot be changed: it takes root, and a kernel and disk that do layers');
    }
    const built = await client.blueprints.createAndAwaitBuildCompleted({
      name: 'system',
      dockerfile:
        'FROM debian\nRUN printf "#!/bin/sh\\necho installed\\n" > /usr/local/bin/own-program && chmod 755 /usr/local/bin/own-program\nRUN install -o daemon -g mail -d /usr/share/of-daemon && rm -r /usr/share/doc',
    });
    const look = 'own-program; stat -c %U:%G /usr/share/of-daemon; test -e /usr/share/doc || echo gone';
    const { id } = await client.devboxes.createAndAwaitRunning({
      blueprint_id: built.id,
      launch_parameters: { launch_commands: [look, 'sudo touch /usr/later'] },
    });
    assert.match(await logText(client, id), /^installed\ndaemon:mail\ngone$/m);
    await client.devboxes.suspend(id);
    await client.devboxes.awaitSuspended(id);
    const snapshot = await client.devboxes.snapshotDisk(id);
    const copy = await client.devboxes.createAndAwaitRunning({
      snapshot_id: snapshot.id,
      launch_parameters: { launch_commands: [look, 'test -e /usr/later && echo later too'] },
    });
    assert.match(await logText(client, copy.id), /^installed\ndaemon:mail\ngone\n[^]*later too$/m);
    assert.ok(!existsSync('/usr/local/bin/own-program'));
    await Promise.all([id, copy.id].map((one) => client.devboxes.shutdown(one)));
  });

  it('ends a build whose blueprint is deleted, and leaves nothing of it', async () => {
    const mark = `sleep\x00${31_000 + (process.pid % 1_000)}`;
    const build = (name: string): Promise<{ id: string }> =>
      client.blueprints.create({ name, system_setup_commands: ['echo begun', mark.replace('\x00', ' ')] });
    const running = await build('to-be-deleted');
    const waiting = await build('to-be-deleted');
    await waitFor('the build', () => (processesWith(mark).length > 0 ? true : undefined));
    await client.blueprints.delete(waiting.id);
    await client.blueprints.delete(running.id);
    assert.deepEqual(processesWith(mark), []);
    for (const { id } of [running, waiting]) {
      const { state, status: how } = await client.blueprints.retrieve(id);
      assert.deepEqual([state, how], ['deleted', 'failed']);
      assert.deepEqual((await client.blueprints.logs(id)).logs, []);
      // What is left is put aside at once, and removed in the background.
      await waitFor('nothing to be left', () => (filesOf(platform.dataDir, id).length === 0 ? true : undefined));
    }
    assert.ok((await client.blueprints.list({ name: 'to-be-deleted' })).blueprints.length === 0);
    // Those behind it have their turn.
    await client.blueprints.createAndAwaitBuildCompleted({ name: 'after', system_setup_commands: ['true'] });
  });

  it('says when a build failed for its disk', async function () {
    const { bfree, bsize, type } = statfsSync(folder);
    if (bfree * bsize < 40e9 || type === memoryFileSystem) {
      skip(this, 'the disk has less than 40 GB of room, or is memory');
    }
    const { reason, log } = await failedBuild({
      name: 'large',
      system_setup_commands: ['for n in 1 2; do fallocate -l 9G part-$n; done; sleep 20'],
    });
    assert.equal(reason, 'out_of_disk');
    assert.match(log, /Out of disk/);
  });
});
