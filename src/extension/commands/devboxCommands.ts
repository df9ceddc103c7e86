import { env, l10n } from 'vscode';
import type { Services } from '../services';
import { attached } from '../session/attach';
import { devboxesFor, devboxFor } from '../devboxes/pickDevbox';

/** Attaches this window to a running devbox, whoever started it. */
export async function attachDevbox(services: Services, argument: unknown): Promise<void> {
  const devbox = await devboxFor(services, argument, { placeHolder: l10n.t('Attach to which devbox?') });
  if (devbox === undefined) return;
  const runtime = await attached(services, devbox);
  services.output.show(runtime.devbox ?? devbox);
  await services.startedHere.opened(devbox.id);
}

/** Shows what the devbox's setup and action server print, and follows it. */
export async function showOutput(services: Services, argument: unknown): Promise<void> {
  const devbox = await devboxFor(services, argument, { placeHolder: l10n.t('Show the output of which devbox?') });
  if (devbox === undefined) return;
  const { api } = await services.account.require();
  services.output.follow(api, devbox);
  services.output.show(devbox);
}

/** Copies the ids of the chosen devboxes, one a line. */
export async function copyDevboxId(services: Services, argument: unknown, arguments_: unknown): Promise<void> {
  const placeHolder = l10n.t('Copy the id of which devbox?');
  // The key binding of the view means the rows that are selected in it.
  const selection = argument === 'selection' ? services.tree.selectedIds : arguments_;
  const devboxes = await devboxesFor(services, { argument, arguments: selection, placeHolder });
  if (devboxes.length > 0) await env.clipboard.writeText(devboxes.map(({ id }) => id).join('\n'));
}

/** Shows the extension's own log. */
export function showLog(services: Services): Promise<void> {
  services.log.show();
  return Promise.resolve();
}
