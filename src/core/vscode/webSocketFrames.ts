import { createInflateRaw, constants, type InflateRaw } from 'node:zlib';

/** Bytes of one message that are looked at. */
const mostSeen = 64 * 1024;
/** Bytes that may wait to be unpacked; who sends more is no longer read. */
const mostWaiting = 4 * 1024 * 1024;
/** What a sender has left out at the end of each packed message (RFC 7692 §7.2.1). */
const packedEnd = Buffer.from([0, 0, 0xff, 0xff]);

const continuation = 0;

export interface FrameReader {
  readonly take: (chunk: Buffer) => void;
  readonly end: () => void;
}

/**
 * Reads the messages that a browser sends through a WebSocket (RFC 6455, RFC 7692), beside their way: what cannot be read is
 * left alone. Each message is given once, as far as it is looked at. By hand: the `Receiver` of `ws` holds each message whole, and
 * ends at one that is larger than its limit or breaks the protocol, while the connection itself goes on.
 *
 * @param extensions what both sides have agreed on
 */
export function readFrames(extensions: string | undefined, onMessage: (message: Buffer) => void): FrameReader {
  const isPacked = (extensions ?? '').includes('permessage-deflate');
  let unpacker: Unpacker | undefined;
  let held: Buffer = Buffer.alloc(0);
  /** The frame whose payload comes: bytes that are missing, and where its mask stands. */
  let frame: { left: number; mask: Buffer; at: number; isLast: boolean; isControl: boolean } | undefined;
  let message: { readonly isPacked: boolean; readonly parts: Buffer[]; seen: number } | undefined;
  let isDead = false;

  const payload = (bytes: Buffer): void => {
    if (message === undefined) return;
    if (message.isPacked) unpacker?.write(bytes);
    else if (message.seen < mostSeen) message.parts.push(bytes);
    message.seen += bytes.length;
  };
  const finished = (): void => {
    if (message?.isPacked === true) unpacker?.endMessage();
    else if (message !== undefined) onMessage(Buffer.concat(message.parts).subarray(0, mostSeen));
    message = undefined;
  };
  const begin = (head: Head): void => {
    frame = { left: head.length, mask: head.mask, at: 0, isLast: head.isLast, isControl: head.opcode > 7 };
    if (frame.isControl || head.opcode === continuation) return;
    if (head.isPacked && isPacked) unpacker ??= new Unpacker(onMessage, () => (isDead = true));
    message = { isPacked: head.isPacked && isPacked, parts: [], seen: 0 };
  };
  return {
    take: (chunk) => {
      if (isDead) return;
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (;;) {
        if (frame === undefined) {
          const head = headOf(held);
          if (head === undefined) return;
          held = held.subarray(head.size);
          begin(head);
        }
        if (frame === undefined) return;
        const bytes = Buffer.from(held.subarray(0, frame.left));
        held = held.subarray(bytes.length);
        for (let i = 0; i < bytes.length; i += 1) bytes[i] = (bytes[i] ?? 0) ^ (frame.mask[(frame.at + i) % 4] ?? 0);
        frame.at += bytes.length;
        frame.left -= bytes.length;
        if (!frame.isControl) payload(bytes);
        if (frame.left > 0) return;
        const isEnd = frame.isLast && !frame.isControl;
        frame = undefined;
        if (isEnd) finished();
      }
    },
    end: () => {
      isDead = true;
      unpacker?.end();
    },
  };
}

interface Head {
  /** Bytes of the head itself. */
  readonly size: number;
  readonly opcode: number;
  readonly isLast: boolean;
  readonly isPacked: boolean;
  readonly mask: Buffer;
  readonly length: number;
}

function headOf(bytes: Buffer): Head | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const lengthSize = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskSize = (second & 0x80) === 0 ? 0 : 4;
  const size = 2 + lengthSize + maskSize;
  if (bytes.length < size) return undefined;
  const length = lengthSize === 0 ? short : lengthSize === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return {
    size,
    opcode: first & 0x0f,
    isLast: (first & 0x80) !== 0,
    isPacked: (first & 0x40) !== 0,
    mask: maskSize === 0 ? Buffer.alloc(4) : Buffer.from(bytes.subarray(2 + lengthSize, size)),
    length,
  };
}

/** Unpacks the messages of one connection, which share their dictionary. */
class Unpacker {
  readonly #inflate: InflateRaw = createInflateRaw({ flush: constants.Z_SYNC_FLUSH });
  readonly #onFailure: () => void;
  readonly #onMessage: (message: Buffer) => void;
  #parts: Buffer[] = [];
  #seen = 0;

  constructor(onMessage: (message: Buffer) => void, onFailure: () => void) {
    this.#onMessage = onMessage;
    this.#onFailure = onFailure;
    this.#inflate.on('data', (chunk: Buffer) => {
      if (this.#seen < mostSeen) this.#parts.push(chunk);
      this.#seen += chunk.length;
    });
    this.#inflate.on('error', onFailure);
  }

  write(bytes: Buffer): void {
    if (this.#inflate.writableLength > mostWaiting) {
      this.#onFailure();
      this.end();
    } else if (!this.#inflate.destroyed) {
      this.#inflate.write(bytes);
    }
  }

  endMessage(): void {
    if (this.#inflate.destroyed) return;
    this.#inflate.write(packedEnd);
    // Called in its turn, after what was written before has been unpacked.
    this.#inflate.flush(constants.Z_SYNC_FLUSH, () => {
      const message = Buffer.concat(this.#parts).subarray(0, mostSeen);
      this.#parts = [];
      this.#seen = 0;
      this.#onMessage(message);
    });
  }

  end(): void {
    this.#inflate.destroy();
  }
}
