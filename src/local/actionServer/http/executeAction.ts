import type { IncomingMessage } from 'node:http';
import type { LimitFunction } from 'p-limit';
import type { ActionExecutor } from '../actionExecutor';
import { ActionError, InvalidRequestError, parseActionRequest } from '../actionRequest';
import type { Logger } from '../logging';
import { HttpError, sendJson } from './answers';
import type { Handler } from './httpServer';
import { readBody } from './requestBody';

/**
 * `POST /execute_action`: runs one action at a time, to its end even when the client has gone.
 *
 * @param executor gives the executor, or throws when it is not ready
 * @param onReceived called for each action that arrives
 */
export function executeActionHandler(
  executor: () => ActionExecutor,
  oneByOne: LimitFunction,
  log: Logger,
  onReceived: () => void,
): Handler {
  return async (request, response) => {
    const body = await parseBody(request);
    onReceived();
    const ready = executor();
    try {
      const action = parseActionRequest(body);
      sendJson(response, 200, await oneByOne(() => ready.execute(action)));
    } catch (error) {
      if (error instanceof InvalidRequestError) throw HttpError.invalidParameters(error.message);
      const reason = error instanceof Error ? error.message : String(error);
      log.error('Error while running /execute_action', error instanceof ActionError ? undefined : error);
      throw new HttpError(500, `Internal server error: ${reason}`);
    }
  };
}

async function parseBody(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw HttpError.invalidParameters('body: content-type application/json is required');
  }
  const body = await readBody(request);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw HttpError.invalidParameters(`body: not valid JSON`);
    throw error;
  }
}
