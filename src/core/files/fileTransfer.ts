import { randomUUID } from 'node:crypto';
import type { RunloopApi } from '../platform/runloopApi';

/** Carries the bytes of files into a devbox and out of it, in constant memory. Paths are plain text. */
export interface FileTransfer {
  upload(
    devboxId: string,
    file: {
      readonly path: string;
      readonly content: { readonly size: number; readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array> };
      readonly signal: AbortSignal;
    },
  ): Promise<void>;
  download(devboxId: string, file: { readonly path: string; readonly signal: AbortSignal }): AsyncIterable<Buffer>;
}

/** By Runloop's own file transfer. */
export function apiTransfer(api: RunloopApi): FileTransfer {
  return {
    upload: (devboxId, { path, content, signal }) =>
      api.files.upload(devboxId, { path, size: content.size, content: content.bytes, signal }),
    download: (devboxId, file) => api.files.download(devboxId, file),
  };
}

/** A name nobody else uses, which can be told in JSON and in a form. */
export function temporaryPath(): string {
  return `/tmp/.runloop-devboxes-${randomUUID()}`;
}

/** The same in a folder of its own, which is to be made first. */
export function privatePath(): string {
  return `/tmp/.runloop-sent-${randomUUID()}/content`;
}
