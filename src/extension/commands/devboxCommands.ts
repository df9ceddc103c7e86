import { env, l10n } from 'vscode';
import { devboxesFor, devboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import type { StartedHere } from '../forgotten/startedHere';
import type { Log } from '../messages/log';
import type { DevboxOutput } from '../output/devboxOutput';
import { attached, type AttachServices } from '../session/attach';

/** Attaches this window to a running devbox, whoever started it. */
export async function attachDevbox(
  services: AttachServices & { readonly output: DevboxOutput; readonly startedHere: StartedHere },
  argument: unknown,
): Promise<void> {
  const devbox = await devboxFor(services, argument, { placeHolder: l10n.t('Select a devbox to attach to') });
  if (devbox === undefined) return;
  const runtime = await attached(services, devbox);
  services.output.show(runtime.devbox ?? devbox);
  await services.startedHere.opened(devbox.id);
}

/** Shows what the devbox's setup and action server print, and follows it. */
export async function showOutput(
  { account, store, output }: DevboxSources & { readonly output: DevboxOutput },
  argument: unknown,
): Promise<void> {
  const devbox = await devboxFor({ account, store }, argument, {
    placeHolder: l10n.t('Select a devbox to show its output'),
  });
  if (devbox === undefined) return;
  const { api } = await account.require();
  output.follow(api, devbox);
  output.show(devbox);
}

/** Copies the ids of the chosen devboxes, one a line. */
export async function copyDevboxId(
  { account, store }: DevboxSources,
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const placeHolder = l10n.t('Select a devbox to copy its ID');
  const devboxes = await devboxesFor({ account, store }, { argument, arguments: arguments_, placeHolder });
  if (devboxes.length > 0) await env.clipboard.writeText(devboxes.map(({ id }) => id).join('\n'));
}

/** Shows the extension's own log. */
export function showLog({ log }: { readonly log: Log }): Promise<void> {
  log.show();
  return Promise.resolve();
}
