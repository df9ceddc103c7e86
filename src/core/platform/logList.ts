import { RuntimeError } from '../errors';
import { bodyOf, openLog, type ReadLogOptions } from './logRequest';
import type { RawEntry } from './logTail';
import type { RunloopApi } from './runloopApi';

export interface ListLogOptions extends ReadLogOptions {
  /** What the server called the log when it was read last. */
  readonly etag?: string | undefined;
  /** Told what the server calls the log as it is now. */
  readonly onEtag?: (etag: string | undefined) => void;
}

/**
 * The whole log of a devbox, oldest first, in batches while the answer comes: neither the answer nor the parsed log is
 * ever held as a whole.
 *
 * @returns false if the server said that nothing has changed since `etag`
 * @throws RuntimeError if the server refuses or answers with something else; Error with a Node code on a cut
 */
export async function* listLogs(
  api: RunloopApi,
  devboxId: string,
  options: ListLogOptions,
): AsyncGenerator<readonly RawEntry[], boolean> {
  const response = await openLog(api, `${encodeURIComponent(devboxId)}/logs`, devboxId, options, {
    accept: 'application/json',
    ...(options.etag === undefined ? {} : { 'if-none-match': options.etag }),
  });
  const status = response.statusCode ?? 0;
  if (status === 304) {
    response.destroy();
    return false;
  }
  if (status !== 200) {
    response.destroy();
    throw new RuntimeError({
      code: status === 404 ? 'not_found' : 'unexpected_answer',
      message: `The Runloop API has no log of this devbox (${status}).`,
      nextStep: 'Refresh: it may have been removed meanwhile.',
      devboxId,
      status,
    });
  }
  const scanner = new EntryScanner();
  const body = bodyOf(response, options.onBytes);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const batch = scanner.take(chunk);
      if (batch.length > 0) yield batch;
    }
  } finally {
    body.destroy();
    response.destroy();
  }
  // Only now: what was cut off half way must be read again.
  options.onEtag?.(response.headers.etag);
  return true;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Bytes of one entry at most: what a devbox prints must not fill the memory. */
const longestEntry = 32 << 20;

function endless(): RuntimeError {
  return new RuntimeError({
    code: 'unexpected_answer',
    message: `The log has an entry of more than ${longestEntry >> 20} MiB, which is not read.`,
    nextStep: 'Look at the log with another tool.',
  });
}

/** Cuts the objects of the array inside `{"logs":[…]}` out of bytes that come in pieces, without parsing them. */
class EntryScanner {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #begun: Buffer[] = [];
  #begunBytes = 0;

  take(chunk: Buffer): RawEntry[] {
    const entries: RawEntry[] = [];
    let start = this.#depth > 2 ? 0 : -1;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
      } else if (byte === quote) {
        this.#inString = true;
      } else if (byte === openBrace || byte === openBracket) {
        if (this.#depth === 2) start = at;
        this.#depth += 1;
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth -= 1;
        if (this.#depth === 2 && start >= 0) {
          const end = chunk.subarray(start, at + 1);
          entries.push({ id: undefined, json: this.#begun.length === 0 ? end : Buffer.concat([...this.#begun, end]) });
          this.#begun = [];
          this.#begunBytes = 0;
          start = -1;
        }
      }
    }
    if (start >= 0) {
      this.#begun.push(chunk.subarray(start));
      this.#begunBytes += chunk.length - start;
      if (this.#begunBytes > longestEntry) throw endless();
    }
    return entries;
  }
}
