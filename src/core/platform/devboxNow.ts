import { deadline } from '../../ground/deadline';
import { RuntimeError } from '../errors';
import { parseJson } from '../parse';
import { text as readAll } from 'node:stream/consumers';
import { parseDevbox, type Devbox } from './devbox';
import { bodyOf, openLog, type ReadLogOptions } from './logRequest';
import type { RunloopApi } from './runloopApi';

/**
 * The devbox as it is now, asked for once and without the SDK: the SDK waits for ever for the rest of an answer whose
 * connection was cut in the middle (Runloop contract §1.4: its timeout stops counting at the headers).
 *
 * @throws RuntimeError; Error with a Node code on a cut
 */
export async function devboxNow(api: RunloopApi, devboxId: string, options: ReadLogOptions): Promise<Devbox> {
  const signal = deadline(30_000, options.signal);
  const response = await openLog(
    api,
    encodeURIComponent(devboxId),
    devboxId,
    { ...options, signal },
    { accept: 'application/json' },
  );
  const body = await readAll(bodyOf(response, options.onBytes));
  if (response.statusCode === 404) {
    throw new RuntimeError({
      code: 'not_found',
      message: `The Runloop API knows no devbox ${devboxId} (404).`,
      nextStep: 'Refresh: it may have been removed meanwhile.',
      devboxId,
      status: 404,
    });
  }
  return parseDevbox(parseJson(body));
}
