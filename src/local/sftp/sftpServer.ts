import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { applyToOpen, applyToPath, readAttributes, writeAttributes } from './attributes';
import { PacketReader, PacketWriter } from './packets';

const request = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  extended: 200,
} as const;
const reply = { version: 2, status: 101, handle: 102, data: 103, name: 104, attrs: 105 } as const;
const status = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

/** Names sent at once for a folder. */
const namesAtOnce = 100;
/** The most that is read at once, in bytes. */
const largestRead = 256 * 1024;

type Handle = { readonly file: number } | { readonly folder: string; names: string[] };

/** Thrown for answers that are a status and no failure of the file system. */
class StatusReply extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The SFTP protocol, version 3, over the file system that this process sees: it runs inside a devbox, so a path means
 * what it means there.
 */
export class SftpServer {
  readonly #handles = new Map<string, Handle>();
  #next = 0;

  /** Answers one packet (without its length). */
  answer(bytes: Buffer): Buffer {
    const packet = new PacketReader(bytes);
    const type = packet.byte();
    if (type === request.init) {
      const version = new PacketWriter().byte(reply.version).uint32(3);
      for (const name of ['posix-rename@openssh.com', 'hardlink@openssh.com', 'fsync@openssh.com']) {
        version.text(name).text('1');
      }
      return version.finish();
    }
    const id = packet.uint32();
    try {
      return this.#answer(type, id, packet);
    } catch (error) {
      const { code, message } = describe(error);
      return statusReply(id, code, message);
    }
  }

  #answer(type: number, id: number, packet: PacketReader): Buffer {
    switch (type) {
      case request.open:
        return this.#open(id, packet.text(), packet.uint32(), readAttributes(packet).mode);
      case request.close:
        return this.#close(id, packet.text());
      case request.read:
        return this.#read(id, this.#file(packet.text()), packet.uint64(), packet.uint32());
      case request.write:
        return done(id, () => this.#write(this.#file(packet.text()), packet.uint64(), packet.bytes()));
      case request.lstat:
        return attributes(id, fs.lstatSync(packet.text()));
      case request.stat:
        return attributes(id, fs.statSync(packet.text()));
      case request.fstat:
        return attributes(id, fs.fstatSync(this.#file(packet.text())));
      case request.setstat:
        return done(id, () => applyToPath(packet.text(), readAttributes(packet)));
      case request.fsetstat:
        return done(id, () => applyToOpen(this.#file(packet.text()), readAttributes(packet)));
      case request.opendir: {
        const folder = packet.text();
        return this.#newHandle(id, { folder, names: ['.', '..', ...fs.readdirSync(folder)] });
      }
      case request.readdir:
        return this.#names(id, packet.text());
      case request.remove:
        return done(id, () => fs.unlinkSync(packet.text()));
      case request.mkdir: {
        const path = packet.text();
        const { mode } = readAttributes(packet);
        return done(id, () => fs.mkdirSync(path, mode === undefined ? {} : { mode }));
      }
      case request.rmdir:
        return done(id, () => fs.rmdirSync(packet.text()));
      case request.realpath: {
        const path = resolve(packet.text() || '.');
        return new PacketWriter()
          .byte(reply.name)
          .uint32(id)
          .uint32(1)
          .text(fs.existsSync(path) ? fs.realpathSync(path) : path)
          .text('')
          .uint32(0)
          .finish();
      }
      case request.rename:
        return done(id, () => renameNew(packet.text(), packet.text()));
      case request.readlink:
        return new PacketWriter()
          .byte(reply.name)
          .uint32(id)
          .uint32(1)
          .text(fs.readlinkSync(packet.text()))
          .text('')
          .uint32(0)
          .finish();
      case request.symlink: {
        // OpenSSH sends the target first, against the draft; every client follows it.
        const target = packet.text();
        return done(id, () => fs.symlinkSync(target, packet.text()));
      }
      case request.extended:
        return this.#extended(id, packet);
      default:
        throw new StatusReply(status.unsupported, 'This operation is not offered.');
    }
  }

  #extended(id: number, packet: PacketReader): Buffer {
    const name = packet.text();
    if (name === 'posix-rename@openssh.com') {
      return done(id, () => fs.renameSync(packet.text(), packet.text()));
    }
    if (name === 'hardlink@openssh.com') {
      return done(id, () => fs.linkSync(packet.text(), packet.text()));
    }
    if (name === 'fsync@openssh.com') {
      return done(id, () => fs.fsyncSync(this.#file(packet.text())));
    }
    throw new StatusReply(status.unsupported, 'This operation is not offered.');
  }

  #open(id: number, path: string, wanted: number, mode: number | undefined): Buffer {
    const [read, write, append, create, truncate, exclusive] = [1, 2, 4, 8, 16, 32].map((bit) => (wanted & bit) !== 0);
    const { constants } = fs;
    const access = write === true ? (read === true ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
    const flags =
      access |
      (append === true ? constants.O_APPEND : 0) |
      (create === true ? constants.O_CREAT : 0) |
      (truncate === true ? constants.O_TRUNC : 0) |
      (exclusive === true ? constants.O_EXCL : 0);
    return this.#newHandle(id, { file: fs.openSync(path, flags, mode ?? 0o666) });
  }

  #newHandle(id: number, handle: Handle): Buffer {
    this.#next += 1;
    const name = String(this.#next);
    this.#handles.set(name, handle);
    return new PacketWriter().byte(reply.handle).uint32(id).text(name).finish();
  }

  #handle(name: string): Handle {
    const handle = this.#handles.get(name);
    if (handle === undefined) {
      throw new StatusReply(status.failure, 'There is no such handle.');
    }
    return handle;
  }

  #file(name: string): number {
    const handle = this.#handle(name);
    if (!('file' in handle)) {
      throw new StatusReply(status.failure, 'This is the handle of a folder.');
    }
    return handle.file;
  }

  #close(id: number, name: string): Buffer {
    const handle = this.#handle(name);
    this.#handles.delete(name);
    if ('file' in handle) {
      fs.closeSync(handle.file);
    }
    return statusReply(id, status.ok, '');
  }

  #read(id: number, file: number, offset: number, length: number): Buffer {
    const data = Buffer.alloc(Math.min(length, largestRead));
    const count = fs.readSync(file, data, 0, data.length, offset);
    if (count === 0) {
      throw new StatusReply(status.eof, 'End of file.');
    }
    return new PacketWriter().byte(reply.data).uint32(id).bytes(data.subarray(0, count)).finish();
  }

  #write(file: number, offset: number, data: Buffer): void {
    for (let written = 0; written < data.length;) {
      written += fs.writeSync(file, data, written, data.length - written, offset + written);
    }
  }

  #names(id: number, name: string): Buffer {
    const handle = this.#handle(name);
    if (!('folder' in handle)) {
      throw new StatusReply(status.failure, 'This is the handle of a file.');
    }
    if (handle.names.length === 0) {
      throw new StatusReply(status.eof, 'End of folder.');
    }
    const found = handle.names.splice(0, namesAtOnce).flatMap((entry) => {
      const stats = fs.lstatSync(join(handle.folder, entry), { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ entry, stats }];
    });
    const packet = new PacketWriter().byte(reply.name).uint32(id).uint32(found.length);
    for (const { entry, stats } of found) {
      writeAttributes(packet.text(entry).text(longName(entry, stats)), stats);
    }
    return packet.finish();
  }
}

function attributes(id: number, stats: fs.Stats): Buffer {
  return writeAttributes(new PacketWriter().byte(reply.attrs).uint32(id), stats).finish();
}

/** Does an operation and answers that it came to its end. */
function done(id: number, operation: () => void): Buffer {
  operation();
  return statusReply(id, status.ok, '');
}

function statusReply(id: number, code: number, message: string): Buffer {
  return new PacketWriter().byte(reply.status).uint32(id).uint32(code).text(message).text('').finish();
}

/** In version 3 a rename replaces nothing. */
function renameNew(from: string, to: string): void {
  if (fs.lstatSync(to, { throwIfNoEntry: false }) !== undefined) {
    throw new StatusReply(status.failure, `${to} is there already.`);
  }
  fs.renameSync(from, to);
}

/** One line of a folder's listing, for people. */
function longName(name: string, stats: fs.Stats): string {
  const kind = stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? 'l' : '-';
  const rights = [8, 7, 6, 5, 4, 3, 2, 1, 0]
    .map((bit) => ((stats.mode >> bit) & 1 ? 'rwx'.charAt((8 - bit) % 3) : '-'))
    .join('');
  return `${kind}${rights} ${stats.nlink} ${stats.uid} ${stats.gid} ${stats.size} ${stats.mtime.toISOString().slice(0, 16).replace('T', ' ')} ${name}`;
}

function describe(error: unknown): { code: number; message: string } {
  if (error instanceof StatusReply) {
    return error;
  }
  if (error instanceof RangeError) {
    return { code: status.badMessage, message: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  const system = error instanceof Error && 'code' in error ? error.code : undefined;
  if (system === 'ENOENT' || system === 'ENOTDIR') {
    return { code: status.noSuchFile, message };
  }
  return {
    code: system === 'EACCES' || system === 'EPERM' || system === 'EROFS' ? status.permissionDenied : status.failure,
    message,
  };
}
