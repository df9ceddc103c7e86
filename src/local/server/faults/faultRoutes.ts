import * as z from 'zod';
import { FaultConfigError, parseFaultConfig, type FaultConfig } from '../../faults/faultConfig';
import { badRequest } from '../../http/apiError';
import { optional, parseBody } from '../../http/bodies';
import type { FaultInjector } from './faultInjector';
import type { Router } from '../../http/router';

/** Where faults are ordered. No rule ever strikes below this path. */
export const faultPath = '/local/faults';

const dropFields = z.object({ devbox: optional(z.string().min(1)) });

/** Adds the control of the faults: look at them, replace them, add some, clear them, cut all tunnels now. */
export function addFaultRoutes(router: Router, injector: FaultInjector): void {
  const { faults } = injector;
  router.add('GET', faultPath, ({ exchange }) => {
    exchange.sendJson(200, faults.report());
  });
  router.add('POST', faultPath, async ({ exchange }) => {
    faults.replace(configOf(await exchange.readObject()));
    exchange.sendJson(200, faults.report());
  });
  router.add('POST', `${faultPath}/add`, async ({ exchange }) => {
    faults.add(configOf(await exchange.readObject()));
    exchange.sendJson(200, faults.report());
  });
  router.add('POST', `${faultPath}/clear`, ({ exchange }) => {
    faults.replace(parseFaultConfig({}));
    exchange.sendJson(200, faults.report());
  });
  router.add('POST', `${faultPath}/drop_tunnels`, async ({ exchange }) => {
    const { devbox } = parseBody(dropFields, await exchange.readObject());
    exchange.sendJson(200, { dropped: injector.dropTunnels(devbox ?? '*') });
  });
}

function configOf(body: unknown): FaultConfig {
  try {
    return parseFaultConfig(body);
  } catch (error) {
    throw error instanceof FaultConfigError ? badRequest(error.message) : error;
  }
}
