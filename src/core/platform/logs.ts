import { withDeadline } from '../../ground/deadline';
import { isTransient, RuntimeError } from '../errors';
import { leastPace, longestSilenceMs, piecesOf, unpacked } from '../http/answerBody';
import { retrying } from '../http/retry';
import { readRule } from '../http/retryRules';
import { unexpected } from './answers';
import { idInPath } from './devboxId';
import { logEntryIn, type LogEntry, type RawEntry } from './logEntry';
import { LogListScanner } from './logListScanner';
import { isCut, isJson, openLog, type ReadLogOptions } from './logRequest';
import { openStream, readEvents } from './serverSentEvents';
import type { CallOptions } from './apiCalls';
import type { ApiAccess } from './client';
import { platformProblem } from '../problems/platform';

export interface ListLogOptions extends ReadLogOptions {
  /** What the server called the log when it was read last. */
  readonly etag?: string | undefined;
  /** Told what the server calls the log as it is now. */
  readonly onEtag?: (etag: string | undefined) => void;
}

/** Entries of a log that are kept at the most, where nobody asks for fewer. */
const mostLogEntries = 10_000;
/** Milliseconds that reading a log whole may take. */
const logMs = 120_000;

/** The logs of devboxes. They are read without the SDK, which would hold each of them in memory as a whole. */
export class Logs {
  readonly #access: ApiAccess;

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  /** The newest entries of a devbox's log, oldest first; at most `last`. */
  async newest(devboxId: string, call: CallOptions & { readonly last?: number } = {}): Promise<readonly LogEntry[]> {
    const retryOn = (error: unknown): boolean => isTransient(error) || isCut(error);
    const { rule = readRule, onWait, last = mostLogEntries } = call;
    return withDeadline(logMs, call.signal, (signal) =>
      retrying(() => this.#newestEntries(devboxId, last, signal), { rule, signal, onWait, retryOn }),
    );
  }

  async #newestEntries(devboxId: string, last: number, signal: AbortSignal): Promise<LogEntry[]> {
    let entries: LogEntry[] = [];
    for await (const batch of this.list(devboxId, { signal })) {
      for (const { json } of batch) entries.push(logEntryIn(json));
      if (entries.length > 2 * last) entries = entries.slice(-last);
    }
    return entries.slice(-last);
  }

  /**
   * The whole log of a devbox, oldest first, in batches while the answer comes: neither the answer nor the parsed log is
   * ever held as a whole.
   *
   * @returns false if the server said that nothing has changed since `etag`
   * @throws RuntimeError if the server refuses or answers with something else; Error with a Node code on a cut
   */
  async *list(devboxId: string, options: ListLogOptions): AsyncGenerator<readonly RawEntry[], boolean> {
    const response = await openLog(this.#access, `${idInPath(devboxId)}/logs`, devboxId, options, {
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
        problem: platformProblem(status === 404 ? 'log_not_found' : 'log_unexpected', { status }),
        devboxId,
        status,
      });
    }
    if (!isJson(response)) {
      response.destroy();
      throw unexpected('a log', devboxId);
    }
    const scanner = new LogListScanner(devboxId);
    const limits = { silenceMs: longestSilenceMs, pace: leastPace, devboxId };
    const pieces = piecesOf(unpacked(response, options.onBytes), limits);
    try {
      for await (const piece of pieces) {
        const batch = scanner.take(piece);
        if (batch.length > 0) yield batch;
      }
    } finally {
      response.destroy();
    }
    scanner.end();
    // Only now: what was cut off half way must be read again.
    options.onEtag?.(response.headers.etag);
    return true;
  }

  /**
   * Entries of a devbox's log from the start, then live, in batches as they come, until the server ends the stream
   * (contract §2.8: an endpoint that the SDK has no call for). With `lastId`, a server that knows server-sent events'
   * own way of resuming begins after that one; others replay from the start.
   *
   * @throws StreamUnavailable if the server does not offer it; RuntimeError if it refuses, the connection fails or is
   *   cancelled; Error with a Node code if the stream is cut.
   */
  async *tail(
    devboxId: string,
    options: ReadLogOptions & { readonly lastId?: number | undefined },
  ): AsyncGenerator<readonly RawEntry[]> {
    const last = options.lastId === undefined ? {} : { 'last-event-id': String(options.lastId) };
    const path = `${idInPath(devboxId)}/logs/tail`;
    yield* readEvents(await openStream(this.#access, path, devboxId, options, last), options.onBytes);
  }
}
