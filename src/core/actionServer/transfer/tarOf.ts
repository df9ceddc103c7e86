import { constants, type Stats } from 'node:fs';
import { lstat, open, readlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

const blockBytes = 512;
/** Files up to here are read at once, so that one that is being written still gives what it was at some moment. */
const atOnceBytes = 1024 * 1024;
const chunkBytes = 256 * 1024;

/** A file that vanished, or became something else, since it was listed: it is left out. */
const gone = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

/**
 * A gzipped tar of these paths, made while it is read. The folder may change meanwhile: what vanished or is no file any
 * more is left out, and what grew is taken as it was. Nothing stays open when the reader leaves.
 *
 * @param paths relative, with `/`
 * @returns the archive; its reader gets the error of a file that cannot be read
 */
export function tarOf(folder: string, paths: readonly string[]): Readable {
  const gzip = createGzip();
  // The reader is told by reading; who has left needs no word.
  gzip.on('error', () => undefined);
  pipeline(Readable.from(blocks(folder, paths)), gzip, () => undefined);
  return gzip;
}

async function* blocks(folder: string, paths: readonly string[]): AsyncGenerator<Buffer> {
  const headerOf = await headers();
  for (const path of paths) {
    const from = join(folder, path);
    // With a leading `./`, no name can be taken for anything but a path.
    const name = `./${path}`;
    try {
      const stats = await lstat(from);
      if (stats.isDirectory()) {
        yield headerOf({ name: `${name}/`, type: 'Directory', stats });
      } else if (stats.isSymbolicLink()) {
        yield headerOf({ name, type: 'SymbolicLink', stats, linkpath: await readlink(from) });
      } else if (stats.isFile()) {
        yield* fileBlocks(from, (read) => headerOf({ name, type: 'File', ...read }));
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && gone.has(String(error.code)))) throw error;
    }
  }
  yield Buffer.alloc(2 * blockBytes);
}

async function* fileBlocks(
  path: string,
  header: (read: { readonly stats: Stats; readonly size: number }) => Buffer,
): AsyncGenerator<Buffer> {
  // Neither through a link nor waiting for the writer of a pipe, if it became one.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return;
    if (stats.size <= atOnceBytes) {
      const content = await upTo(file, 2 * atOnceBytes);
      yield header({ stats, size: content.length });
      yield content;
      yield padding(content.length);
      return;
    }
    yield header({ stats, size: stats.size });
    for (let left = stats.size; left > 0;) {
      const chunk = await upTo(file, Math.min(left, chunkBytes));
      // Its size stands in the archive already.
      if (chunk.length === 0) throw new Error(`${path} became shorter while it was read`);
      yield chunk;
      left -= chunk.length;
    }
    yield padding(stats.size);
  } finally {
    await file.close();
  }
}

/** The next bytes of a file, fewer only at its end. */
async function upTo(file: FileHandle, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = most; left > 0;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, chunkBytes)));
    if (bytesRead === 0) break;
    parts.push(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return Buffer.concat(parts);
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

interface Entry {
  readonly name: string;
  readonly type: 'Directory' | 'File' | 'SymbolicLink';
  readonly stats: Stats;
  readonly size?: number;
  readonly linkpath?: string;
}

async function headers(): Promise<(entry: Entry) => Buffer> {
  const { Header, Pax } = await import('tar');
  return ({ name, type, stats, size = 0, linkpath }) => {
    const told = { path: name, size, ...(linkpath === undefined ? {} : { linkpath }) };
    // Readable for its owner and writable for nobody else; whose it is here says nothing there.
    const mode = (stats.mode & 0o755) | 0o600;
    const header = new Header({ ...told, type, mode, mtime: stats.mtime });
    const block = Buffer.alloc(blockBytes);
    header.encode(block);
    return header.needPax ? Buffer.concat([new Pax(told).encode(), block]) : block;
  };
}
