import { l10n, window } from 'vscode';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { hasEnded } from '../../core/platform/devbox';
import type { Account } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { devboxesFor } from '../devboxes/pickDevbox';
import { asTheyAre, namesOf } from '../devboxes/severalDevboxes';
import { listLimitMs, whenSlow } from '../messages/whenSlow';
import { askAndShutDown, type EndServices } from '../session/askAndShutDown';

/** Shuts devboxes down for good, after a question that names what is lost. */
export async function shutDownDevboxes(
  services: EndServices & { readonly account: Account },
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const { account, store } = services;
  const placeHolder = l10n.t('Select a devbox to shut down');
  const signedIn = await account.require();
  const { api } = signedIn;
  const chosen = await devboxesFor({ account, store }, { argument, arguments: arguments_, placeHolder });
  if (chosen.length === 0) return;
  // What the list says may be old; the question must be about what is there now.
  const seen = await whenSlow((signal) => asTheyAre(api, chosen, { signal, rule }), { limitMs: listLimitMs });
  const alive = seen.filter(({ status }) => !hasEnded(status));
  for (const { id } of chosen) {
    const now = seen.find((devbox) => devbox.id === id);
    if (now === undefined || signedIn.ended.aborted) store.remove(id);
    else store.update(now);
  }
  if (alive.length === 0) {
    // Those that were not found may have ended, or belong to another account: nobody here can tell.
    const text =
      seen.length === chosen.length
        ? l10n.t('{0} has already ended.', namesOf(chosen))
        : l10n.t('{0} is not in this account, or has ended.', namesOf(chosen));
    void window.showInformationMessage(text);
    return;
  }
  mustStillBe(signedIn);
  await askAndShutDown(services, signedIn, alive);
}
