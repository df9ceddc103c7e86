import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { RuntimeError } from '../errors';
import { asObject, asString, parseJson } from '../parse';
import { oneLine } from '../plainText';
import { bodyOf, openLog, StreamUnavailable, type ReadLogOptions } from './logRequest';
import type { RunloopApi } from './runloopApi';

/** One event of a stream as it came, not parsed yet: most events of a replay are skipped. */
export interface RawEvent {
  /** The event's id, where it is a number that counts events from 1. */
  readonly id: number | undefined;
  /** Its data. */
  readonly json: string;
}

/**
 * Opens a stream of events below `/v1/devboxes/`.
 *
 * @throws StreamUnavailable if the server does not offer it; RuntimeError if it refuses, the connection fails or is
 *   cancelled
 */
export async function openStream(
  api: RunloopApi,
  path: string,
  devboxId: string,
  options: ReadLogOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const response = await openLog(api, path, devboxId, options, { accept: 'text/event-stream', ...headers });
  const status = response.statusCode ?? 0;
  if (status === 200 && (response.headers['content-type'] ?? '').includes('text/event-stream')) return response;
  response.destroy();
  throw new StreamUnavailable(`status ${status}`);
}

/**
 * The events of an answer, in batches as they come, until the server ends it. Nothing of it is left open.
 *
 * @param onBytes told of every piece that came over the wire, in bytes as they came
 * @throws RuntimeError for an event of the type `error`; Error with a Node code if the stream is cut
 */
export async function* readEvents(
  response: IncomingMessage,
  onBytes: ((count: number) => void) | undefined,
): AsyncGenerator<readonly RawEvent[]> {
  // A stream may be silent for hours; without this a connection that died silently would never be noticed.
  response.socket.setKeepAlive(true, 30_000);
  const parser = new EventParser();
  const decoder = new StringDecoder('utf8');
  const body = bodyOf(response, onBytes);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const batch = parser.take(decoder.write(chunk));
      if (batch.length > 0) yield batch;
    }
  } finally {
    body.destroy();
    response.destroy();
  }
}

/** Server-sent events out of text that comes in pieces. An event that is cut off before its end never was one. */
class EventParser {
  #rest: string[] = [];
  #data: string | undefined;
  #id: number | undefined;
  #type = '';

  take(text: string): RawEvent[] {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    const events: RawEvent[] = [];
    if (lines.length > 0) {
      lines[0] = this.#rest.join('') + (lines[0] ?? '');
      this.#rest = [];
      for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line, events);
    }
    if (last !== '') this.#rest.push(last);
    return events;
  }

  #line(line: string, events: RawEvent[]): void {
    if (line === '') {
      if (this.#type === 'error') throw streamError(this.#data ?? '');
      if (this.#data !== undefined) events.push({ id: this.#id, json: this.#data });
      this.#data = undefined;
      this.#id = undefined;
      this.#type = '';
    } else if (line.startsWith('data:')) {
      const data = line.slice(line[5] === ' ' ? 6 : 5);
      this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`;
    } else if (line.startsWith('id:')) {
      const id = line.slice(3).trim();
      this.#id = /^\d{1,15}$/.test(id) ? Number(id) : undefined;
    } else if (line.startsWith('event:')) {
      this.#type = line.slice(6).trim();
    }
  }
}

function streamError(data: string): RuntimeError {
  const said = asString(asObject(parseJson(data))?.['message']) ?? data;
  return new RuntimeError({
    code: 'network',
    message: `The server ended the log stream: ${oneLine(said)}`,
    nextStep: 'It is opened again by itself.',
  });
}
