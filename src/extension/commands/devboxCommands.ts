import { env, l10n } from 'vscode';
import { isWithoutServer } from '../../core/errors';
import { shownPath } from '../../core/files/pathText';
import { containerNameKey, type Devbox } from '../../core/platform/devbox';
import { devboxLabel } from '../devboxes/devboxText';
import { devboxesFor, devboxFor, livingDevboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { meantFiles, type FileServices } from '../files/fileRow';
import type { StartedHere } from '../forgotten/startedHere';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import type { DevboxOutput } from '../output/devboxOutput';
import { attached, type AttachServices } from '../session/attach';

/**
 * Attaches this window to a running devbox, whoever started it. Of one that nobody has started an action server in, the
 * output is shown at once, and what else it has is offered.
 */
export async function attachDevbox(
  services: AttachServices & { readonly output: DevboxOutput; readonly startedHere: StartedHere; readonly log: Log },
  argument: unknown,
): Promise<void> {
  const signedIn = await services.account.require();
  const devbox = await livingDevboxFor(services, argument, { placeHolder: l10n.t('Select a devbox to attach to') });
  if (devbox === undefined) return;
  const isPlain = devbox.metadata[containerNameKey] === undefined;
  if (isPlain) {
    services.output.follow(signedIn.api, devbox);
    services.output.show(devbox);
  }
  try {
    const runtime = await attached(services, signedIn, devbox);
    if (!isPlain) services.output.show(runtime.devbox ?? devbox);
  } catch (error) {
    if (!isWithoutServer(error)) throw error;
    tellWhatIsThere(services.log, devbox);
  }
  await services.startedHere.opened(devbox.id);
}

/** Says in one line what a plain devbox has not, and offers what it has. */
function tellWhatIsThere(log: Log, devbox: Devbox): void {
  const text = l10n.t(
    '{0} has no action server, so agents cannot work in it. Its output is shown.',
    devboxLabel(devbox),
  );
  const terminal = { title: l10n.t('Open Terminal'), command: 'runloop.openTerminal', argument: devbox.id } as const;
  const vscode = { title: l10n.t('Open VS Code'), command: 'runloop.openVscode', argument: devbox.id } as const;
  showActions('information', text, [terminal, vscode], log);
}

/** Shows what the devbox's setup and action server print, and follows it. */
export async function showOutput(
  { account, store, output }: DevboxSources & { readonly output: DevboxOutput },
  argument: unknown,
): Promise<void> {
  const signedIn = await account.require();
  const devbox = await devboxFor({ account, store }, argument, {
    placeHolder: l10n.t('Select a devbox to show its output'),
  });
  if (devbox === undefined) return;
  output.follow(signedIn.api, devbox);
  output.show(devbox);
}

/** Copies the ids of the chosen devboxes, one a line; of files and folders that are selected, their paths. */
export async function copyDevboxId(
  { account, store, ...services }: DevboxSources & FileServices,
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const files = await meantFiles(services, undefined, arguments_);
  if (files.length > 0) {
    // As it is shown: a line break in a name would run what follows it where it is pasted into a terminal.
    await env.clipboard.writeText(files.map(({ uri }) => shownPath(uri.path)).join('\n'));
    return;
  }
  const placeHolder = l10n.t('Select a devbox to copy its ID');
  const devboxes = await devboxesFor({ account, store }, { argument, arguments: arguments_, placeHolder });
  if (devboxes.length > 0) await env.clipboard.writeText(devboxes.map(({ id }) => id).join('\n'));
}

/** Shows the extension's own log. */
export function showLog({ log }: { readonly log: Log }): Promise<void> {
  log.show();
  return Promise.resolve();
}
