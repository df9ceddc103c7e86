import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { APIError, RunloopSDK } from '@runloop/api-client';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';

const status =
  (wanted: number, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof APIError && error.status === wanted && text.test(error.message);

describe('local platform, objects', () => {
  let platform: TestPlatform;
  let client: Client;
  let sdk: RunloopSDK;
  let folder: string;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
    folder = mkdtempSync(join(tmpdir(), 'runloop-objects-'));
  });
  after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes bytes by PUT, completes, gives them back, and deletes', async () => {
    const created = await client.objects.create({ name: 'note.txt', content_type: 'text', metadata: { a: 'b' } });
    assert.match(created.id, /^obj_/);
    assert.deepEqual([created.state, created.size_bytes, created.metadata], ['UPLOADING', null, { a: 'b' }]);
    await assert.rejects(client.objects.complete(created.id), status(400, /Nothing was uploaded/));
    await assert.rejects(client.objects.download(created.id), status(400, /UPLOADING/));
    const address = created.upload_url ?? '';
    const put = async (body: string, to = address): Promise<number> =>
      (await fetch(to, { method: 'PUT', body })).status;
    assert.equal(await put('first'), 200);
    assert.equal(await put('Grüße'), 200);
    assert.equal((await client.objects.retrieve(created.id)).upload_url, undefined);
    const complete = await client.objects.complete(created.id);
    assert.deepEqual([complete.state, complete.size_bytes], ['READ_ONLY', 7]);
    assert.equal((await client.objects.complete(created.id)).state, 'READ_ONLY', 'a repeated one changes nothing');
    assert.equal(await put('late'), 409);
    const { download_url: down } = await client.objects.download(created.id, { duration_seconds: 60 });
    const answer = await fetch(down);
    assert.deepEqual([answer.status, answer.headers.get('content-length'), await answer.text()], [200, '7', 'Grüße']);
    assert.equal(await put('x', down), 403, 'an address is for one thing only');
    assert.equal((await fetch(down.replace(/expires=\d+/, 'expires=99999999999'))).status, 403);
    assert.equal((await fetch(down.replace(/\?.*/, ''))).status, 403);
    assert.equal((await client.objects.delete(created.id)).state, 'DELETED');
    assert.equal((await client.objects.retrieve(created.id)).state, 'DELETED');
    assert.deepEqual((await client.objects.list()).objects, []);
    assert.equal((await client.objects.list({ state: 'DELETED' })).objects[0]?.id, created.id);
    assert.equal((await client.objects.delete(created.id)).state, 'DELETED', 'a repeated one changes nothing');
    assert.equal((await fetch(down)).status, 400);
    await assert.rejects(client.objects.complete(created.id), status(400, /DELETED/));
    await assert.rejects(client.objects.retrieve('obj_none'), status(404, /no object/));
    assert.deepEqual(readdirSync(join(platform.dataDir, 'objects')), []);
    await assert.rejects(client.objects.create({ name: '', content_type: 'text' }), status(400, /name/));
    await assert.rejects(
      client.objects.create({ name: 'x', content_type: 'zip' as 'tar' }),
      status(400, /content_type/),
    );
    const options = { idempotencyKey: 'one-object' };
    const [one, two] = [
      await client.objects.create({ name: 'x', content_type: 'text' }, options),
      await client.objects.create({ name: 'x', content_type: 'text' }, options),
    ];
    assert.equal(one.id, two.id);
    await client.objects.delete(one.id);
  });

  it('leaves nothing of an upload that breaks off', async () => {
    const { id, upload_url: address } = await client.objects.create({ name: 'broken', content_type: 'binary' });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(100_000));
        setTimeout(() => controller.error(new Error('broken off')), 100);
      },
    });
    await assert.rejects(fetch(address ?? '', { method: 'PUT', body, duplex: 'half' }));
    await waitFor('no rest', () => (readdirSync(join(platform.dataDir, 'objects')).length === 0 ? true : undefined));
    await assert.rejects(client.objects.complete(id), status(400, /Nothing was uploaded/));
    await client.objects.delete(id);
  });

  it('deletes an object when its time is over', async () => {
    const kept = await sdk.storageObject.uploadFromText('kept', 'kept');
    const created = await client.objects.create({ name: 'short', content_type: 'text', ttl_ms: 300 });
    await fetch(created.upload_url ?? '', { method: 'PUT', body: 'short' });
    assert.equal(created.delete_after_time_ms, created.create_time_ms + 300);
    await waitFor('its end', () =>
      readdirSync(join(platform.dataDir, 'objects')).includes(created.id) ? undefined : true,
    );
    assert.equal((await client.objects.retrieve(created.id)).state, 'DELETED');
    assert.equal(await kept.downloadAsText(), 'kept');
    await kept.delete();
  });

  it('lists by name, search, type, state and metadata, page by page', async () => {
    const ids: string[] = [];
    for (const [name, type] of [
      ['alpha-1', 'text'],
      ['alpha-2', 'tar'],
      ['beta', 'text'],
      ['Alpha-3', 'text'],
    ] as const) {
      ids.push((await client.objects.create({ name, content_type: type, metadata: { group: name.slice(0, 1) } })).id);
    }
    await sdk.storageObject.uploadFromText('x', 'alpha-4');
    const names = async (query: Record<string, string>): Promise<string[]> =>
      (await client.objects.list({}, { query })).objects.map(({ name }) => name);
    assert.deepEqual(await names({ name: 'alpha', state: 'UPLOADING' }), ['Alpha-3', 'alpha-2', 'alpha-1']);
    assert.deepEqual(await names({ name: 'alpha', state: 'READ_ONLY' }), ['alpha-4']);
    assert.deepEqual(await names({ content_type: 'tar' }), ['alpha-2']);
    assert.deepEqual(await names({ search: ids[2] ?? '' }), ['beta']);
    assert.deepEqual(await names({ 'metadata[group]': 'b' }), ['beta']);
    const first = await client.objects.list({ limit: 2, name: 'alpha' });
    assert.deepEqual([first.objects.length, first.has_more, first.total_count], [2, true, 4]);
    const all: string[] = [];
    for await (const object of client.objects.list({ limit: 2 })) {
      all.push(object.name);
    }
    assert.deepEqual(all, ['alpha-4', 'Alpha-3', 'beta', 'alpha-2', 'alpha-1']);
    assert.equal((await client.objects.list({ limit: 5_000 })).objects.length, 5);
    await assert.rejects(client.objects.list({ limit: 5_001 }), status(400, /limit/));
    await assert.rejects(client.objects.list({ state: 'GONE' as 'ERROR' }), status(400, /state/));
    assert.deepEqual((await client.objects.listPublic()).objects, []);
  });

  it('mounts files and archives, also ones that somebody else has packed', async () => {
    mkdirSync(join(folder, 'packed', 'inner'), { recursive: true });
    writeFileSync(join(folder, 'packed', 'inner', 'run.sh'), '#!/bin/sh\necho ran\n');
    chmodSync(join(folder, 'packed', 'inner', 'run.sh'), 0o755);
    execFileSync('tar', [
      '--owner=4242',
      '--group=4242',
      '-czf',
      join(folder, 'packed.tgz'),
      '-C',
      join(folder, 'packed'),
      '.',
    ]);
    const archive = await sdk.storageObject.uploadFromFile(join(folder, 'packed.tgz'), 'packed.tgz');
    const text = await sdk.storageObject.uploadFromText('a text', 'text');
    const devbox = await sdk.devbox.create({
      mounts: [
        { type: 'object_mount', object_id: archive.id, object_path: '/home/user/tools' },
        { type: 'object_mount', object_id: text.id, object_path: '~/deep/er/text' },
        { type: 'file_mount', target: '/workspace/file', content: 'a file' },
        { '/workspace/inline': text },
      ],
      launch_parameters: { launch_commands: ['cat ~/deep/er/text /workspace/file /workspace/inline'] },
    });
    assert.equal(await (await devbox.cmd.exec('tools/inner/run.sh')).stdout(), 'ran\n');
    assert.match(await logText(client, devbox.id), /a texta filea text/);
    await devbox.shutdown();
    await text.delete();
    await assert.rejects(sdk.devbox.create({ mounts: [{ '/x': text }] }), status(400, /no complete object/));
    await assert.rejects(
      client.devboxes.create({ mounts: [{ type: 'broker_mount', axon_id: 'axn_1' }] }),
      status(501, /mounts of brokers/),
    );
    await assert.rejects(
      client.devboxes.create({ mounts: [{ type: 'agent_mount', agent_id: 'agt_1', agent_name: null }] }),
      status(501, /mounts of agents/),
    );
  });
});
