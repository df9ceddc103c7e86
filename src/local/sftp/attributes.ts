import {
  chmodSync,
  chownSync,
  fchmodSync,
  ftruncateSync,
  futimesSync,
  truncateSync,
  utimesSync,
  type Stats,
} from 'node:fs';
import type { PacketReader, PacketWriter } from './packets';

const hasSize = 1;
const hasOwner = 2;
const hasMode = 4;
const hasTimes = 8;
const hasExtended = 0x8000_0000;

/** What a client says about a file. */
export interface Attributes {
  readonly size: number | undefined;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly mode: number | undefined;
  readonly times: { readonly accessed: number; readonly modified: number } | undefined;
}

/** Reads a file's attributes from a packet. */
export function readAttributes(packet: PacketReader): Attributes {
  const flags = packet.uint32();
  const size = (flags & hasSize) === 0 ? undefined : packet.uint64();
  const owner = (flags & hasOwner) === 0 ? undefined : { uid: packet.uint32(), gid: packet.uint32() };
  const mode = (flags & hasMode) === 0 ? undefined : packet.uint32() & 0o7777;
  const times = (flags & hasTimes) === 0 ? undefined : { accessed: packet.uint32(), modified: packet.uint32() };
  for (let left = (flags & hasExtended) === 0 ? 0 : packet.uint32(); left > 0; left -= 1) {
    packet.bytes();
    packet.bytes();
  }
  return { size, owner, mode, times };
}

/** Writes a file's attributes into a packet. */
export function writeAttributes(packet: PacketWriter, stats: Stats): PacketWriter {
  return packet
    .uint32(hasSize | hasOwner | hasMode | hasTimes)
    .uint64(stats.size)
    .uint32(stats.uid)
    .uint32(stats.gid)
    .uint32(stats.mode)
    .uint32(stats.atimeMs / 1_000)
    .uint32(stats.mtimeMs / 1_000);
}

/** Gives a file the attributes that were named. */
export function applyToPath(path: string, { size, owner, mode, times }: Attributes): void {
  if (size !== undefined) truncateSync(path, size);
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  if (mode !== undefined) chmodSync(path, mode);
  if (times !== undefined) utimesSync(path, times.accessed, times.modified);
}

/** The same for an open file. Its owner stays: all of a devbox's files belong to its one user. */
export function applyToOpen(file: number, { size, mode, times }: Attributes): void {
  if (size !== undefined) ftruncateSync(file, size);
  if (mode !== undefined) fchmodSync(file, mode);
  if (times !== undefined) futimesSync(file, times.accessed, times.modified);
}
