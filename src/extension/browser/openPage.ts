import { commands, env, type Uri } from 'vscode';
import { readSettings } from '../account/settings';
import type { Log } from '../messages/log';

/** The command of the built-in browser, which not every editor has. */
const simpleBrowser = 'simpleBrowser.api.open';

/** Whether pages of devboxes are wanted inside of the editor. */
export function opensInside(): boolean {
  return readSettings().openVscodeIn === 'simpleBrowser';
}

/** Shows a page in the external browser or inside the editor, as the setting says. */
export async function openPage(log: Log, url: Uri): Promise<void> {
  const inside = opensInside() && (await openInside(log, url));
  if (!inside) await env.openExternal(url);
}

/** @returns false if the editor has no browser of its own; commands that come with an extension cannot be asked for before */
export async function openInside(log: Log, url: Uri): Promise<boolean> {
  try {
    await commands.executeCommand(simpleBrowser, url);
    return true;
  } catch (error) {
    log.failure('Opening the simple browser', error);
    return false;
  }
}
