import { createInterface } from 'node:readline';
import { RuntimeError } from '../errors';
import { requestStream } from '../httpRequest';
import { parseJson } from '../parse';
import { parseLogEntry, type LogEntry, type RunloopApi } from './runloopApi';

/** The endpoint is not there, or speaks in a way that is not documented: read the list instead. */
export class TailUnavailable extends Error {
  constructor(why: string) {
    super(`The log tail cannot be used: ${why}`);
    this.name = 'TailUnavailable';
  }
}

/**
 * Entries of a devbox's log from the start, then live, until the server ends the stream (contract §2.8: an endpoint
 * that the SDK has no call for).
 *
 * @throws TailUnavailable if the server does not offer it; RuntimeError if the connection fails or is cancelled.
 */
export async function* tailLogs(api: RunloopApi, devboxId: string, signal: AbortSignal): AsyncGenerator<LogEntry> {
  const response = await requestStream(new URL(`${api.baseUrl}/v1/devboxes/${encodeURIComponent(devboxId)}/logs/tail`), {
    headers: { authorization: api.authorization, accept: 'text/event-stream' },
    timeoutMs: 30_000,
    signal,
  });
  const status = response.statusCode ?? 0;
  const isStream = (response.headers['content-type'] ?? '').includes('text/event-stream');
  if (status !== 200 || !isStream) {
    response.destroy();
    // Refusals that the list would meet as well are reported; anything else means "not offered".
    if (status === 401 || status === 403 || status === 429 || status >= 500) {
      if (status !== 501) {
        throw new RuntimeError({
          code: status === 429 ? 'rate_limited' : status >= 500 ? 'api' : 'authentication',
          message: `The Runloop API refused the log stream (${status}).`,
          nextStep: 'Try again in a moment, or sign in again.',
          devboxId,
          status,
        });
      }
    }
    throw new TailUnavailable(`status ${status}`);
  }
  const lines = createInterface({ input: response, crlfDelay: Infinity });
  const failed = new Promise<never>((_resolve, reject) => {
    response.once('error', reject);
  });
  failed.catch(() => undefined); // Raced below; without a reader Node would report it as unhandled.
  try {
    const iterator = lines[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([iterator.next(), failed]);
      if (next.done === true) return;
      if (!next.value.startsWith('data:')) continue;
      const entry = parseLogEntry(parseJson(next.value.slice('data:'.length)));
      if (entry === undefined) throw new TailUnavailable('its events are not log entries');
      yield entry;
    }
  } finally {
    lines.close();
    response.destroy();
  }
}
