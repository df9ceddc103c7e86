import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import * as yauzl from 'yauzl';
import { ZipFile } from 'yazl';
import { RunningServer, sessionKey } from '../runningServer';

describe('uploads and downloads', () => {
  let server: RunningServer;
  let number = 0;
  let folder: string;
  before(async () => (server = await RunningServer.start()));
  after(() => server.stop());
  beforeEach(async () => {
    number += 1;
    folder = join(server.workspace, String(number));
    await mkdir(folder);
  });

  const upload = async (query: string, bytes: Uint8Array, filename: string, field = 'file') => {
    const form = new FormData();
    form.append(field, new Blob([bytes]), filename);
    const response = await fetch(`http://127.0.0.1:${server.port}/upload_file?${query}`, {
      method: 'POST',
      headers: { 'X-Session-API-Key': sessionKey },
      body: form,
    });
    return { status: response.status, text: await response.text() };
  };

  const download = (path: string) =>
    fetch(`http://127.0.0.1:${server.port}/download_files?path=${encodeURIComponent(path)}`, {
      headers: { 'X-Session-API-Key': sessionKey },
    });

  const zipped = async (entries: Record<string, string>): Promise<Buffer> => {
    const zip = new ZipFile();
    for (const [name, text] of Object.entries(entries)) zip.addBuffer(Buffer.from(text), name);
    zip.end();
    return buffer(zip.outputStream as NodeJS.ReadableStream & AsyncIterable<Buffer>);
  };

  it('stores a file in a new directory', async () => {
    const destination = `${folder}/a/b`;
    const answer = await upload(`destination=${destination}`, Buffer.from('héllo\r\n'), 'a b.txt');
    assert.deepEqual(
      [answer.status, JSON.parse(answer.text)],
      [200, { filename: 'a b.txt', destination, recursive: false }],
    );
    assert.equal(await readFile(`${destination}/a b.txt`, 'utf8'), 'héllo\r\n');
  });

  it('keeps a file inside the destination whatever its name', async () => {
    assert.equal((await upload(`destination=${folder}/in`, Buffer.from('x'), '../../evil')).status, 200);
    assert.deepEqual(await readdir(folder), ['in']);
    assert.deepEqual(await readdir(`${folder}/in`), ['evil']);
  });

  it('unpacks an archive without the entries that lead out', async () => {
    // The library refuses to write such names, so they are put in place of others of the same length.
    const archive = await zipped({ 'AA/e': 'bad', BBBB: 'bad', 'ok.txt': 'fine', 'sub/deep/x': 'y' });
    const crafted = Buffer.from(
      archive.toString('latin1').replaceAll('AA/e', '../e').replaceAll('BBBB', '/abs'),
      'latin1',
    );
    const answer = await upload(`destination=${folder}/in&recursive=true`, crafted, 'pack.zip');
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual((await readdir(`${folder}/in`)).sort(), ['ok.txt', 'sub']);
    assert.deepEqual(await readdir(folder), ['in']);
    assert.equal(await readFile(`${folder}/in/sub/deep/x`, 'utf8'), 'y');
  });

  it('says why it cannot', async () => {
    const relative = await upload('destination=rel', Buffer.from(''), 'a');
    assert.deepEqual([relative.status, relative.text], [500, '{"detail":"400: Destination must be an absolute path"}']);
    const noZip = await upload(`destination=${folder}&recursive=1`, Buffer.from(''), 'a.txt');
    assert.deepEqual([noZip.status, noZip.text], [500, '{"detail":"400: Recursive uploads must be zip files"}']);
    const broken = await upload(`destination=${folder}`, Buffer.from('no zip'), 'a.zip');
    assert.equal(broken.status, 500);
    for (const answer of [
      await upload(`destination=${folder}`, Buffer.from(''), 'a', 'other'),
      await upload(`destination=${folder}&recursive=perhaps`, Buffer.from(''), 'a'),
    ]) {
      assert.equal(answer.status, 422);
      assert.match(answer.text, /^\{"detail":"Invalid request parameters","errors":"/);
    }
    assert.equal((await server.request('POST', '/upload_file?destination=/tmp', '{}')).status, 422);
  });

  it('takes a large upload', async () => {
    const bytes = Buffer.alloc(20_000_000, 'abc');
    assert.equal((await upload(`destination=${folder}`, bytes, 'large')).status, 200);
    assert.ok((await readFile(`${folder}/large`)).equals(bytes));
  });

  it('packs a directory', async () => {
    await mkdir(`${folder}/d/empty`, { recursive: true });
    await writeFile(`${folder}/d/é.txt`, 'e');
    await writeFile(`${folder}/top`, 'top');
    await symlink('top', `${folder}/link`);
    await symlink('d', `${folder}/dirlink`);
    await symlink('nowhere', `${folder}/broken`);
    const response = await download(folder);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/zip');
    assert.equal(response.headers.get('content-disposition'), `attachment; filename="${number}.zip"`);
    assert.ok(response.headers.get('etag'));
    assert.ok(response.headers.get('last-modified'));
    const zip = await yauzl.fromBufferPromise(Buffer.from(await response.arrayBuffer()));
    const names: string[] = [];
    for await (const entry of zip.eachEntry()) {
      names.push(entry.fileName);
      assert.equal(entry.compressionMethod, 0);
    }
    assert.deepEqual(names.sort(), ['d/é.txt', 'link', 'top']);
    assert.equal((await download(folder)).headers.get('content-length'), response.headers.get('content-length'));
  });

  it('packs a single file', async () => {
    await writeFile(`${folder}/one`, 'content');
    const zip = await yauzl.fromBufferPromise(Buffer.from(await (await download(`${folder}/one`)).arrayBuffer()));
    const texts: string[] = [];
    for await (const entry of zip.eachEntry()) {
      texts.push(entry.fileName, (await buffer(await zip.openReadStreamPromise(entry))).toString());
    }
    assert.deepEqual(texts, ['one', 'content']);
  });

  it('says why it cannot pack', async () => {
    const relative = await download('rel');
    assert.equal(relative.status, 500);
    assert.match(await relative.text(), /^\{"detail":"400: /);
    const missing = await download('/nonexistent');
    assert.deepEqual([missing.status, await missing.text()], [500, '{"detail":"404: File not found"}']);
    assert.equal((await server.request('GET', '/download_files')).status, 422);
  });
});
