import { deadline } from '../../ground/deadline';
import { RuntimeError } from '../../core/errors';
import { hasEnded } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import { readSettings } from '../account/settings';
import type { Log } from '../messages/log';
import { accountName } from './addressMemory';
import type { OpenedVscodes } from './openedVscodes';
import type { RememberedVscode, RememberedVscodes } from './rememberedVscodes';
import type { ServedSecrets } from './servedSecrets';

/** Milliseconds that reading a devbox may take. */
const requestMs = 30_000;

export interface RestoreServices {
  readonly account: { current(): Promise<SignedIn | undefined>; readonly usesLocal: boolean; baseUrl(): string };
  readonly openedVscodes: () => Promise<OpenedVscodes>;
  readonly rememberedVscodes: RememberedVscodes;
  readonly servedSecrets: () => Promise<ServedSecrets>;
  readonly sessions: { readonly remembered: { readonly ids: readonly string[] } };
  readonly log: Log;
}

/** Listens again for those that this window has opened, and serves them with what is kept of them. */
export async function serveAgain(services: RestoreServices, all: readonly RememberedVscode[]): Promise<void> {
  const { sessions } = services;
  const servedSecrets = await services.servedSecrets();
  const whose = accountName(services.account);
  const mine = all.filter(({ account }) => account === whose);
  if (mine.length === 0) return;
  const opened = await services.openedVscodes();
  await Promise.all(mine.map(async ({ devboxId, ...page }) => opened.addresses.expect(devboxId, page)));
  const account = await services.account.current();
  if (account === undefined) return;
  // Those that the window has detached from are not served.
  const wanted = mine.filter(({ devboxId, isPlain }) => isPlain || sessions.remembered.ids.includes(devboxId));
  for (const { devboxId } of wanted) {
    const served = await servedSecrets.get(devboxId);
    if (served !== undefined && !account.ended.aborted) opened.serveAgain(devboxId, served);
  }
  for (const { devboxId, isPlain } of wanted) {
    if (!isPlain) continue;
    try {
      await servePlain(services, account, devboxId);
    } catch (error) {
      if (!RuntimeError.is(error, 'not_found')) services.log.failure(`Serving ${devboxId} again`, error);
      else await remove(services, devboxId);
    }
  }
}

async function remove({ rememberedVscodes, servedSecrets }: RestoreServices, devboxId: string): Promise<void> {
  rememberedVscodes.remove(devboxId);
  (await servedSecrets()).remove(devboxId);
}

/** Reads where the tunnel of a plain devbox leads; the devbox itself is not asked. */
async function servePlain(services: RestoreServices, { api, ended }: SignedIn, devboxId: string): Promise<void> {
  const devbox = await api.devboxes.retrieve(devboxId, { signal: deadline(requestMs, ended) });
  const { addresses } = await services.openedVscodes();
  if (devbox.status !== 'running') addresses.forget(devboxId);
  if (hasEnded(devbox.status)) {
    await remove(services, devboxId);
    return;
  }
  const { plainVscodeTarget } = await import('../../core/vscode/plainVscode');
  const target = plainVscodeTarget(api, devbox, readSettings().tunnelUrlTemplate);
  if (target === undefined || ended.aborted) return;
  // Its token is the same as long as it runs, and browsers have it.
  addresses.serve(devboxId, target, () => Promise.resolve(undefined));
}
