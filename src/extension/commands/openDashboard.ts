import { env, l10n, Uri } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { defaultBaseUrl } from '../../core/platform/client';
import { devboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { commandProblem } from '../messages/commandProblems';

const dashboard = 'https://platform.runloop.ai';

/** Opens a devbox in Runloop's own dashboard. */
export async function openDashboard({ account, store }: DevboxSources, argument: unknown): Promise<void> {
  const { baseUrl } = await account.require();
  if (baseUrl !== defaultBaseUrl) {
    throw new RuntimeError({ problem: commandProblem('no_dashboard', { host: new URL(baseUrl).host }) });
  }
  const devbox = await devboxFor({ account, store }, argument, {
    placeHolder: l10n.t('Select a devbox to open in the dashboard'),
  });
  if (devbox !== undefined) {
    await env.openExternal(Uri.parse(`${dashboard}/devboxes/${encodeURIComponent(devbox.id)}`, true));
  }
}
