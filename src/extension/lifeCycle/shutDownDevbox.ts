import { l10n, window } from 'vscode';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { hasEnded } from '../../core/platform/devbox';
import type { Account } from '../account/account';
import { devboxesFor } from '../devboxes/pickDevbox';
import { asTheyAre, namesOf } from '../devboxes/severalDevboxes';
import { whenSlow } from '../messages/whenSlow';
import { askAndShutDown, type EndServices } from '../session/askAndShutDown';

/** Shuts devboxes down for good, after a question that names what is lost. */
export async function shutDownDevboxes(
  services: EndServices & { readonly account: Account },
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const { account, store } = services;
  const placeHolder = l10n.t('Shut down which devbox?');
  const chosen = await devboxesFor({ account, store }, { argument, arguments: arguments_, placeHolder });
  if (chosen.length === 0) return;
  const { api } = await account.require();
  // What the list says may be old; the question must be about what is there now.
  const alive = (await whenSlow((signal) => asTheyAre(api, chosen, { signal, rule }))).filter(
    ({ status }) => !hasEnded(status),
  );
  for (const { id } of chosen) if (!alive.some((devbox) => devbox.id === id)) store.remove(id);
  if (alive.length === 0) {
    void window.showInformationMessage(l10n.t('{0} has ended already.', namesOf(chosen)));
    return;
  }
  await askAndShutDown(services, api, alive);
}
