import { builtInBlueprints, findBlueprint } from '../devbox/blueprints';
import type { Blueprint } from '../devbox/blueprints';
import { ApiError } from './apiError';
import type { Router } from './router';
import { blueprintView } from './views';

/** Adds the account and the blueprints a user picks from. */
export function addAccountRoutes(router: Router): void {
  router.add('GET', '/v1/accounts/me', ({ exchange }) => {
    exchange.sendJson(200, {
      id: 'acc_local',
      name: 'Local platform',
      account_status: 'ACCOUNT_STATUS_ENABLED',
      tier: 'ACCOUNT_TIER_BASIC',
      billing: { account_billing_type: 'none' },
      created_at: new Date(0).toISOString(),
    });
  });

  for (const path of ['/v1/blueprints', '/v1/blueprints/list_public']) {
    router.add('GET', path, ({ exchange }) => {
      const blueprints = listed(exchange.query);
      exchange.sendJson(200, {
        blueprints: blueprints.map(blueprintView),
        has_more: false,
        ...(exchange.query.get('include_total_count') === 'false' ? {} : { total_count: blueprints.length }),
      });
    });
  }

  router.add('GET', '/v1/blueprints/{id}', ({ exchange, params }) => {
    exchange.sendJson(200, blueprintView(blueprintById(params['id'])));
  });

  router.add('GET', '/v1/blueprints/{id}/logs', ({ exchange, params }) => {
    // It comes with the platform and was never built, so there is nothing to tell.
    exchange.sendJson(200, { blueprint_id: blueprintById(params['id']).id, logs: [] });
  });
}

function listed(query: URLSearchParams): readonly Blueprint[] {
  const name = query.get('name');
  const status = query.get('status');
  const after = query.get('starting_after');
  if ((status !== null && status !== 'build_complete') || after !== null) {
    return [];
  }
  return builtInBlueprints.filter((blueprint) => name === null || blueprint.name === name);
}

function blueprintById(id: string | undefined): Blueprint {
  const blueprint = findBlueprint({ id: id ?? '' });
  if (blueprint === undefined) {
    throw new ApiError(404, 'not_found', `There is no blueprint ${id ?? ''}.`);
  }
  return blueprint;
}
