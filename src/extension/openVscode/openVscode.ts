import { setTimeout as sleep } from 'node:timers/promises';
import { commands, env, l10n, UIKind, Uri } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { containerNameKey, type Devbox } from '../../core/platform/devbox';
import { saysYes } from '../messages/ask';
import { readSettings } from '../account/settings';
import { devboxLabel } from '../devboxes/devboxText';
import type { Services } from '../services';
import { attached } from '../session/attach';
import { plainVscode, type VscodeSource } from './plainVscodes';
import { devboxFor } from '../devboxes/pickDevbox';

/** The command of the built-in browser, which not every editor has. */
const simpleBrowser = 'simpleBrowser.api.open';

/** Milliseconds in which a second click on a row still belongs to the first. */
const doubleClickMs = 500;

/** Devboxes whose VS Code is being opened, or was just now: a double click opens it once. */
const opening = new Set<string>();

/**
 * Opens the devbox's own VS Code in its workspace folder, in the external browser or inside the editor as the setting
 * says. The address carries a token: it goes to the browser alone and is never shown.
 */
export async function openVscode(services: Services, argument: unknown): Promise<void> {
  const devbox = await chosen(services, argument);
  if (devbox === undefined || opening.has(devbox.id)) return;
  opening.add(devbox.id);
  const done = (): void => void opening.delete(devbox.id);
  try {
    if (await opened(services, devbox)) setTimeout(done, doubleClickMs);
    else done();
  } catch (error) {
    done();
    throw error;
  }
}

/** Milliseconds in which a row that is being drawn again turns up. */
const redrawnMs = 2_000;

/** Opens the VS Code of the devbox whose row was clicked: the editor selects a row before it runs its command. */
export async function openSelectedDevbox(services: Services): Promise<void> {
  const end = Date.now() + redrawnMs;
  // The editor knows no row while it is drawn again.
  while (services.tree.selectedIds.length === 0 && Date.now() < end) await sleep(50);
  const [id, ...others] = services.tree.selectedIds;
  const devbox = id === undefined || others.length > 0 ? undefined : services.store.get(id);
  if (devbox !== undefined) await openVscode(services, devbox);
}

/** @returns false if the user did not want what it takes */
async function opened(services: Services, devbox: Devbox): Promise<boolean> {
  const source = await sourceOf(services, devbox);
  if (source === undefined) return false;
  const link = await linkTo(services, devbox, source);
  // The simple browser shows the address that it is given.
  const hidden = readSettings().openVscodeIn === 'simpleBrowser' ? source.hiddenUrl(link) : undefined;
  const inside = hidden !== undefined && (await openInside(services, Uri.parse(hidden, true)));
  if (!inside) await env.openExternal(Uri.parse(link, true));
  await services.startedHere.opened(devbox.id);
  return true;
}

/** @returns false if the editor has no browser of its own; commands that come with an extension cannot be asked for before */
async function openInside(services: Services, url: Uri): Promise<boolean> {
  try {
    await commands.executeCommand(simpleBrowser, url);
    return true;
  } catch (error) {
    services.log.failure('Opening the simple browser', error);
    return false;
  }
}

/** Copies the address of the devbox's VS Code, after a word about what it gives away. */
export async function copyVscodeLink(services: Services, argument: unknown): Promise<void> {
  const devbox = await chosen(services, argument);
  if (devbox === undefined) return;
  const source = await sourceOf(services, devbox);
  if (source === undefined) return;
  const link = await linkTo(services, devbox, source);
  const wanted = await saysYes({
    question: l10n.t('The link to the VS Code of {0} carries access to it.', devboxLabel(devbox)),
    detail: l10n.t(
      'Whoever has the link can read and change everything in the devbox and run commands in it. It works as long as this window is attached to the devbox.',
    ),
    yes: l10n.t('Copy Link'),
  });
  if (!wanted) return;
  await env.clipboard.writeText(link);
  await services.startedHere.opened(devbox.id);
}

async function chosen(services: Services, argument: unknown): Promise<Devbox | undefined> {
  return devboxFor(services, argument, { placeHolder: l10n.t('Open the VS Code of which devbox?'), runningOnly: true });
}

/** What leads to the devbox's VS Code; undefined if the user does not want what it takes. */
async function sourceOf(services: Services, devbox: Devbox): Promise<VscodeSource | undefined> {
  const isPlain = devbox.metadata[containerNameKey] === undefined && !services.sessions.isAttached(devbox.id);
  const source = isPlain ? await plainVscode(services, devbox) : 'attach';
  return source === 'attach' ? attached(services, devbox) : source;
}

/** The address of the devbox's VS Code for the browser of whoever looks at this window. Secret. */
async function linkTo(services: Services, devbox: Devbox, source: VscodeSource): Promise<string> {
  let url: string | undefined;
  try {
    url = await reachable(source);
  } catch (error) {
    // Without a network nothing is known of the devbox. Otherwise it or its tunnel changed: the next attempt attaches anew.
    if (RuntimeError.is(error, 'network') || RuntimeError.is(error, 'deadline')) {
      services.sessions.noteHealth(devbox.id, 'unreachable');
    } else {
      services.sessions.detach(devbox.id);
    }
    throw error;
  }
  if (url === undefined) {
    throw new RuntimeError({
      code: 'action_server',
      message: l10n.t('The devbox {0} has no VS Code.', devboxLabel(devbox)),
      nextStep:
        (await services.account.current())?.source === 'local'
          ? l10n.t(
              'The local platform found no VS Code server on this computer: install code-server or openvscode-server, or name one in the settings, and start the platform and a devbox anew.',
            )
          : l10n.t('Its output tells why the VS Code server did not start.'),
      devboxId: devbox.id,
    });
  }
  // Its server may print the address into the devbox's log.
  services.knownSecrets.add(devbox.id, new URL(url).searchParams.getAll('tkn'));
  return url;
}

async function reachable(source: VscodeSource): Promise<string | undefined> {
  const text = await source.vscodeUrl();
  if (text === undefined) return undefined;
  const url = new URL(text);
  const here = env.remoteName === undefined && env.uiKind === UIKind.Desktop;
  if (here || !url.hostname.endsWith('.localhost')) return text;
  // This extension runs elsewhere than the browser: the editor tells how its machine's ports are reached.
  const outside = await external(url.port);
  if (isLoopback(outside.authority)) {
    // A loopback address there as well, perhaps with another port. The host name stays, as cookies know no ports.
    url.port = /:(\d+)$/.exec(outside.authority)?.[1] ?? '';
    return url.toString();
  }
  const single = new URL((await source.vscodeUrl(undefined, { anyHost: true })) ?? text);
  const base = await external(single.port);
  return `${base.toString(true).replace(/\/+$/, '')}/${single.search}`;
}

async function external(port: string): Promise<Uri> {
  return env.asExternalUri(Uri.parse(`http://127.0.0.1:${port}/`, true));
}

function isLoopback(authority: string): boolean {
  return /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(authority);
}
