import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { tarOf } from '../../../../../src/core/actionServer/transfer/tarOf';
import { isAborted } from '../../../../../src/core/errors';
import { workspaceFiles } from '../../../../../src/core/actionServer/transfer/workspaceFiles';
import { eventually } from '../../../../eventually';

const run = promisify(execFile);

describe('uploading a folder that is unlike what was listed', function () {
  this.timeout(120_000);
  let folder: string;
  let unpacked: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-changing-'));
    unpacked = await mkdtemp(join(tmpdir(), 'runloop-unpacked-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
    await rm(unpacked, { recursive: true });
  });

  const unpack = async (paths: readonly string[]): Promise<string[]> => {
    const archive = join(unpacked, 'archive.tgz');
    await pipeline(tarOf(folder, paths), createWriteStream(archive));
    await run('tar', ['-xzof', archive, '-C', unpacked]);
    await rm(archive);
    return (await readdir(unpacked, { recursive: true })).sort();
  };
  const content = async (path: string): Promise<string> => readFile(join(unpacked, path), 'utf8');

  it('leaves out names that are not UTF-8, and tells them', async () => {
    await mkdir(join(folder, 'deep'));
    await writeFile(Buffer.concat([Buffer.from(`${folder}/a`), Buffer.from([0xff])]), 'unnameable');
    await writeFile(Buffer.concat([Buffer.from(`${folder}/deep/`), Buffer.from([0xc3, 0x28])]), 'unnameable');
    await mkdir(Buffer.concat([Buffer.from(`${folder}/m`), Buffer.from([0xe4])]));
    await writeFile(join(folder, 'b\ufffd'), 'odd, but a name');
    await writeFile(join(folder, 'z'), 'z');
    const { files, leftOut } = await workspaceFiles(folder);
    assert.deepEqual([...files].sort(), ['b\ufffd', 'z']);
    assert.deepEqual([...leftOut].sort(), ['a\ufffd', 'deep/\ufffd(', 'm\ufffd']);
    assert.deepEqual(await unpack(files), ['b\ufffd', 'z']);
    // Also for who asks for them by the name that they seem to have.
    assert.deepEqual(await unpack(['a\ufffd', 'z', 'm\ufffd']), ['b\ufffd', 'z']);
  });

  it('takes names, links, modes and sizes as they are', async () => {
    const long = `${'d'.repeat(120)}/${'\u4f60'.repeat(60)}/-x [y]`;
    await mkdir(join(folder, long, 'empty'), { recursive: true });
    for (const size of [0, 1, 511, 512, 513, 1024 * 1024, 1024 * 1024 + 1, 3_000_000]) {
      await writeFile(join(folder, `size ${size}`), 'x'.repeat(size), { mode: size === 1 ? 0o777 : 0o640 });
    }
    await symlink('size 1', join(folder, 'link'));
    await symlink(`${'up/../'.repeat(30)}size 1`, join(folder, 'long link'));
    const paths = [
      `${long}/empty`,
      'link',
      'long link',
      ...[...(await readdir(folder))].filter((name) => name.startsWith('size')),
    ];
    await unpack(paths);
    const { stdout } = await run('diff', ['-r', '--no-dereference', folder, unpacked]);
    assert.equal(stdout, '');
    const { stdout: modes } = await run('stat', ['-c', '%a', join(unpacked, 'size 1'), join(unpacked, 'size 0')]);
    assert.equal(modes, '755\n640\n');
  });

  it('leaves out what vanished or became a folder, a pipe, a socket or a link', async () => {
    await writeFile(join(folder, 'stays'), 'stays');
    await mkdir(join(folder, 'folder'));
    await run('mkfifo', [join(folder, 'pipe')]);
    await symlink('/etc/passwd', join(folder, 'link'));
    const server = createServer().listen(join(folder, 'socket'));
    try {
      const { files } = await workspaceFiles(folder);
      assert.deepEqual(files, ['stays']);
      const found = await unpack(['vanished', 'stays/below', 'pipe', 'socket', 'folder', 'stays']);
      assert.deepEqual(found, ['folder', 'stays']);
      assert.equal(await content('stays'), 'stays');
    } finally {
      server.close();
    }
  });

  it('takes a log that is written meanwhile, and a big one up to where it was', async () => {
    await writeFile(join(folder, 'small.log'), 'line\n'.repeat(1_000));
    await writeFile(join(folder, 'big.log'), 'line\n'.repeat(1_000_000));
    const stop = new AbortController();
    const writing = (async () => {
      while (!isAborted(stop.signal)) {
        await appendFile(join(folder, 'small.log'), 'line\n'.repeat(100));
        await appendFile(join(folder, 'big.log'), 'line\n'.repeat(100));
      }
    })();
    try {
      for (let time = 0; time < 5; time += 1) {
        await unpack(['small.log', 'big.log', 'small.log']);
        assert.match(await content('small.log'), /^(?:line\n){1000,}(?:l|li|lin|line)?$/);
        assert.ok((await content('big.log')).length >= 5_000_000);
      }
    } finally {
      stop.abort();
      await writing;
    }
  });

  it('tells of a big file that became shorter, and of one that cannot be read', async () => {
    await writeFile(join(folder, 'big'), Buffer.alloc(40_000_000, 'x'));
    const archive = tarOf(folder, ['big']);
    archive.once('data', () => void truncate(join(folder, 'big'), 10));
    await assert.rejects(pipeline(archive, createWriteStream(join(unpacked, 'x'))), /became shorter/);
  });

  it('goes through a file that is big and empty', async () => {
    const file = await open(join(folder, 'sparse'), 'w');
    await file.truncate(50_000_000);
    await file.close();
    await unpack(['sparse']);
    const { stdout } = await run('stat', ['-c', '%s', join(unpacked, 'sparse')]);
    assert.equal(stdout, '50000000\n');
  });

  it('leaves nothing open when its reader leaves, whenever that is', async () => {
    await writeFile(join(folder, 'big'), Buffer.alloc(20_000_000, 'x'));
    const count = async (): Promise<number> => {
      const { stdout } = await run('sh', ['-c', `ls -l /proc/${process.pid}/fd | grep -c "${folder}" || true`]);
      return Number(stdout);
    };
    for (let time = 0; time < 30; time += 1) {
      const archive = tarOf(folder, ['gone', 'big', 'big']);
      if (time % 3 > 0) archive.once('data', () => archive.destroy(time % 3 === 1 ? undefined : new Error('left')));
      else archive.destroy();
      await new Promise((resolve) => archive.once('close', resolve));
    }
    await eventually(count, (open) => open === 0);
  });
});
