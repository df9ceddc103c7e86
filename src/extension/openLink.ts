import { l10n, type Uri } from 'vscode';
import { RuntimeError } from '../core/errors';
import { saysYes } from './messages/ask';
import { askedForReadRule } from '../core/http/retryRules';
import { devboxLabel } from './devboxes/devboxText';
import { mustLive } from './devboxes/pickDevbox';
import { lookUpLimitMs, whenSlow } from './messages/whenSlow';
import type { OpenServices } from './openVscode/openVscode';
import { extensionProblem } from './messages/extensionProblems';

/** Opens the VS Code of the devbox that a link names, after a question. */
export async function openLink(services: OpenServices, uri: Uri): Promise<void> {
  const devboxId = new URLSearchParams(uri.query).get('devbox') ?? '';
  if (uri.path !== '/open' || !/^[A-Za-z0-9_-]{1,100}$/.test(devboxId)) {
    throw new RuntimeError({ problem: extensionProblem('link_without_devbox') });
  }
  const signedIn = await services.account.require();
  const { api } = signedIn;
  const devbox = await whenSlow((signal) => api.devboxes.retrieve(devboxId, { signal, rule: askedForReadRule }), {
    limitMs: lookUpLimitMs,
  });
  const isAsleep = devbox.status === 'suspended' || devbox.status === 'suspending';
  const wanted = await saysYes({
    question: l10n.t('Open the VS Code of the devbox {0}?', devboxLabel(devbox)),
    detail: [
      l10n.t('A link requested this ({0}). Continue only if you expected it.', devbox.id),
      ...(isAsleep ? [l10n.t('It is suspended. Opening it resumes it, and it costs money again.')] : []),
    ].join('\n\n'),
    yes: l10n.t('Open VS Code'),
    harmless: true,
  });
  if (!wanted) return;
  const { openVscodeOf } = await import('./openVscode/openVscode');
  mustLive(devbox);
  await openVscodeOf(services, signedIn, devbox);
}
