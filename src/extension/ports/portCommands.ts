import { commands, env, l10n, Uri, window } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { asObject, asString } from '../../core/parse';
import { vscodePort } from '../../core/actionServer/startupCommand';
import { containerNameKey } from '../../core/platform/devbox';
import type { Forward, PortForwarder } from '../../core/ports/portForwarder';
import type { DevboxPort } from '../../core/ports/portServer';
import { portsProblem } from '../../core/problems/ports';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { openInside, opensInside } from '../browser/openPage';
import { devboxLabel } from '../devboxes/devboxText';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { DevboxPorts } from './devboxPorts';
import { askPort, devboxIdOf, meantPort, portOf, type PortServices } from './meantPort';
import { portAddress } from './portAddress';

export interface OpenPortServices extends PortServices {
  readonly devboxUse: { used(devboxId: string): void };
  readonly log: Log;
}

/** Opens a port in the browser, through the tunnel with its token. */
export async function openPort(services: OpenPortServices, argument: unknown): Promise<void> {
  const signedIn = await services.account.require();
  const port = await meantPort(services, signedIn, argument, l10n.t('Select a devbox to open a port of'));
  if (port === undefined) return;
  const devbox = services.store.get(port.devboxId);
  if (port.port === vscodePort && devbox?.metadata[containerNameKey] !== undefined) {
    // It asks for a token of its own.
    await commands.executeCommand('runloop.openVscode', port.devboxId);
    return;
  }
  const { forwarder } = await reached(services, signedIn, port);
  services.devboxUse.used(port.devboxId);
  const address = async (oneTime: boolean): Promise<Uri | undefined> => {
    const text = await portAddress(forwarder, port, { oneTime });
    mustStillBe(signedIn, port.devboxId);
    return text === undefined ? undefined : Uri.parse(text, true);
  };
  if (opensInside()) {
    const shown = await address(false);
    if (shown === undefined || (await openInside(services.log, shown))) return;
  }
  // Browsers are started with the address as an argument, which every user of the computer can read.
  const once = await address(true);
  if (once !== undefined) await env.openExternal(once);
}

/** Copies an address of a port that works on this computer. */
export async function copyPortUrl(services: PortServices, argument: unknown): Promise<void> {
  const port = portOf(argument);
  if (port === undefined) return;
  const signedIn = await services.account.require();
  const ports = await reached(services, signedIn, port);
  const forward = forwardOf(ports.forwarder, port);
  const address =
    forward === undefined
      ? await portAddress(ports.forwarder, port, { oneTime: false })
      : `http://localhost:${forward.localPort}/`;
  mustStillBe(signedIn, port.devboxId);
  if (address !== undefined) await env.clipboard.writeText(address);
}

/** Gives a port a fixed port of this computer, until the window closes. */
export async function forwardPort(services: OpenPortServices, argument: unknown): Promise<void> {
  const signedIn = await services.account.require();
  const port = await meantPort(services, signedIn, argument, l10n.t('Select a devbox to forward a port of'));
  if (port === undefined) return;
  const localPort = await askPort(
    l10n.t(
      'Port of this computer. Until this window is closed, every program and user of this computer can use the port of the devbox through it. Only HTTP, WebSockets and server-sent events are forwarded.',
    ),
    String(port.port),
    l10n.t('Forward Port {0} To', port.port),
  );
  if (localPort === undefined) return;
  const { forwarder } = await reached(services, signedIn, port);
  services.devboxUse.used(port.devboxId);
  try {
    await forwarder.forwardTo(port, localPort);
  } catch (error) {
    mustStillBe(signedIn, port.devboxId);
    throw notOpened(error, { ...port, localPort });
  }
  const devbox = services.store.get(port.devboxId);
  const text = l10n.t(
    'Port {0} of {1} is forwarded to http://localhost:{2} until this window is closed. Every program on this computer can use it.',
    port.port,
    devbox === undefined ? port.devboxId : devboxLabel(devbox),
    localPort,
  );
  const copy = { title: l10n.t('Copy Address'), command: 'runloop.copyPortUrl', argument: port } as const;
  const stop = { title: l10n.t('Stop Forwarding'), command: 'runloop.stopForwarding', argument: port } as const;
  showActions('information', text, [copy, stop], services.log);
}

/** Ends the forward of a port to a fixed port, and what is open through it. */
export async function stopForwarding({ ports }: Pick<PortServices, 'ports'>, argument: unknown): Promise<void> {
  const { forwarder } = await ports();
  const port = portOf(argument) ?? (await pickedForward(forwarder));
  if (port !== undefined) forwarder.stop(port);
}

/** Looks anew at what listens in a devbox. */
export function refreshPorts(
  { tree: { details } }: { readonly tree: { readonly details: { lookAtPorts(devboxId: string): void } } },
  argument: unknown,
): Promise<void> {
  const devboxId = devboxIdOf(argument);
  if (devboxId !== undefined) details.lookAtPorts(devboxId);
  return Promise.resolve();
}

/** The ports, once the port's devbox runs and has a tunnel. */
async function reached({ ports }: PortServices, signedIn: SignedIn, { devboxId }: DevboxPort): Promise<DevboxPorts> {
  return whenSlow(
    async (signal) => {
      const all = await ports();
      await all.withTunnel(signedIn, devboxId, signal);
      return all;
    },
    { limitMs: lookUpLimitMs },
  );
}

function forwardOf({ forwards }: PortForwarder, port: DevboxPort): Forward | undefined {
  return forwards.find((one) => one.devboxId === port.devboxId && one.port === port.port);
}

async function pickedForward({ forwards }: PortForwarder): Promise<Forward | undefined> {
  if (forwards.length === 0) {
    await window.showInformationMessage(l10n.t('No port is forwarded.'));
    return undefined;
  }
  const items = forwards.map((forward) => ({
    label: l10n.t('Port {0}', forward.port),
    description: `localhost:${forward.localPort}`,
    detail: forward.devboxId,
    forward,
  }));
  return (await window.showQuickPick(items, { placeHolder: l10n.t('Select a port to stop forwarding') }))?.forward;
}

function notOpened(error: unknown, { devboxId, localPort }: Forward): unknown {
  if (RuntimeError.is(error)) return error;
  const port = String(localPort);
  const code = asString(asObject(error)?.['code']) ?? '';
  const problem =
    code === 'EADDRINUSE'
      ? portsProblem('port_taken', { port })
      : code === 'EACCES' || code === 'EPERM'
        ? portsProblem('port_forbidden', { port })
        : portsProblem('port_not_opened', { port, why: code });
  return new RuntimeError({ problem, devboxId, cause: error });
}
