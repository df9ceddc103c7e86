import { randomBytes } from 'node:crypto';
import { Readable, type Readable as ReadableType } from 'node:stream';
import type { ActionServerHttp } from '../actionServerHttp';

export interface UploadOptions {
  /** File name; the base name is what counts. */
  readonly name: string;
  readonly content: ReadableType;
  /** Bytes of `content`, if known. */
  readonly size?: number | undefined;
  /** Absolute folder in the devbox; made if it is missing. */
  readonly destination: string;
  /** The file is a zip archive: unpack it there. */
  readonly unpack?: boolean;
  /** Told of the bytes sent so far. */
  readonly onProgress?: ((sent: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds that an upload may take (contract §12.1). */
const uploadTimeoutMs = 300_000;

/**
 * Sends one file as a stream; it never lies in memory as a whole. Not repeated: a stream can be read only once.
 *
 * @throws RuntimeError `action_server` with the server's reason, or what a request can end with
 */
export async function upload(http: ActionServerHttp, options: UploadOptions): Promise<void> {
  const boundary = `----runloop${randomBytes(16).toString('hex')}`;
  // Quotes and line ends would break the header; no such name is accepted by the server anyway.
  const name = options.name.replace(/[\r\n"\\]/g, '_');
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const foot = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* parts(): AsyncGenerator<Buffer> {
    yield head;
    let sent = 0;
    for await (const chunk of options.content) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      sent += bytes.length;
      yield bytes;
      options.onProgress?.(sent);
    }
    yield foot;
  }
  const query = new URLSearchParams({ destination: options.destination, recursive: String(options.unpack ?? false) });
  await http.once('POST', `/upload_file?${query.toString()}`, {
    timeoutMs: uploadTimeoutMs,
    signal: options.signal,
    bodyStream: {
      stream: Readable.from(parts()),
      headers: {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        ...(options.size === undefined ? {} : { 'content-length': String(head.length + options.size + foot.length) }),
      },
    },
  });
}
