import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';

const messageShape = z.object({
  id: z.number().optional(),
  sessionId: z.string().optional(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** Something that happened in the browser. */
export interface BrowserEvent {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The page it happened to; undefined for the browser as a whole. */
  readonly sessionId: string | undefined;
}

interface Waiting {
  readonly resolve: (result: Record<string, unknown>) => void;
  readonly reject: (error: Error) => void;
}

/** Chromium's own protocol over a pair of pipes: JSON messages, each followed by a NUL character. */
export class CdpPipe {
  readonly #input: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onEvent: (event: BrowserEvent) => void;
  #lastId = 0;
  #pending: string[] = [];
  #closed = false;

  /** @param onEvent gets everything that happens, in order */
  constructor(input: Writable, output: Readable, onEvent: (event: BrowserEvent) => void) {
    this.#input = input;
    this.#onEvent = onEvent;
    const decoder = new StringDecoder('utf8');
    output.on('data', (chunk: Buffer) => this.#read(decoder.write(chunk)));
    for (const stream of [input, output]) {
      stream.on('error', () => this.#end());
      stream.on('close', () => this.#end());
    }
  }

  /** False once nobody is at the other end. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /**
   * Asks the browser, or one of its pages, for something.
   *
   * @throws Error with the browser's reason, or when it has ended
   */
  async send(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    if (this.#closed) throw new Error('The browser has ended.');
    const id = (this.#lastId += 1);
    const answer = new Promise<Record<string, unknown>>((resolve, reject) =>
      this.#waiting.set(id, { resolve, reject }),
    );
    this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    return answer;
  }

  #read(text: string): void {
    const [first = '', ...rest] = text.split('\0');
    this.#pending.push(first);
    for (const part of rest) {
      const message = this.#pending.join('');
      this.#pending = [part];
      this.#take(message);
    }
  }

  #take(text: string): void {
    const { id, sessionId, method, params, result, error } = messageShape.parse(JSON.parse(text));
    if (id === undefined) {
      if (method !== undefined) this.#onEvent({ method, params: params ?? {}, sessionId });
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result ?? {});
    else waiting?.reject(new Error(error.message));
  }

  #end(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(new Error('The browser has ended.'));
    this.#waiting.clear();
  }
}
