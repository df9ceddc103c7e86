import type { Router } from '../../http/router';

/** Adds the account itself. */
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
}
