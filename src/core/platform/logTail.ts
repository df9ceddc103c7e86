import type { ReadLogOptions } from './logRequest';
import type { ApiAccess } from './client';
import { idInPath } from './devboxId';
import { openStream, readEvents } from './serverSentEvents';

/** One entry of a log as it came, not parsed yet: most entries of a replay are skipped. */
export interface RawEntry {
  /** The event's id, where it is a number that counts entries from 1. */
  readonly id: number | undefined;
  /** The entry as JSON text. */
  readonly json: string | Buffer;
}

/**
 * Entries of a devbox's log from the start, then live, in batches as they come, until the server ends the stream
 * (contract §2.8: an endpoint that the SDK has no call for). With `lastId`, a server that knows server-sent events'
 * own way of resuming begins after that one; others replay from the start.
 *
 * @throws StreamUnavailable if the server does not offer it; RuntimeError if it refuses, the connection fails or is
 *   cancelled; Error with a Node code if the stream is cut.
 */
export async function* tailLogs(
  api: ApiAccess,
  devboxId: string,
  options: ReadLogOptions & { readonly lastId?: number | undefined },
): AsyncGenerator<readonly RawEntry[]> {
  const last = options.lastId === undefined ? {} : { 'last-event-id': String(options.lastId) };
  yield* readEvents(await openStream(api, `${idInPath(devboxId)}/logs/tail`, devboxId, options, last), options.onBytes);
}
