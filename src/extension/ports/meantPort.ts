import { l10n, window } from 'vscode';
import { asNumber, asObject, asString } from '../../core/parse';
import type { Devbox } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import type { DevboxPort } from '../../core/ports/portServer';
import { livingDevboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { escapeForEditor } from '../messages/escapeForEditor';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { DevboxPorts } from './devboxPorts';

/** What commands on ports work with. */
export interface PortServices extends DevboxSources {
  readonly ports: () => Promise<DevboxPorts>;
}

/** The port that a row of the view, or a message, is about. */
export function portOf(argument: unknown): DevboxPort | undefined {
  const row = asObject(argument);
  const [devboxId, port] = [asString(row?.['devboxId']), asNumber(row?.['port'])];
  return devboxId === undefined || port === undefined || !isPort(port) ? undefined : { devboxId, port };
}

/** The devbox that a row below it is about. */
export function devboxIdOf(argument: unknown): string | undefined {
  return asString(asObject(argument)?.['devboxId']);
}

/** The port that a command was called on, else one that is asked for; undefined if the user does not want one after all. */
export async function meantPort(
  services: PortServices,
  signedIn: SignedIn,
  argument: unknown,
  placeHolder: string,
): Promise<DevboxPort | undefined> {
  const known = portOf(argument);
  if (known !== undefined) return known;
  const devbox = await livingDevboxFor(services, argument, { placeHolder, runningOnly: true });
  return devbox === undefined ? undefined : pickedPort(services, signedIn, devbox);
}

async function pickedPort(
  { ports }: PortServices,
  signedIn: SignedIn,
  { id: devboxId }: Devbox,
): Promise<DevboxPort | undefined> {
  const found = await whenSlow(async (signal) => (await ports()).look(signedIn, devboxId, signal), {
    limitMs: lookUpLimitMs,
  });
  const other = { label: l10n.t('Other Port…'), port: undefined };
  const items = found
    .filter(({ isLocal }) => !isLocal)
    .map(({ port, processes }) => ({
      label: l10n.t('Port {0}', port),
      description: escapeForEditor(processes[0]?.name ?? ''),
      port,
    }));
  const picked = await window.showQuickPick([...items, other], { placeHolder: l10n.t('Select a port of the devbox') });
  if (picked === undefined) return undefined;
  const port = picked.port ?? (await askPort(l10n.t('Port in the devbox'), ''));
  return port === undefined ? undefined : { devboxId, port };
}

/** Asks for the number of a port. */
export async function askPort(prompt: string, value: string, title?: string): Promise<number | undefined> {
  const text = await window.showInputBox({
    ...(title === undefined ? {} : { title }),
    prompt,
    value,
    validateInput: (typed) =>
      typed === '' || isPort(numberIn(typed)) ? undefined : l10n.t('Enter a number from 1 to 65535.'),
  });
  const port = numberIn(text ?? '');
  return isPort(port) ? port : undefined;
}

function numberIn(text: string): number {
  return /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : Number.NaN;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
