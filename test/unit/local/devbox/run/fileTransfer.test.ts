import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK, toFile } from '@runloop/api-client';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';

const mebibyte = 1024 * 1024;

describe('local platform files', () => {
  let platform: TestPlatform;
  let client: Client;
  let id: string;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
    ({ id } = await client.devboxes.createAndAwaitRunning({}));
  });
  after(async () => {
    await platform.stop();
  });

  const run = async (command: string): Promise<string> =>
    (await client.devboxes.executeAndAwaitCompletion(id, { command })).stdout ?? '';

  async function download(path: string): Promise<Buffer> {
    return Buffer.from(await (await client.devboxes.downloadFile(id, { path })).arrayBuffer());
  }

  /** Sends an upload of `size` zero bytes in pieces; gives the status, or undefined when it is broken off on the way. */
  function sendUpload(path: string, size: number, breakAt = Number.POSITIVE_INFINITY): Promise<number | undefined> {
    const head = `--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n`;
    const tail = `\r\n--b\r\ncontent-disposition: form-data; name="path"\r\n\r\n${path}\r\n--b--\r\n`;
    return new Promise((resolve, reject) => {
      const sent = request(`${platform.baseUrl}/v1/devboxes/${id}/upload_file`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${platform.apiKey}`,
          'content-type': 'multipart/form-data; boundary=b',
          'content-length': head.length + size + tail.length,
        },
      });
      sent.on('response', (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
      });
      sent.on('error', (error) => (breakAt < size ? resolve(undefined) : reject(error)));
      const piece = Buffer.alloc(mebibyte);
      sent.write(head);
      let done = 0;
      const more = (): void => {
        while (done < size) {
          if (done >= breakAt) {
            sent.destroy();
            return;
          }
          done += piece.length;
          if (!sent.write(piece)) {
            sent.once('drain', more);
            return;
          }
        }
        sent.end(tail);
      };
      more();
    });
  }

  const residentMebibytes = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${platform.pid}/status`, 'utf8'))?.[1]) / 1024;

  it('moves text and binary files by absolute, relative and ~ paths, over both transports', async () => {
    for (const transport of ['http1', 'http2'] as const) {
      const api = platform.client(transport);
      const bytes = randomBytes(300_000);
      assert.deepEqual(
        await api.devboxes.uploadFile(id, { path: '~/deep/down/b.bin', file: await toFile(bytes, 'b.bin') }),
        {},
      );
      assert.equal(
        await run('sha256sum < deep/down/b.bin'),
        `${createHash('sha256').update(bytes).digest('hex')}  -\n`,
      );
      const back = await api.devboxes.downloadFile(id, { path: 'deep/down/b.bin' });
      assert.match(back.headers.get('content-disposition') ?? '', /^attachment/);
      assert.deepEqual(Buffer.from(await back.arrayBuffer()), bytes);
      await api.devboxes.writeFileContents(id, { file_path: 'note', contents: 'grüße\n' });
      assert.equal(await api.devboxes.readFileContents(id, { file_path: '/home/user/note' }), 'grüße\n');
    }
    const { file } = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey }).devbox.fromId(id);
    await file.write({ file_path: '~/oo', contents: '{"a": 1}' });
    assert.equal(await file.read({ file_path: 'oo' }), '{"a": 1}');
    await file.upload({ path: 'up', file: await toFile(Buffer.from('x')) });
    assert.equal(await (await file.download({ path: 'up' })).text(), 'x');
    assert.equal((await download('/proc/version')).length > 0, true);
  });

  it('keeps permissions of a file that is replaced, and writes through links inside the devbox', async () => {
    await run('echo "#!/bin/sh" > tool; chmod 755 tool; ln -s tool link');
    await client.devboxes.uploadFile(id, { path: 'link', file: await toFile(Buffer.from('new')) });
    assert.equal(await run('cat tool; stat -c " %a" tool; readlink link'), 'new 755\ntool\n');
  });

  it('sees through a link only what the devbox sees', async () => {
    await run(`ln -s ${platform.dataDir} data; ln -s /etc/../../../..${platform.dataDir}/x out`);
    await assert.rejects(client.devboxes.downloadFile(id, { path: 'data/devboxes' }), /404/);
    await client.devboxes.uploadFile(id, { path: 'out', file: await toFile(Buffer.from('inside')) });
    assert.equal(await run(`cat ${platform.dataDir}/x`), 'inside');
    assert.throws(() => readFileSync(`${platform.dataDir}/x`), /ENOENT/);
  });

  it('refuses what is not there or no file, and forms that are not complete', async () => {
    await assert.rejects(client.devboxes.downloadFile(id, { path: 'none' }), /404 .*no such file/);
    await assert.rejects(client.devboxes.readFileContents(id, { file_path: '/tmp' }), /400 .*a folder/);
    await assert.rejects(
      client.devboxes.uploadFile(id, { path: '/tmp', file: await toFile(Buffer.from('x')) }),
      /400 .*a folder/,
    );
    await assert.rejects(
      client.devboxes.uploadFile(id, { path: '', file: await toFile(Buffer.from('x')) }),
      /400 .*"path"/,
    );
    await run('truncate -s 101M large');
    await assert.rejects(client.devboxes.readFileContents(id, { file_path: 'large' }), /400 .*download_file/);
    assert.equal(await run('rm large; ls -A /var/tmp'), '');
  });

  it('keeps nothing of an upload that broke off', async () => {
    assert.equal(await sendUpload('/workspace/broken', 8 * mebibyte, 4 * mebibyte), undefined);
    await waitFor('an empty folder', async () =>
      (await run('ls -A /var/tmp /workspace')) === '/var/tmp:\n\n/workspace:\n' ? true : undefined,
    );
  });

  it('moves a file of 1 GB in constant memory', async () => {
    await run('truncate -s 1G /workspace/big');
    const before = residentMebibytes();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, residentMebibytes())), 50);
    let size = 0;
    const answer = await client.devboxes.downloadFile(id, { path: '/workspace/big' });
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
    }
    assert.equal(size, 1024 * mebibyte);
    assert.equal(await sendUpload('/workspace/up', 128 * mebibyte), 200);
    clearInterval(watch);
    assert.equal(await run('stat -c %s /workspace/up; rm /workspace/up'), `${128 * mebibyte}\n`);
    assert.ok(most - before < 150, `${Math.round(before)} MiB before, ${Math.round(most)} MiB at most`);
  }).timeout(120_000);

  it('logs what was done', async () => {
    const { logs } = await client.devboxes.logs.list(id);
    const messages = logs.filter(({ source }) => source === 'files').map(({ message }) => message);
    assert.ok(
      messages.includes('upload ~/deep/down/b.bin') &&
        messages.includes('write note (8 bytes)') &&
        !messages.includes('download none'),
    );
  });
});
