import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { Services } from '../services';

/** What we gave to a devbox or use for it: a program in it may print any of these. */
export async function knownSecrets(services: Pick<Services, 'knownSecrets'>, api: RunloopApi, devbox: Devbox): Promise<string[]> {
  const known = [devbox.tunnel?.authToken, ...(await services.knownSecrets.of(devbox.id)), api.authorization.replace(/^Bearer /, '')];
  return known.filter((value) => value !== undefined);
}
