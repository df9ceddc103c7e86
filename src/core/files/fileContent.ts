import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** What is sent into a file, and how many bytes that is. */
export interface FileContent {
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What a file that is made is for. */
export interface NewFileMode {
  /** Whether it can be executed, and whether nobody else may read it. */
  readonly isExecutable?: boolean;
  readonly isPrivate?: boolean;
}

/** What a file of this mode is for: what only its owner reads in one place, only its owner reads in the other. */
export function newFileMode(mode: number): NewFileMode {
  return { isExecutable: (mode & 0o111) !== 0, isPrivate: (mode & 0o077) === 0 };
}

/** Bytes of a content, packed, that go with the command that writes it; together with two paths they are what a command takes. */
const mostInline = 58 * 1024;
/** Bytes of a content that is packed to see whether it fits: text gets about a quarter as large. */
const mostPacked = 1024 * 1024;

const gzipped = promisify(gzip);

/** How a content gets into a devbox: with the command that writes it, as it is or packed, or, where it does not fit, by itself. */
export interface WayOfContent {
  readonly plain?: Buffer;
  readonly packed?: Buffer;
  readonly content: FileContent;
}

/** @throws Error if it is not as large as was announced */
export async function wayOf(content: FileContent): Promise<WayOfContent> {
  if (content.size > mostPacked) return { content };
  const whole = await wholeContent(content);
  const again = { size: whole.length, bytes: [whole] };
  if (whole.length <= mostInline) return { plain: whole, content: again };
  const packed = await gzipped(whole);
  return packed.length <= mostInline ? { packed, content: again } : { content: again };
}

/** @throws Error if it is not as large as was announced */
async function wholeContent({ size, bytes }: FileContent): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  if (whole.length !== size) throw new Error(`${whole.length} bytes came instead of ${size}.`);
  return whole;
}
