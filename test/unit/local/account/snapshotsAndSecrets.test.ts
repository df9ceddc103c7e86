import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { APIError, RunloopSDK } from '@runloop/api-client';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';

const status =
  (wanted: number, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof APIError && error.status === wanted && text.test(error.message);

describe('local platform, snapshots, secrets and facts', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
  });

  it('snapshots a disk, lists and changes it, and makes devboxes of it', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({ name: 'source' });
    await client.devboxes.writeFileContents(id, { file_path: '/workspace/a', contents: 'one' });
    const first = await client.devboxes.snapshotDisk(id, {
      name: 'first',
      commit_message: 'why',
      metadata: { team: 'a', env: 'x' },
    });
    assert.deepEqual([first.name, first.commit_message, first.source_devbox_id], ['first', 'why', id]);
    assert.ok((first.size_bytes ?? 0) > 0);
    await client.devboxes.writeFileContents(id, { file_path: '/workspace/a', contents: 'two' });
    const second = await client.devboxes.snapshotDiskAsync(id, { metadata: { team: 'b' } }, { idempotencyKey: 'same' });
    assert.equal(
      (await client.devboxes.snapshotDiskAsync(id, { metadata: { team: 'b' } }, { idempotencyKey: 'same' })).id,
      second.id,
    );
    await client.devboxes.diskSnapshots.awaitCompleted(second.id);
    const listed = async (query: Record<string, string>): Promise<string[]> =>
      (await client.devboxes.diskSnapshots.list({}, { query })).snapshots.map((snapshot) => snapshot.id);
    assert.deepEqual(await listed({ devbox_id: id }), [second.id, first.id]);
    assert.deepEqual(await listed({ 'metadata[team]': 'a' }), [first.id]);
    assert.deepEqual(await listed({ 'metadata[team][in]': 'b,c' }), [second.id]);
    assert.deepEqual(await listed({ devbox_id: 'dbx_other' }), []);
    assert.deepEqual((await client.devboxes.diskSnapshots.update(first.id, { metadata: { only: 'this' } })).metadata, {
      only: 'this',
    });
    const made = await client.devboxes.createAndAwaitRunning({ snapshot_id: first.id });
    assert.equal(made.snapshot_id, first.id);
    assert.equal(await client.devboxes.readFileContents(made.id, { file_path: '/workspace/a' }), 'one');
    await client.devboxes.diskSnapshots.delete(first.id);
    assert.equal((await client.devboxes.diskSnapshots.queryStatus(first.id)).status, 'deleted');
    await assert.rejects(client.devboxes.create({ snapshot_id: first.id }), status(400, /no complete snapshot/));
    await client.devboxes.diskSnapshots.delete(first.id);
    await client.devboxes.suspend(id);
    await client.devboxes.awaitSuspended(id);
    await client.devboxes.snapshotDisk(id);
    await client.devboxes.shutdown(id);
    await assert.rejects(client.devboxes.snapshotDisk(id), status(400, /shutdown/));
    assert.deepEqual(
      readdirSync(join(platform.dataDir, 'snapshots')).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('does not shut down a devbox that is being snapshotted, unless forced to; other ends leave the snapshot whole', async () => {
    // So many files that copying them takes longer than a request, and removing them, too.
    const fill = 'mkdir -p many && cd many && seq 4000 | split -l 1 -a 4 - f';
    const { id } = await client.devboxes.createAndAwaitRunning({ launch_parameters: { launch_commands: [fill] } });
    const repeated = { idempotencyKey: 'snapshot-once' };
    const snapshot = await client.devboxes.snapshotDiskAsync(id, { name: 'given up' }, repeated);
    assert.equal(
      (await client.devboxes.snapshotDiskAsync(id, { name: 'given up' }, repeated)).id,
      snapshot.id,
      'a repeated request makes one snapshot',
    );
    await assert.rejects(client.devboxes.shutdown(id), status(409, /is being made/));
    assert.equal((await client.devboxes.retrieve(id)).status, 'running');
    assert.equal((await client.devboxes.shutdown(id, { force: 'true' })).status, 'shutdown');
    assert.equal((await client.devboxes.diskSnapshots.queryStatus(snapshot.id)).status, 'error');
    assert.equal((await client.devboxes.shutdown(id)).status, 'shutdown', 'again, without a snapshot in the way');

    const { id: short } = await client.devboxes.createAndAwaitRunning({
      entrypoint: `${fill} && touch ~/full && while [ ! -e ~/end ]; do sleep 0.05; done`,
    });
    await waitFor('its files', async () =>
      (await client.devboxes.executeAndAwaitCompletion(short, { command: 'test -e ~/full' })).exit_status === 0
        ? true
        : undefined,
    );
    const kept = await client.devboxes.snapshotDiskAsync(short, {});
    await client.devboxes.writeFileContents(short, { file_path: 'end', contents: '' });
    await client.devboxes.diskSnapshots.awaitCompleted(kept.id);
    const made = await client.devboxes.createAndAwaitRunning({ snapshot_id: kept.id });
    assert.equal(
      (await client.devboxes.executeAndAwaitCompletion(made.id, { command: 'ls many | wc -l' })).stdout,
      '4000\n',
    );
    await client.devboxes.shutdown(made.id);
  }).timeout(120_000);

  it('keeps secrets encrypted and gives their values to devboxes only', async () => {
    const value = 'very-secret-value-1';
    const created = await client.secrets.create({ name: 'TOKEN', value });
    assert.ok(!('value' in created));
    await assert.rejects(client.secrets.create({ name: 'TOKEN', value }), status(400, /already exists/));
    assert.deepEqual(
      (await client.secrets.list()).secrets.map(({ name }) => name),
      ['TOKEN'],
    );
    const { id } = await client.devboxes.createAndAwaitRunning({
      secrets: { MY_TOKEN: 'TOKEN' },
      launch_parameters: { launch_commands: ['printf %s "$MY_TOKEN" > token'] },
    });
    assert.equal(await client.devboxes.readFileContents(id, { file_path: 'token' }), value);
    await client.devboxes.shutdown(id);
    await client.secrets.update('TOKEN', { value: 'very-secret-value-2' });
    await assert.rejects(client.devboxes.create({ secrets: { A: 'NONE' } }), status(400, /no secret NONE/));
    for (const name of readdirSync(platform.dataDir).filter(
      (file) => file.startsWith('platform.db') && statSync(join(platform.dataDir, file)).isFile(),
    )) {
      assert.ok(!readFileSync(join(platform.dataDir, name)).includes('very-secret-value'), name);
    }
    assert.equal(statSync(join(platform.dataDir, 'secrets.key')).mode & 0o777, 0o600);
    await client.secrets.delete('TOKEN');
    await assert.rejects(client.secrets.retrieve('TOKEN'), status(404, /no secret TOKEN/));
  });

  it('finds a secret by its id too, which a later secret of that name does not have', async () => {
    const first = await client.secrets.create({ name: 'AGAIN', value: '1' });
    const byId = (action = '', body?: object): Promise<{ id: string; name: string }> =>
      body === undefined && action === ''
        ? client.get(`/v1/secrets/id/${first.id}`)
        : client.post(`/v1/secrets/id/${first.id}${action}`, { body: body ?? {} });
    assert.deepEqual(
      [(await byId()).name, (await byId('/update', { value: '2' })).id, (await byId('/delete')).id],
      ['AGAIN', first.id, first.id],
    );
    const second = await client.secrets.create({ name: 'AGAIN', value: '3' });
    for (const ask of [byId, () => byId('/update', { value: '4' }), () => byId('/delete')]) {
      await assert.rejects(ask(), status(404, /no secret with the id/));
    }
    assert.equal((await client.secrets.delete('AGAIN')).id, second.id);
    await assert.rejects(client.secrets.create({ name: '', value: '1' }), status(400, /needs a name/));
    assert.equal((await client.secrets.create({ name: 'no-variable', value: '1' })).name, 'no-variable');
  });

  it('counts usage, knows the metadata in use, and works for another user', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({
      metadata: { kind: 'facts' },
      launch_parameters: {
        user_parameters: { username: 'ada', uid: 1001 },
        launch_commands: ['pwd; echo "$HOME $USER"'],
      },
    });
    assert.match(await logText(client, id), /\/home\/ada\n\/home\/ada ada/);
    const usage = await client.devboxes.retrieveResourceUsage(id);
    assert.deepEqual([usage.id, usage.status], [id, 'running']);
    assert.ok(usage.total_elapsed_seconds >= usage.total_active_seconds);
    const { keys } = await client.get<unknown, { keys: string[] }>('/v1/devboxes/metadata/keys');
    assert.ok(keys.includes('kind'));
    assert.deepEqual(await client.get('/v1/devboxes/metadata/keys/kind/values'), { key: 'kind', values: ['facts'] });
    await client.devboxes.shutdown(id);
  });

  it('fails clearly when a repository cannot be cloned', async () => {
    const { id } = await client.devboxes.create({ code_mounts: [{ repo_owner: 'nobody', repo_name: 'nothing' }] });
    const failed = await waitFor('its failure', async () => {
      const devbox = await client.devboxes.retrieve(id);
      return devbox.status === 'failure' ? devbox : undefined;
    });
    assert.equal(failed.failure_reason, 'execution_failed');
    assert.match(await logText(client, id), /repository https:\/\/github.com\/nobody\/nothing.git could not be cloned/);
  });

  it('builds blueprints from a Dockerfile and setup commands, and devboxes from blueprints', async () => {
    const built = await client.blueprints.createAndAwaitBuildCompleted({
      name: 'tools',
      dockerfile:
        'ARG WHO=nobody\nFROM ubuntu:22.04\nARG WHO\n# words\nENV GREETING="hello $WHO" OTHER=x\nWORKDIR /workspace/app\nRUN echo "$GREETING" \\\n  > made\n',
      build_args: { WHO: 'you' },
      system_setup_commands: ['echo "from setup" && pwd'],
      launch_parameters: { launch_commands: ['cat /workspace/app/made'], keep_alive_time_seconds: 500 },
    });
    assert.deepEqual([built.status, built.state, built.name], ['build_complete', 'created', 'tools']);
    assert.match(
      (await client.blueprints.logs(built.id)).logs.map((entry) => entry.message).join('\n'),
      /Step 4[^]*from setup\n\/workspace\/app/,
    );
    const devbox = await client.devboxes.createAndAwaitRunning({
      blueprint_name: 'tools',
      entrypoint: 'echo "env $GREETING"; exec sleep 1000',
    });
    assert.deepEqual([devbox.blueprint_id, devbox.launch_parameters.keep_alive_time_seconds], [built.id, 500]);
    await waitFor('the blueprint’s variable', async () =>
      /hello you\nenv hello you/.test(await logText(client, devbox.id)) ? true : undefined,
    );
    const snapshot = await client.devboxes.snapshotDisk(devbox.id);
    await assert.rejects(client.blueprints.delete(built.id), status(409, /Snapshots depend on/));
    await client.devboxes.shutdown(devbox.id);
    await client.devboxes.diskSnapshots.delete(snapshot.id);
    const failed = await client.blueprints.create({
      name: 'tools',
      base_blueprint_id: built.id,
      system_setup_commands: ['cat /workspace/app/made; exit 4'],
    });
    const ended = await waitFor('the failure', async () => {
      const blueprint = await client.blueprints.retrieve(failed.id);
      return blueprint.status === 'failed' ? blueprint : undefined;
    });
    assert.equal(ended.failure_reason, 'build_failed');
    assert.match(
      (await client.blueprints.logs(failed.id)).logs.map((entry) => entry.message).join('\n'),
      /hello you\nStep 1 ended with exit code 4/,
    );
    assert.deepEqual(
      (await client.blueprints.list({ name: 'tools' })).blueprints.map(({ id }) => id),
      [failed.id, built.id],
    );
    await client.blueprints.delete(built.id);
    assert.equal((await client.blueprints.retrieve(built.id)).state, 'deleted');
    await assert.rejects(
      client.blueprints.create({ name: 'x', dockerfile: 'FROM windows' }),
      status(400, /Line 1 of the Dockerfile/),
    );
    await assert.rejects(client.devboxes.create({ blueprint_id: built.id }), status(400, /no blueprint/));
  });

  it('works with the SDK’s object layer', async () => {
    const sdk = new RunloopSDK({
      baseURL: platform.baseUrl,
      bearerToken: platform.apiKey,
      http2: false,
      maxRetries: 0,
    });
    const devbox = await sdk.devbox.create({ name: 'object' });
    await devbox.file.write({ file_path: 'note', contents: 'kept' });
    const snapshot = await devbox.snapshotDisk({ name: 'by object' });
    await devbox.suspend();
    await devbox.awaitSuspended();
    await devbox.resume();
    assert.equal((await devbox.getInfo()).status, 'running');
    const copy = await sdk.devbox.createFromSnapshot(snapshot.id);
    assert.equal(await copy.file.read({ file_path: 'note' }), 'kept');
    await Promise.all([devbox.shutdown(), copy.shutdown()]);
    await snapshot.delete();
  });
});
