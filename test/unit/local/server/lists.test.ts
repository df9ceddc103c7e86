import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { APIError } from '@runloop/api-client';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';

const status =
  (wanted: number, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof APIError && error.status === wanted && text.test(error.message);

interface Page {
  readonly names: readonly string[];
  readonly more: boolean;
  readonly total: number | undefined;
}

describe('local platform, lists', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
  });

  const ask = async (path: string, key: string, query: Record<string, string>): Promise<Page> => {
    const body = await client.get<
      unknown,
      { has_more: boolean; total_count?: number } & Record<string, { name: string | null }[]>
    >(path, { query });
    return { names: (body[key] ?? []).map(({ name }) => name ?? ''), more: body.has_more, total: body.total_count };
  };

  it('finds devboxes by status, name, search and metadata, and pages through them', async () => {
    const ids: string[] = [];
    for (const [name, team] of [
      ['one', 'a'],
      ['two', 'a'],
      ['one and a half', 'b'],
    ] as const) {
      ids.push((await client.devboxes.createAndAwaitRunning({ name, metadata: { team, name } })).id);
    }
    await client.devboxes.shutdown(ids[1] ?? '');
    const find = (query: Record<string, string>): Promise<Page> => ask('/v1/devboxes', 'devboxes', query);
    assert.deepEqual((await find({ status: 'running' })).names, ['one and a half', 'one']);
    assert.deepEqual((await find({ name: 'one' })).names, ['one']);
    assert.deepEqual((await find({ search: 'ONE' })).names, ['one and a half', 'one']);
    assert.deepEqual((await find({ search: ids[1] ?? '' })).names, ['two']);
    assert.deepEqual((await find({ 'metadata[team]': 'a' })).names, ['two', 'one']);
    assert.deepEqual((await find({ 'metadata[team]': 'a', status: 'running' })).names, ['one']);
    assert.deepEqual((await find({ 'metadata[team][in]': 'b,c' })).names, ['one and a half']);
    assert.deepEqual(await find({ limit: '2', 'metadata[team][in]': 'a,b' }), {
      names: ['one and a half', 'two'],
      more: true,
      total: 3,
    });
    assert.deepEqual(await find({ limit: '2', 'metadata[team][in]': 'a,b', starting_after: ids[1] ?? '' }), {
      names: ['one'],
      more: false,
      total: 3,
    });
    assert.deepEqual(await find({ limit: '5000', starting_after: 'dbx_nobody', include_total_count: 'false' }), {
      names: [],
      more: false,
      total: undefined,
    });
    await assert.rejects(find({ limit: '5001' }), status(400, /limit/));
    await assert.rejects(find({ status: 'asleep' }), status(400, /"asleep" is not a status/));
    await Promise.all(ids.map((id) => client.devboxes.shutdown(id)));
  });

  it('finds blueprints by name, status, search and metadata, and knows the metadata in use', async () => {
    for (const [name, command] of [
      ['builder', 'true'],
      ['Builder two', 'true'],
      ['builder', 'false'],
    ] as const) {
      await client.blueprints
        .createAndAwaitBuildCompleted({ name, system_setup_commands: [command], metadata: { command } })
        .catch(() => undefined);
    }
    const find = (query: Record<string, string>): Promise<Page> => ask('/v1/blueprints', 'blueprints', query);
    assert.deepEqual((await find({})).names, ['builder', 'Builder two', 'builder', 'openhands']);
    assert.deepEqual((await find({ name: 'builder' })).names, ['builder', 'builder']);
    assert.deepEqual((await find({ name: 'builder', status: 'failed' })).names, ['builder']);
    assert.deepEqual((await find({ search: 'TWO' })).names, ['Builder two']);
    assert.deepEqual((await find({ 'metadata[command]': 'false' })).names, ['builder']);
    assert.deepEqual(await find({ limit: '1', name: 'builder' }), { names: ['builder'], more: true, total: 2 });
    assert.deepEqual((await find({ starting_after: 'bpt_nobody' })).names, []);
    const all: string[] = [];
    for await (const { name } of client.blueprints.list({ limit: 1 })) {
      all.push(name);
    }
    assert.deepEqual(all, ['builder', 'Builder two', 'builder', 'openhands']);
    assert.deepEqual((await ask('/v1/blueprints/list_public', 'blueprints', {})).names, ['openhands']);
    assert.deepEqual(await client.get('/v1/blueprints/metadata/keys/command/values'), {
      key: 'command',
      values: ['false', 'true'],
    });
    await assert.rejects(find({ status: 'half' }), status(400, /"half" is not a status/));
  });

  it('finds snapshots by name and search, and refuses to end a devbox whose snapshot is being made', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { launch_commands: ['mkdir many && cd many && seq 20000 | xargs -n 1000 touch'] },
    });
    const { id: first } = await client.devboxes.snapshotDiskAsync(id, { name: 'slow', metadata: { kind: 'slow' } });
    await assert.rejects(
      client.devboxes.shutdown(id),
      status(409, new RegExp(`snapshot of devbox ${id} is being made`)),
    );
    await assert.rejects(client.devboxes.diskSnapshots.delete(first), status(409, /in_progress/));
    await client.devboxes.diskSnapshots.awaitCompleted(first);
    await client.devboxes.snapshotDisk(id, { name: 'Slow again' });
    const find = (query: Record<string, string>): Promise<Page> =>
      ask('/v1/devboxes/disk_snapshots', 'snapshots', query);
    assert.deepEqual((await find({ name: 'slow' })).names, ['slow']);
    assert.deepEqual((await find({ search: 'SLOW' })).names, ['Slow again', 'slow']);
    assert.deepEqual(await find({ limit: '1' }), { names: ['Slow again'], more: true, total: 2 });
    assert.deepEqual(await client.get('/v1/devboxes/disk_snapshots/metadata/keys'), { keys: ['kind'] });
    await client.devboxes.snapshotDiskAsync(id);
    assert.equal((await client.devboxes.shutdown(id, { force: 'true' })).status, 'shutdown');
  });
});
