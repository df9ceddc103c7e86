import { RuntimeError } from '../errors';
import { longestSilenceMs, piecesOf, unpacked } from '../http/answerBody';
import { unexpected } from './answers';
import { idInPath } from './devboxId';
import { LogListScanner } from './logListScanner';
import { isJson, openLog, type ReadLogOptions } from './logRequest';
import type { RawEntry } from './logTail';
import type { ApiAccess } from './client';
import { platformProblem } from '../problems/platform';

export interface ListLogOptions extends ReadLogOptions {
  /** What the server called the log when it was read last. */
  readonly etag?: string | undefined;
  /** Told what the server calls the log as it is now. */
  readonly onEtag?: (etag: string | undefined) => void;
}

/**
 * The whole log of a devbox, oldest first, in batches while the answer comes: neither the answer nor the parsed log is
 * ever held as a whole.
 *
 * @returns false if the server said that nothing has changed since `etag`
 * @throws RuntimeError if the server refuses or answers with something else; Error with a Node code on a cut
 */
export async function* listLogs(
  api: ApiAccess,
  devboxId: string,
  options: ListLogOptions,
): AsyncGenerator<readonly RawEntry[], boolean> {
  const response = await openLog(api, `${idInPath(devboxId)}/logs`, devboxId, options, {
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
  const pieces = piecesOf(unpacked(response, options.onBytes), { silenceMs: longestSilenceMs, devboxId });
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
