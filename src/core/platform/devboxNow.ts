import { withDeadline } from '../../ground/deadline';
import { RuntimeError } from '../errors';
import { parseDevbox, type Devbox } from './devbox';
import { idInPath } from './devboxId';
import { jsonIn, openLog, type ReadLogOptions } from './logRequest';
import type { RunloopApi } from './runloopApi';
import { platformProblem } from '../problems/platform';

/**
 * The devbox as it is now, asked for once and without the SDK, as a log is: with the bytes counted.
 *
 * @throws RuntimeError; Error with a Node code on a cut
 */
export async function devboxNow(api: RunloopApi, devboxId: string, options: ReadLogOptions): Promise<Devbox> {
  return withDeadline(30_000, options.signal, (signal) => read(api, devboxId, { ...options, signal }));
}

async function read(api: RunloopApi, devboxId: string, options: ReadLogOptions): Promise<Devbox> {
  const response = await openLog(api, idInPath(devboxId), devboxId, options, { accept: 'application/json' });
  if (response.statusCode === 404) {
    response.destroy();
    throw new RuntimeError({ problem: platformProblem('devbox_unknown', { devbox: devboxId }), devboxId, status: 404 });
  }
  return parseDevbox(await jsonIn(response, 'a devbox', options));
}
