import { l10n } from 'vscode';
import { mustStillBe } from '../account/accountChanged';
import { devboxFor } from '../devboxes/pickDevbox';
import type { KnownSecrets } from '../session/knownSecrets';
import { answersLike } from './answersAgain';
import type { LastChoices } from './lastChoices';
import { startChosen, suggestedName, type StartServices } from './startDevbox';
import { startWithOptions } from './startWithOptions';

type StartAgainServices = StartServices & { readonly lastChoices: LastChoices; readonly knownSecrets: KnownSecrets };

/** Starts another devbox like one that ended, with all that was chosen for it; where not all of it is known, it asks. */
export async function startAgain(services: StartAgainServices, argument: unknown): Promise<void> {
  await again(services, argument, undefined);
}

/** The same one size larger: with more disk if that ran out, else with more memory. */
export async function startAgainLarger(services: StartAgainServices, argument: unknown): Promise<void> {
  await again(services, argument, 'larger');
}

async function again(services: StartAgainServices, argument: unknown, size: 'larger' | undefined): Promise<void> {
  const { account, store, knownSecrets } = services;
  const signedIn = await account.require();
  const placeHolder = l10n.t('Select a devbox to start again');
  const devbox = await devboxFor({ account, store }, argument, { placeHolder, stopped: true });
  if (devbox === undefined) return;
  const need = size === undefined ? undefined : devbox.failureReason === 'out_of_disk' ? 'disk' : 'memory';
  const { choices, name, isAll } = await answersLike(knownSecrets, signedIn.api, devbox.id, need);
  mustStillBe(signedIn, devbox.id);
  if (isAll) await startChosen(services, signedIn, name ?? suggestedName(), choices);
  else await startWithOptions(services, devbox.id, need);
}
