import * as z from 'zod';
import { deadline } from '../../../ground/deadline';
import type { Account } from '../../account/account';
import type { Devbox } from '../../devbox/devbox';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import { devboxStatuses, isTerminal } from '../../devbox/lifeCycle/status';
import { ApiError, badRequest } from '../../http/apiError';
import { nameField, optional, parseBody, stringMap } from '../../http/bodies';
import { parseCreate } from './createRequest';
import type { Exchange } from '../../http/exchange';
import { choiceOf, listFields, metadataFilter, pageBody } from '../../http/paging';
import { repeatKey } from '../../http/repeatKey';
import { Repeats } from '../../http/repeats';
import type { Router } from '../../http/router';
import { devboxView } from '../views';

/** The SDK gives up on a create after 30 s and repeats it, so the answer has to come well before. */
const createHold = 20_000;

const waitFields = z.object({
  statuses: z.array(z.enum(devboxStatuses)).min(1, 'Name at least one status'),
  timeout_seconds: optional(z.number().min(0).max(30)),
});

const updateFields = z.object({ name: optional(nameField), metadata: optional(stringMap) });

/** Adds the life cycle of devboxes: create, look, list, change, wait, keep alive, shut down. */
export function addDevboxRoutes(router: Router, devboxes: DevboxRegistry, account: Account): void {
  // Asked for once more, a change that has begun is not refused for having begun.
  const changes = new Repeats<void>();
  const create = async (exchange: Exchange): Promise<Devbox> => {
    const body = await exchange.readObject();
    return devboxes.create(repeatKey(exchange, body), () => parseCreate(body, account));
  };

  router.add('POST', '/v1/devboxes', async ({ exchange }) => {
    exchange.sendJson(200, devboxView((await create(exchange)).record));
  });

  router.add('POST', '/v1/devboxes/create_and_await_running', async ({ exchange }) => {
    const devbox = await create(exchange);
    await devbox.waitFor(['running', 'failure', 'shutdown'], deadline(createHold, exchange.signal));
    exchange.sendJson(200, devboxView(devbox.record));
  });

  router.add('GET', '/v1/devboxes', ({ exchange }) => {
    const status = choiceOf(exchange.query, 'status', devboxStatuses);
    const page = devboxes.page({ ...listFields(exchange.query), status, where: metadataFilter(exchange.query) });
    exchange.sendJson(200, pageBody('devboxes', page, exchange.query, devboxView));
  });

  router.add('GET', '/v1/devboxes/{id}', ({ exchange, params }) => {
    exchange.sendJson(200, devboxView(devboxes.get(params.id).record));
  });

  router.add('POST', '/v1/devboxes/{id}', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    devbox.update(parseBody(updateFields, await exchange.readObject()));
    exchange.sendJson(200, devboxView(devbox.record));
  });

  router.add('POST', '/v1/devboxes/{id}/wait_for_status', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const { statuses, timeout_seconds: seconds } = parseBody(waitFields, await exchange.readObject());
    // Held even when the status can no longer be reached: clients ask again at once.
    // Runloop's Python SDK sends fractions of a second.
    const limit = deadline(Math.ceil((seconds ?? 10) * 1_000), exchange.signal);
    if (!(await devbox.waitFor(statuses, limit))) {
      throw new ApiError(
        408,
        'timeout',
        `Devbox ${devbox.id} is ${devbox.status} and did not become ${statuses.join(' or ')} in time. Ask again to go on waiting.`,
        true,
      );
    }
    exchange.sendJson(200, devboxView(devbox.record));
  });

  router.add('POST', '/v1/devboxes/{id}/suspend', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    await changes.once(repeatKey(exchange, undefined), 'suspend', () => {
      devbox.suspend();
      return Promise.resolve();
    });
    exchange.sendJson(200, devboxView(devbox.record));
  });

  router.add('POST', '/v1/devboxes/{id}/resume', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    await changes.once(repeatKey(exchange, undefined), 'resume', () => {
      devbox.resume();
      return Promise.resolve();
    });
    exchange.sendJson(200, devboxView(devbox.record));
  });

  router.add('POST', '/v1/devboxes/{id}/shutdown', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    if (exchange.query.get('force') === 'true') {
      account.snapshots.abandon(devbox.id);
    } else if (account.snapshots.isUnderWay(devbox.id)) {
      throw new ApiError(
        409,
        'snapshot_in_progress',
        `A snapshot of devbox ${devbox.id} is being made. Shut it down when that is complete, or with force=true.`,
        true,
      );
    }
    await devbox.end({ status: 'shutdown', reason: 'api_shutdown' });
    exchange.sendJson(200, devboxView(devbox.record));
  });

  router.add('POST', '/v1/devboxes/{id}/keep_alive', ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    if (isTerminal(devbox.status)) {
      throw badRequest(`Devbox ${devbox.id} has ended (${devbox.status}) and cannot be kept alive.`);
    }
    devbox.touch();
    exchange.sendJson(200, {});
  });
}
