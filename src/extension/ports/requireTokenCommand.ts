import { commands, l10n } from 'vscode';
import { deadline } from '../../ground/deadline';
import { requireToken as replaceTunnel } from '../../core/ports/requireToken';
import { mustStillBe } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { livingDevboxFor } from '../devboxes/pickDevbox';
import { saysYes } from '../messages/ask';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { Sessions } from '../session/sessions';
import { devboxIdOf, type PortServices } from './meantPort';

/** Milliseconds that replacing a tunnel may take. */
const replaceMs = 60_000;

/** Puts a tunnel that asks for a token in the place of one that is open to everybody, after a question. */
export async function requireToken(
  services: PortServices & { readonly sessions: Pick<Sessions, 'isAttached' | 'noteHealth'>; readonly log: Log },
  argument: unknown,
): Promise<void> {
  const signedIn = await services.account.require();
  const chosen = await livingDevboxFor(services, devboxIdOf(argument) ?? argument, {
    placeHolder: l10n.t('Select a devbox whose ports should require a token'),
    runningOnly: true,
  });
  if (chosen === undefined) return;
  const ports = await services.ports();
  const devbox = await whenSlow((signal) => ports.running(signedIn, chosen.id, signal), { limitMs: lookUpLimitMs });
  mustStillBe(signedIn, devbox.id);
  services.store.update(devbox);
  const label = devboxLabel(devbox);
  if (devbox.tunnel?.authMode !== 'open') {
    const text =
      devbox.tunnel === undefined
        ? l10n.t('{0} has no tunnel, so its ports cannot be reached from outside.', label)
        : l10n.t('The ports of {0} already require a token.', label);
    showActions('information', text, [], services.log);
    return;
  }
  const isYes = await saysYes({
    question: l10n.t('Require a token for the ports of {0}?', label),
    detail: l10n.t(
      'Currently, anyone with the address can use them. The tunnel is replaced: addresses in use stop working, and connections through them are closed. You can still open ports and VS Code from here; other windows and programs must connect again.',
    ),
    yes: l10n.t('Require a Token'),
  });
  if (!isYes) return;
  mustStillBe(signedIn, devbox.id);
  // Not given up half-way: it would be left without a tunnel.
  const replaced = replaceTunnel(signedIn.api, devbox, { signal: deadline(replaceMs) });
  const now = await whenSlow(() => replaced, { limitMs: replaceMs });
  mustStillBe(signedIn, devbox.id);
  ports.renewed(now);
  if (services.sessions.isAttached(devbox.id)) {
    // Its way to the action server was the tunnel that is gone.
    services.sessions.noteHealth(devbox.id, 'unreachable');
    await commands.executeCommand('runloop.attachDevbox', devbox.id);
  }
  showActions('information', l10n.t('The ports of {0} now require a token.', label), [], services.log);
}
