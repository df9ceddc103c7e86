import { l10n } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { PortForwarder } from '../../core/ports/portForwarder';
import type { DevboxPort } from '../../core/ports/portServer';
import { portsProblem } from '../../core/problems/ports';
import { isBrowserHere, outsideAddress, withPortOf } from '../browser/outside';
import { saysYes } from '../messages/ask';

/**
 * The address of a port for the browser of whoever looks at this window. Never one on the editor's own origin: pages of the devbox
 * could use its cookies.
 *
 * @param options.oneTime for one use within minutes: for browsers that are started with the address as an argument
 * @returns undefined if the user does not want what it takes
 * @throws RuntimeError `permission` where the editor has no address of its own for it
 */
export async function portAddress(
  forwarder: PortForwarder,
  port: DevboxPort,
  { oneTime }: { readonly oneTime: boolean },
): Promise<string | undefined> {
  const named = oneTime ? await forwarder.oneTimeAddressOf(port) : `${await forwarder.addressOf(port)}/`;
  if (isBrowserHere()) return named;
  // This extension runs elsewhere than the browser: the editor tells how its machine's ports are reached.
  const outside = await outsideAddress(new URL(named).port);
  if (outside.isLoopback) return withPortOf(named, outside);
  if (outside.isShared) throw sharesOrigin(port);
  if (!(await mayUseOwnName(port))) return undefined;
  let address = '';
  await forwarder.outsidePort(port, async (listens) => {
    const { uri, isShared } = await outsideAddress(listens);
    if (isShared) throw sharesOrigin(port);
    address = uri.toString(true);
    return uri.authority;
  });
  return address;
}

function sharesOrigin({ devboxId }: DevboxPort): RuntimeError {
  return new RuntimeError({ problem: portsProblem('port_shares_origin'), devboxId });
}

async function mayUseOwnName({ port }: DevboxPort): Promise<boolean> {
  return saysYes({
    question: l10n.t('Show port {0} under an address of this editor?', port),
    detail: l10n.t(
      'Anyone who can use the forwarded ports of this editor, and any program on its computer, can use the port until this window is closed.',
    ),
    yes: l10n.t('Show'),
    harmless: true,
  });
}
