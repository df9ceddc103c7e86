import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { RuntimeError } from '../errors';
import { piecesOf, unpacked } from '../http/answerBody';
import { asObject, asString, parseJson } from '../parse';
import { oneLine } from '../safeText';
import { openLog, saidIn, StreamUnavailable, type ReadLogOptions } from './logRequest';
import type { ApiAccess } from './client';
import { platformProblem } from '../problems/platform';
import { redact } from '../redact';

/** Characters of one event at most, as it comes: what a devbox prints must not fill the memory. */
const longestEvent = 32 << 20;

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
  api: ApiAccess,
  path: string,
  devboxId: string | undefined,
  options: ReadLogOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const response = await openLog(api, path, devboxId, options, { accept: 'text/event-stream', ...headers });
  const status = response.statusCode ?? 0;
  if (status === 200 && (response.headers['content-type'] ?? '').includes('text/event-stream')) return response;
  // An answer that is none may have no end.
  if (status < 400) response.destroy();
  const isOfApi = status >= 400 && asObject(await saidIn(response)) !== undefined;
  throw new StreamUnavailable(`status ${status}`, isOfApi);
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
  // A stream may be silent for hours; without this a connection that broke silently would never be noticed.
  response.socket.setKeepAlive(true, 30_000);
  const parser = new EventParser();
  const decoder = new StringDecoder('utf8');
  const body = unpacked(response, onBytes);
  try {
    for await (const chunk of piecesOf(body, {})) {
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
  readonly #parser = createParser({
    maxBufferSize: longestEvent,
    onEvent: (event) => this.#take(event),
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') throw new StreamUnavailable('an event of it has no end');
    },
  });
  #events: RawEvent[] = [];
  #hasBegun = false;
  #endsWithCr = false;

  take(text: string): RawEvent[] {
    this.#events = [];
    if (text === '') return [];
    // The parser looks for the mark at the beginning in bytes, not in text.
    let fresh = this.#hasBegun ? text : text.replace(/^\ufeff/, '');
    // It would keep an event that ends with CR until it knows that no LF follows; that may be hours.
    if (this.#endsWithCr && fresh.startsWith('\n')) fresh = fresh.slice(1);
    this.#hasBegun = true;
    this.#endsWithCr = text.endsWith('\r');
    this.#parser.feed(fresh.includes('\r') ? fresh.replace(/\r\n?/g, '\n') : fresh);
    return this.#events;
  }

  #take({ id, event, data }: EventSourceMessage): void {
    if (event === 'error') throw streamError(data);
    this.#events.push({ id: id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined, json: data });
  }
}

function streamError(data: string): RuntimeError {
  const said = asString(asObject(parseJson(data))?.['message']) ?? data;
  return new RuntimeError({ problem: platformProblem('log_stream_ended', { said: oneLine(redact(said)) }) });
}
