import { env, l10n, ProgressLocation, Uri, window } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { hasEnded } from '../../core/platform/devbox';
import { devboxLabel } from '../devboxTree/devboxItem';
import type { Services } from '../services';
import { attached } from '../session/attach';
import { devboxFor } from './pickDevbox';

/** Attaches this window to a running devbox, whoever started it. */
export async function attachDevbox(services: Services, argument: unknown): Promise<void> {
  const devbox = await devboxFor(services, argument, { placeHolder: l10n.t('Attach to which devbox?') });
  if (devbox === undefined) return;
  const runtime = await attached(services, devbox);
  services.output.show(runtime.devbox ?? devbox);
}

/** Opens the devbox's own VS Code in the browser, in its workspace folder. */
export async function openVscode(services: Services, argument: unknown): Promise<void> {
  const placeHolder = l10n.t('Open the VS Code of which devbox?');
  const devbox = await devboxFor(services, argument, { placeHolder, runningOnly: true });
  if (devbox === undefined) return;
  const runtime = await attached(services, devbox);
  let url: string | undefined;
  try {
    url = await runtime.vscodeUrl();
  } catch (error) {
    // The devbox or its tunnel changed since: the next attempt attaches anew.
    services.sessions.detach(devbox.id);
    throw error;
  }
  if (url === undefined) {
    throw new RuntimeError({
      code: 'action_server',
      message: l10n.t('The devbox {0} has no VS Code.', devboxLabel(devbox)),
      nextStep: l10n.t('Its output tells why the VS Code server did not start.'),
      devboxId: devbox.id,
    });
  }
  // Only ever a tunnel or our own forwarder; the token in it is for the browser alone and never shown.
  await env.openExternal(Uri.parse(url, true));
}

/** Shows what the devbox's setup and action server print, and follows it. */
export async function showOutput(services: Services, argument: unknown): Promise<void> {
  const devbox = await devboxFor(services, argument, { placeHolder: l10n.t('Show the output of which devbox?') });
  if (devbox === undefined) return;
  const { api } = await services.account.require();
  services.output.follow(api, devbox);
  services.output.show(devbox);
}

/** Shuts a devbox down for good, after a question that names what is lost. */
export async function shutDownDevbox(services: Services, argument: unknown): Promise<void> {
  const chosen = await devboxFor(services, argument, { placeHolder: l10n.t('Shut down which devbox?') });
  if (chosen === undefined) return;
  const { api } = await services.account.require();
  // What the list says may be old; the question must be about what is there now.
  const devbox = await api.retrieve(chosen.id);
  const label = devboxLabel(devbox);
  if (hasEnded(devbox.status)) {
    services.store.remove(devbox.id);
    void window.showInformationMessage(l10n.t('{0} has ended already.', label));
    return;
  }
  const shutDown = l10n.t('Shut Down');
  const answer = await window.showWarningMessage(
    l10n.t('Shut down the devbox {0}?', label),
    {
      modal: true,
      detail: l10n.t(
        'Its disk with everything in the workspace, its running processes and unsaved editors are lost for good. ({0})',
        devbox.id,
      ),
    },
    shutDown,
  );
  if (answer !== shutDown) return;
  const title = l10n.t('Shutting down {0}…', label);
  await window.withProgress({ location: ProgressLocation.Notification, title }, async () => {
    await api.shutdown(devbox.id, { signal: AbortSignal.timeout(60_000) });
  });
  services.sessions.detach(devbox.id);
  services.store.remove(devbox.id);
  await services.sessionKeys.delete(devbox.id);
  void window.showInformationMessage(l10n.t('Devbox {0} is shut down.', label));
}

export async function copyDevboxId(services: Services, argument: unknown): Promise<void> {
  const devbox = await devboxFor(services, argument, { placeHolder: l10n.t('Copy the id of which devbox?') });
  if (devbox !== undefined) await env.clipboard.writeText(devbox.id);
}
