import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { skip } from '../../../../run/skip';

const asRoot = { launch_parameters: { user_parameters: { username: 'root', uid: 0 } } };

/** Everything that a shell needs hangs for ever, and what is loaded before all else does not exist. */
const spoil = `
printf '#!/usr/bin/sleep 100000\\n' > /tmp/hang; chmod 755 /tmp/hang
for name in cat head stat realpath dirname mkdir chmod mv rm chown tar find ls stty; do cp --remove-destination /tmp/hang /usr/bin/$name 2>/dev/null; done
echo /nowhere/preload.so > /etc/ld.so.preload
cp /usr/bin/sleep /usr/bin/sleep2; printf '#!/usr/bin/sleep2 100000\\n' > /tmp/hang2; chmod 755 /tmp/hang2
cp --remove-destination /tmp/hang2 /usr/bin/bash
`;

describe('what the platform does to files of a devbox that has spoilt its own programs', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let client: Client;

  before(async function () {
    platform = await startPlatform();
    client = platform.client();
    if (platform.stderr().includes('plain processes') || process.getuid?.() !== 0) {
      skip(this, 'only there can a devbox change programs');
    }
  });
  after(() => platform.stop());

  it('is done by programs of the computer, which nobody in it sees', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    await client.devboxes.executeAndAwaitCompletion(id, { command: 'echo there > /root/before; echo x > /tmp/x' });
    await client.devboxes.executeAsync(id, { command: spoil });
    await waitFor('its ruin', async () => {
      const text = (await client.devboxes.readFileContents(id, { file_path: '/usr/bin/bash' })).slice(0, 22);
      return text === '#!/usr/bin/sleep2 1000' ? true : undefined;
    });
    assert.equal(await client.devboxes.readFileContents(id, { file_path: '/root/before' }), 'there\n');
    await client.devboxes.writeFileContents(id, { file_path: '/root/a/b/c', contents: 'words' });
    assert.equal(await client.devboxes.readFileContents(id, { file_path: '~/a/b/c' }), 'words');
    await client.devboxes.uploadFile(id, { path: '/root/up', file: new File(['bytes'], 'up') });
    assert.equal(await (await client.devboxes.downloadFile(id, { path: '/root/up' })).text(), 'bytes');
    await assert.rejects(client.devboxes.readFileContents(id, { file_path: '/root/none' }), /no such file/);
    await assert.rejects(client.devboxes.readFileContents(id, { file_path: '/root' }), /a folder/);
  });

  it('does not wait for what is no file, and ends with its client', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning(asRoot);
    await client.devboxes.executeAndAwaitCompletion(id, {
      command: 'mkfifo /root/pipe; truncate -s 3G /root/large; ln -s loop /root/loop',
    });
    await assert.rejects(client.devboxes.readFileContents(id, { file_path: '/root/pipe' }), /no such file/);
    const written = await client.devboxes.writeFileContents(id, { file_path: '/root/pipe', contents: 'x' });
    assert.notEqual((written as { exit_status?: number }).exit_status, 0);
    const looped = await client.devboxes.writeFileContents(id, { file_path: '/root/loop', contents: 'x' });
    assert.notEqual((looped as { exit_status?: number }).exit_status, 0);
    const download = await readAtLeisure(platform, id);
    await waitFor('its reader', () => (readers('/root/large') === 1 ? true : undefined));
    await download.body?.cancel();
    await waitFor('the end of its reader', () => (readers('/root/large') === 0 ? true : undefined));
    // So does what reads for a client while its devbox ends.
    const other = await readAtLeisure(platform, id);
    await waitFor('its reader', () => (readers('/root/large') === 1 ? true : undefined));
    await client.devboxes.shutdown(id);
    assert.equal(readers('/root/large'), 0);
    await other.body?.cancel();
  });
});

/** A download whose body nobody reads. */
function readAtLeisure({ baseUrl, apiKey }: TestPlatform, id: string): Promise<Response> {
  return fetch(`${baseUrl}/v1/devboxes/${id}/download_file`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ path: '/root/large' }),
  });
}

/** Processes of this computer that were told of a file by their last word. */
function readers(file: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').endsWith(`\0${file}\0`);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  }).length;
}
