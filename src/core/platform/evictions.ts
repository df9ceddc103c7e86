import { asNumber, asObject, asString, parseJson } from '../parse';
import type { ApiAccess } from './client';
import { openStream, readEvents } from './serverSentEvents';

/** A devbox that Runloop is about to suspend although nobody asked for it. */
export interface Eviction {
  readonly devboxId: string;
  /** When it is suspended, in Unix milliseconds of the server's clock. */
  readonly deadlineMs: number;
}

/** The evictions of an account's devboxes. */
export class Evictions {
  readonly #access: ApiAccess;

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  /**
   * Those that are pending, then those that are announced, until the server ends the stream.
   *
   * @throws StreamUnavailable if the server does not offer it; RuntimeError if it refuses; Error with a Node code on a cut
   */
  async *watch(signal: AbortSignal): AsyncGenerator<Eviction> {
    const response = await openStream(this.#access, 'evictions/watch', undefined, { signal });
    for await (const events of readEvents(response, undefined)) {
      for (const { json } of events) {
        const event = asObject(parseJson(json));
        const devboxId = asString(event?.['devbox_id']);
        const deadlineMs = asNumber(event?.['eviction_deadline_ms']);
        if (devboxId !== undefined && deadlineMs !== undefined) yield { devboxId, deadlineMs };
      }
    }
  }
}
