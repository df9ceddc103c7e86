import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { hasEnded } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import { readSettings } from '../account/settings';
import type { Log } from '../messages/log';
import type { OpenedVscodes } from './openedVscodes';
import type { RememberedVscode, RememberedVscodes } from './rememberedVscodes';

interface RestoreServices {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly openedVscodes: () => Promise<OpenedVscodes>;
  readonly rememberedVscodes: RememberedVscodes;
  readonly log: Log;
}

/**
 * Answers again, after a reload, under the addresses of the VS Codes that this window has opened: pages of them may be open,
 * and find back by themselves. Those with an action server are served once the window is attached to them again. A window
 * that has opened none reads no code for it.
 */
export function restoreVscodes(services: RestoreServices): Disposable {
  const { rememberedVscodes, log } = services;
  // After the activation, which must stay short.
  const soon = setTimeout(() => {
    const { all } = rememberedVscodes;
    if (all.length === 0) return;
    restore(services, all).catch((error: unknown) => log.failure('Serving addresses again', error));
  }, 0);
  return { dispose: () => clearTimeout(soon) };
}

async function restore(services: RestoreServices, all: readonly RememberedVscode[]): Promise<void> {
  const opened = await services.openedVscodes();
  await Promise.all(all.map(async ({ devboxId, ...page }) => opened.addresses.expect(devboxId, page)));
  const account = await services.account.current();
  if (account === undefined) return;
  for (const { devboxId, baseUrl, isPlain } of all) {
    if (!isPlain || baseUrl !== account.baseUrl) continue;
    try {
      await servePlain(services, account, devboxId);
    } catch (error) {
      if (RuntimeError.is(error, 'not_found')) services.rememberedVscodes.remove(devboxId);
      else services.log.failure(`Serving ${devboxId} again`, error);
    }
  }
}

/** Reads where the tunnel of a plain devbox leads; the devbox itself is not asked. */
async function servePlain(
  { openedVscodes, rememberedVscodes }: RestoreServices,
  { api }: SignedIn,
  devboxId: string,
): Promise<void> {
  const devbox = await api.retrieve(devboxId);
  if (hasEnded(devbox.status)) {
    rememberedVscodes.remove(devboxId);
    return;
  }
  const { plainVscodeTarget } = await import('../../core/vscode/plainVscode');
  const target = plainVscodeTarget(api, devbox, readSettings().tunnelUrlTemplate);
  if (target === undefined) return;
  // Its token is the same as long as it runs, and browsers have it.
  (await openedVscodes()).addresses.serve(devboxId, target, () => Promise.resolve(undefined));
}
