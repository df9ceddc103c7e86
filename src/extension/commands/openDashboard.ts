import { env, l10n, Uri } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { defaultBaseUrl } from '../../core/platform/client';
import { devboxFor, type DevboxSources } from '../devboxes/pickDevbox';

const dashboard = 'https://platform.runloop.ai';

/** Opens a devbox in Runloop's own dashboard. */
export async function openDashboard({ account, store }: DevboxSources, argument: unknown): Promise<void> {
  const { baseUrl } = await account.require();
  if (baseUrl !== defaultBaseUrl) {
    throw new RuntimeError({
      code: 'invalid_option',
      message: l10n.t('The account at {0} has no dashboard that this extension knows.', new URL(baseUrl).host),
      nextStep: l10n.t('Only the accounts of runloop.ai have one.'),
    });
  }
  const devbox = await devboxFor({ account, store }, argument, {
    placeHolder: l10n.t('Open which devbox in the dashboard?'),
  });
  if (devbox !== undefined) {
    await env.openExternal(Uri.parse(`${dashboard}/devboxes/${encodeURIComponent(devbox.id)}`, true));
  }
}
