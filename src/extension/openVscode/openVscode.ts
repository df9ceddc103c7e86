import { setTimeout as sleep } from 'node:timers/promises';
import { env, l10n, Uri } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { containerNameKey, type Devbox } from '../../core/platform/devbox';
import { contextKeys } from '../commandIds';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { openPage } from '../browser/openPage';
import { isBrowserHere, outsideAddress, withPortOf } from '../browser/outside';
import { devboxLabel } from '../devboxes/devboxText';
import { livingDevboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { saysYes } from '../messages/ask';
import { whenSlow } from '../messages/whenSlow';
import { attached, type AttachServices } from '../session/attach';
import { setContext } from '../setContext';
import type { OpenedVscodes, VscodeSource } from './openedVscodes';
import { plainVscode } from './plainVscodes';
import { commandProblem } from '../messages/commandProblems';

/** What opening a devbox's VS Code takes. */
export interface OpenServices extends AttachServices {
  readonly openedVscodes: () => Promise<OpenedVscodes>;
  readonly startedHere: { opened(devboxId: string): Promise<void> };
}

/**
 * Opens the devbox's own VS Code in its workspace folder, in the external browser or inside the editor as the setting
 * says. The address carries a token: it goes to the browser alone and is never shown.
 */
export async function openVscode(services: OpenServices, argument: unknown): Promise<void> {
  const signedIn = await services.account.require();
  const devbox = await chosen(services, argument);
  if (devbox !== undefined) await openVscodeOf(services, signedIn, devbox);
}

/** The same for a devbox that was chosen in an account. */
export async function openVscodeOf(services: OpenServices, signedIn: SignedIn, devbox: Devbox): Promise<void> {
  await (await services.openedVscodes()).once(devbox.id, () => opened(services, signedIn, devbox));
}

/** Milliseconds in which a row that is being drawn again turns up. */
const redrawnMs = 2_000;

/** Opens the VS Code of the devbox whose row was clicked: the editor selects a row before it runs its command. */
export async function openSelectedDevbox(
  services: OpenServices & { readonly tree: { readonly selectedIds: readonly string[] } },
): Promise<void> {
  const end = Date.now() + redrawnMs;
  // The editor knows no row while it is drawn again.
  while (services.tree.selectedIds.length === 0 && Date.now() < end) await sleep(50);
  const [id, ...others] = services.tree.selectedIds;
  const devbox = id === undefined || others.length > 0 ? undefined : services.store.get(id);
  if (devbox !== undefined) await openVscode(services, devbox);
}

/** @returns false if the user did not want what it takes */
async function opened(services: OpenServices, signedIn: SignedIn, devbox: Devbox): Promise<boolean> {
  const source = await sourceOf(services, signedIn, devbox);
  if (source === undefined) return false;
  // Browsers are started with the address as an argument, which every user of the computer can read, or show it.
  const link = await linkTo(services, signedIn, devbox, { source, oneTime: true });
  if (link.isShared && !(await mayShareOrigin(devbox))) return false;
  mustStillBe(signedIn, devbox.id);
  await openPage(services.log, Uri.parse(link.url, true));
  await setContext(contextKeys.hasOpenedVscode, true);
  await services.startedHere.opened(devbox.id);
  return true;
}

/** Asks before a devbox's page gets the same origin as the editor, whose cookies and storage it could then use. */
async function mayShareOrigin(devbox: Devbox): Promise<boolean> {
  return saysYes({
    question: l10n.t('Open the VS Code of {0} under the address of this editor?', devboxLabel(devbox)),
    detail: l10n.t(
      'This editor serves the ports of its computer under a path of its own address. The browser cannot distinguish such a page from the editor: programs in the devbox could take over the editor and this computer. Continue only if you trust everything that runs in the devbox, or give forwarded ports their own host name (in code-server: --proxy-domain).',
    ),
    yes: l10n.t('Open Anyway'),
  });
}

/** Copies the address of the devbox's VS Code, after a word about what it gives away. */
export async function copyVscodeLink(services: OpenServices, argument: unknown): Promise<void> {
  const signedIn = await services.account.require();
  const devbox = await chosen(services, argument);
  if (devbox === undefined) return;
  const source = await sourceOf(services, signedIn, devbox);
  if (source === undefined) return;
  const { url: link, isShared } = await linkTo(services, signedIn, devbox, { source, oneTime: false });
  if (isShared && !(await mayShareOrigin(devbox))) return;
  const wanted = await saysYes({
    question: l10n.t('The link to the VS Code of {0} gives access to it.', devboxLabel(devbox)),
    detail: l10n.t(
      'Anyone with the link can read and change everything in the devbox and run commands in it. The link works as long as this window is attached to the devbox.',
    ),
    yes: l10n.t('Copy Link'),
  });
  if (!wanted) return;
  mustStillBe(signedIn, devbox.id);
  await env.clipboard.writeText(link);
  await services.startedHere.opened(devbox.id);
}

async function chosen(sources: DevboxSources, argument: unknown): Promise<Devbox | undefined> {
  return livingDevboxFor(sources, argument, {
    placeHolder: l10n.t('Select a devbox to open its VS Code'),
    runningOnly: true,
  });
}

/** What leads to the devbox's VS Code; undefined if the user does not want what it takes. */
async function sourceOf(services: OpenServices, signedIn: SignedIn, devbox: Devbox): Promise<VscodeSource | undefined> {
  mustStillBe(signedIn, devbox.id);
  const isPlain = devbox.metadata[containerNameKey] === undefined && !services.sessions.isAttached(devbox.id);
  const source = isPlain ? await plainVscode(services, signedIn, devbox) : 'attach';
  return source === 'attach' ? attached(services, signedIn, devbox) : source;
}

/** An address for a browser. */
interface Link {
  /** Secret. */
  readonly url: string;
  /** The page would have the origin of something else, such as the editor. */
  readonly isShared: boolean;
}

interface Wanted {
  readonly source: VscodeSource;
  readonly oneTime: boolean;
}

/** Milliseconds that the devbox may take to tell its address. */
const addressLimitMs = 30_000;

/** The address of the devbox's VS Code for the browser of whoever looks at this window. */
async function linkTo(
  { sessions }: Pick<OpenServices, 'sessions'>,
  signedIn: SignedIn,
  devbox: Devbox,
  wanted: Wanted,
): Promise<Link> {
  let link: Link | undefined;
  try {
    const title = l10n.t('Waiting for the VS Code of {0}…', devboxLabel(devbox));
    link = await whenSlow((signal) => reachable(wanted, signal), { title, limitMs: addressLimitMs });
  } catch (error) {
    mustStillBe(signedIn, devbox.id);
    if (RuntimeError.is(error, 'cancelled')) throw error;
    // Without a network nothing is known of the devbox. Otherwise it or its tunnel changed: the next attempt attaches anew.
    if (RuntimeError.is(error, 'network') || RuntimeError.is(error, 'deadline')) {
      sessions.noteHealth(devbox.id, 'unreachable');
    } else {
      sessions.detach(devbox.id);
    }
    throw error;
  }
  if (link === undefined) {
    throw new RuntimeError({
      problem: commandProblem(signedIn.source === 'local' ? 'no_vscode_locally' : 'no_vscode', {
        devbox: devboxLabel(devbox),
      }),
      devboxId: devbox.id,
    });
  }
  return link;
}

async function reachable({ source, oneTime }: Wanted, signal: AbortSignal): Promise<Link | undefined> {
  const text = await source.vscodeUrl(signal, { oneTime });
  if (text === undefined) return undefined;
  const url = new URL(text);
  if (isBrowserHere() || !url.hostname.endsWith('.localhost')) return { url: text, isShared: false };
  // This extension runs elsewhere than the browser: the editor tells how its machine's ports are reached.
  const outside = await outsideAddress(url.port);
  // The host name stays, as cookies know no ports.
  if (outside.isLoopback) return { url: withPortOf(text, outside), isShared: false };
  const single = new URL((await source.vscodeUrl(signal, { oneTime, anyHost: true })) ?? text);
  const { uri, isShared } = await outsideAddress(single.port);
  const rest = `${single.pathname.replace(/^\//, '')}${single.search}`;
  return { url: `${uri.toString(true).replace(/\/+$/, '')}/${rest}`, isShared };
}
