import type { Duplex, Writable } from 'node:stream';

/** The halves of `ws` that its types leave out: they work on any connection, so that ours are made the one way to the network. */
declare module 'ws' {
  /** Reads frames; emits `message` (data, isBinary), `ping`, `pong`, `conclude` (code, reason) and `error`. */
  export class Receiver extends Writable {
    constructor(options: { readonly isServer: boolean; readonly maxPayload: number });
  }

  /** Writes frames. */
  export class Sender {
    constructor(socket: Duplex);
    send(data: Uint8Array, options: { binary: boolean; fin: boolean; mask: boolean; compress: boolean }): void;
    ping(data: Uint8Array, mask: boolean): void;
    pong(data: Uint8Array, mask: boolean): void;
    close(code: number, data: string, mask: boolean): void;
  }
}
