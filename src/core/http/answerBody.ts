import type { IncomingMessage } from 'node:http';
import { pipeline, Transform, type Readable, type TransformCallback } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { longestTimerMs } from '../../ground/deadline';
import { RuntimeError } from '../errors';
import { httpProblem } from '../problems/http';

/*
 * Bodies of answers, which may be of any length, come at any pace and be anything once they are unpacked. Whoever reads
 * one says how much of it is believed.
 */

/** The most of an answer that is read as one piece, unpacked. */
export const mostAnswerBytes = 32 * 1024 * 1024;
/** The most of a refusal that is read: its reason is in the first lines. */
const mostRefusalBytes = 64 * 1024;
/** Milliseconds without a byte after which an answer that began is given up. */
export const longestSilenceMs = 60_000;
/** The pace below which an answer of any length is given up: so few bytes in so many milliseconds of waiting for them. */
export const leastPace = { bytes: 16 * 1024, inMs: 10 * 60_000 } as const;

export interface BodyLimits {
  /** The most bytes, counted when they are unpacked; without it, any number. */
  readonly maxBytes?: number | undefined;
  /** What happens beyond: an error, or the body ends there. */
  readonly beyond?: 'fail' | 'cut';
  /** Milliseconds that may pass between two pieces; without it, any time, as in a stream of events. */
  readonly silenceMs?: number | undefined;
  /** Bytes that must come in so many milliseconds of waiting; without it, a byte a minute is enough. */
  readonly pace?: { readonly bytes: number; readonly inMs: number } | undefined;
  /** Milliseconds after which the body ends, with what has come, at whatever pace it does; without it, never. */
  readonly wholeMs?: number | undefined;
  readonly devboxId?: string | undefined;
}

/** How a refusal is read: its first lines tell why, and are waited for no longer than a minute, a byte at a time or not. */
export const refusalLimits = {
  maxBytes: mostRefusalBytes,
  beyond: 'cut',
  silenceMs: longestSilenceMs,
  wholeMs: 60_000,
} as const satisfies BodyLimits;

/**
 * An answer's bytes, unpacked as its `Content-Encoding` says. Read them by {@link piecesOf}, which tells of bytes that are
 * not packed as they say.
 *
 * @param onBytes told of every piece that came over the wire, in bytes as they came
 * @throws RuntimeError `unexpected_answer` for a way of packing that nobody asked for
 */
export function unpacked(response: IncomingMessage, onBytes?: (count: number) => void): Readable {
  if (onBytes !== undefined) response.on('data', (chunk: Buffer) => onBytes(chunk.length));
  const encoding = (response.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return response;
  const unpack =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? // A stream that is cut has no proper end; what came before it is whole.
        createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
      : encoding === 'deflate'
        ? new Inflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined;
  if (unpack === undefined) {
    response.destroy();
    throw new RuntimeError({ problem: httpProblem('answer_packed') });
  }
  pipeline(response, unpack, () => undefined); // Its error comes to whoever reads.
  return unpack;
}

/**
 * The pieces of a body, as long as they keep to the limits. Nothing of it is left open.
 *
 * @throws RuntimeError `unexpected_answer` if it is too large or not packed as it says, `deadline` if it stops in the
 *   middle; Error with a Node code if it is cut
 */
export async function* piecesOf(body: Readable, limits: BodyLimits): AsyncGenerator<Buffer> {
  let left = limits.maxBytes ?? Infinity;
  const pieces = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const time = { isOver: false };
  const pace = { waitedMs: 0, bytes: 0 };
  const { wholeMs } = limits;
  const end = (): void => {
    time.isOver = true;
    body.destroy(new Error('the time of the body is over'));
  };
  const timer = wholeMs === undefined ? undefined : setTimeout(end, Math.min(wholeMs, longestTimerMs));
  try {
    for (;;) {
      const asked = Date.now();
      const piece = await nextPiece(pieces, body, limits);
      if (piece === undefined) return;
      if (limits.pace !== undefined) {
        // A computer that slept meanwhile has not waited.
        pace.waitedMs += Math.min(Date.now() - asked, limits.silenceMs ?? longestSilenceMs);
        pace.bytes += piece.length;
        if (pace.waitedMs >= limits.pace.inMs) {
          if (pace.bytes < limits.pace.bytes) throw tooSlow(pace, limits.devboxId);
          Object.assign(pace, { waitedMs: 0, bytes: 0 });
        }
      }
      if (piece.length <= left) {
        left -= piece.length;
        yield piece;
        continue;
      }
      if (limits.beyond !== 'cut') throw tooLarge(limits);
      yield piece.subarray(0, left);
      return;
    }
  } catch (error) {
    if (!time.isOver) throw error;
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** A body as text, within its limits. Errors as with {@link piecesOf}. */
export async function textOf(body: Readable, limits: BodyLimits): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of piecesOf(body, limits)) pieces.push(piece);
  return new TextDecoder().decode(Buffer.concat(pieces));
}

async function nextPiece(
  pieces: AsyncIterator<Buffer>,
  body: Readable,
  { silenceMs, devboxId }: BodyLimits,
): Promise<Buffer | undefined> {
  // Only while we wait: time that the reader takes is not the server's.
  const timer =
    silenceMs === undefined
      ? undefined
      : setTimeout(() => body.destroy(silent(silenceMs, devboxId)), Math.min(silenceMs, longestTimerMs));
  try {
    const next = await pieces.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    if (!isNotUnpackable(error)) throw error;
    // Somebody on the way may have spoiled it: the next try may come through.
    throw new RuntimeError({ problem: httpProblem('answer_damaged'), devboxId, shouldRetry: true, cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an error is one of zlib's or brotli's, which both have only codes to be told by. */
function isNotUnpackable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:Z_|ERR__?ERROR_|ERR_BROTLI_)/.test(String(error.code));
}

/** `deflate` with zlib's frame around it, as it should be, or without, as some servers send it and all browsers take it. */
class Inflate extends Transform {
  #inner: Transform | undefined;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#inner ??= this.#begin(chunk);
    this.#inner.write(chunk, (error) => done(error));
  }

  override _read(size: number): void {
    this.#inner?.resume();
    super._read(size);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner === undefined) {
      done();
      return;
    }
    this.#inner.once('end', () => done());
    this.#inner.end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner?.destroy();
    done(error);
  }

  #begin(chunk: Buffer): Transform {
    // The frame's first four bits name its method, of which there is one.
    const inner = ((chunk[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
    inner.on('data', (piece: Buffer) => {
      if (!this.push(piece)) inner.pause();
    });
    // What comes behind its end is not taken: no more writes are answered then.
    inner.once('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    return inner;
  }
}

function tooLarge({ maxBytes = 0, devboxId }: BodyLimits): RuntimeError {
  const size =
    maxBytes < 1024 * 1024 ? `${Math.round(maxBytes / 1024)} kB` : `${Math.round(maxBytes / 1024 / 1024)} MB`;
  return new RuntimeError({ problem: httpProblem('answer_too_large', { size }), devboxId });
}

function silent(ms: number, devboxId: string | undefined): RuntimeError {
  return new RuntimeError({ problem: httpProblem('answer_stopped', { seconds: Math.round(ms / 1000) }), devboxId });
}

function tooSlow(
  pace: { readonly waitedMs: number; readonly bytes: number },
  devboxId: string | undefined,
): RuntimeError {
  const minutes = Math.round(pace.waitedMs / 60_000);
  return new RuntimeError({ problem: httpProblem('answer_too_slow', { bytes: pace.bytes, minutes }), devboxId });
}
